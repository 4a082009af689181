#include "collectors/backups/slots.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "collectors/backups/plan.hpp"
#include "core/backup_plan.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

constexpr size_t most_named = 5;

// "vm1, vm2 and 3 more".
std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), most_named); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > most_named) text += fmt::format(" and {} more", names.size() - most_named);
    return text;
}

}  // namespace

std::vector<std::string> slots_without_stream(const BackupPlan& plan,
                                              const std::vector<StreamState>& streams) {
    auto names = streams_in_slots(plan);
    std::erase_if(names, [&](const std::string& name) {
        return std::ranges::find(streams, name, &StreamState::name) != streams.end();
    });
    return names;
}

void observe_slots(Sink& sink, const Backup& whole, const std::vector<StreamState>& streams,
                   const std::vector<std::string>& unknown, Timestamp now) {
    std::vector<std::string> without;
    for (const StreamState& stream : streams)
        if (days_of(whole.plan, stream.name) == 0) without.push_back(stream.name);
    sink.observe(metric::backup_streams_without_slot, whole.name,
                 static_cast<double>(without.size()), now, {{"streams", joined(without)}});
    sink.observe(metric::backup_slots_without_stream, whole.name,
                 static_cast<double>(unknown.size()), now, {{"slots", joined(unknown)}});
}

void observe_missed_slots(const Host& host, Sink& sink, const Backup& whole,
                          const std::vector<StreamState>& streams, Timestamp now) {
    std::map<Timestamp, double> missed;
    for (const StreamState& stream : streams) {
        const auto times = due_times(host, whole.plan, now, days_of(whole.plan, stream.name));
        if (!times || !times->due || !stream.readable) continue;
        const auto newest = proven_newest(stream.state);
        if (!newest && !stream.state.newest.empty()) continue;  // it is in doubt
        if (!newest || misses(*newest, *times->due)) ++missed[*times->due];
    }
    std::pair<double, Timestamp> most{0, 0};  // of equal ones the last night
    for (const auto& [due, count] : missed) most = std::max(most, std::pair(count, due));
    sink.observe(metric::backup_missed_slots, whole.name, most.first, now);
    if (most.first > 0)
        sink.observe(metric::backup_missed_night, whole.name, 1, now,
                     {{"night", night_of(host, whole.plan, most.second)}});
}

}  // namespace lastgood
