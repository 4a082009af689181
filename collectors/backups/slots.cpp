#include "collectors/backups/slots.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/backups/plan.hpp"
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

}  // namespace lastgood
