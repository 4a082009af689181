#include "collectors/backups/history.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "collectors/backups/plan.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr size_t most_sizes = 31;    // of copies that are remembered
constexpr size_t fewest_sizes = 3;   // before the newest, for a usual size
constexpr Timestamp earliest = 1e8;  // before every backup
constexpr double largest = 1e19;     // bytes

struct Copy {
    Timestamp time = 0;
    double size = 0;
};

// Of one stream.
struct History {
    std::optional<Timestamp> first;  // time of the oldest copy that was ever seen
    std::vector<Copy> copies;        // with a size, oldest first
};

History read_history(const json& section) {
    History history;
    if (!section.is_object()) return history;
    const auto first = number_in(section, "first");
    if (first && *first > earliest) history.first = first;
    const auto sizes = section.find("sizes");
    if (sizes == section.end() || !sizes->is_array() || sizes->size() > most_sizes) return history;
    for (const json& one : *sizes) {
        if (!one.is_array() || one.size() != 2 || !one[0].is_number() || !one[1].is_number())
            continue;
        const Copy copy{one[0].get<double>(), one[1].get<double>()};
        const bool later = history.copies.empty() || copy.time > history.copies.back().time;
        if (later && copy.size >= 0 && copy.size < largest) history.copies.push_back(copy);
    }
    return history;
}

json to_json(const History& history) {
    json sizes = json::array();
    for (const Copy& copy : history.copies) sizes.push_back({copy.time, copy.size});
    json section{{"sizes", std::move(sizes)}};
    if (history.first) section["first"] = *history.first;
    return section;
}

// The median of all copies before the newest.
std::optional<double> usual_size(const History& history) {
    if (history.copies.size() < fewest_sizes + 1) return std::nullopt;
    std::vector<double> sizes;
    for (const Copy& copy : history.copies) sizes.push_back(copy.size);
    sizes.pop_back();
    std::ranges::sort(sizes);
    const size_t middle = sizes.size() / 2;
    return sizes.size() % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2;
}

void note(History& history, const BackupState& state, Timestamp now) {
    const auto newest = proven_newest(state);
    const auto oldest = state.oldest ? state.oldest : newest;
    if (oldest && *oldest > earliest && (!history.first || *oldest < *history.first))
        history.first = oldest;
    if (!newest || !state.size || *newest > now || *newest <= earliest) return;
    auto& copies = history.copies;
    if (!copies.empty() && copies.back().time == *newest)
        copies.back().size = *state.size;
    else if (copies.empty() || copies.back().time < *newest)
        copies.push_back({*newest, *state.size});
    if (copies.size() > most_sizes) copies.erase(copies.begin());
}

// For a backup of which nothing is remembered, as others report it.
constexpr Seconds always = 1e9;

// `interval`: between two copies.
void observe_limits_of_past(Sink& sink, const std::string& name, const BackupPlan& plan,
                            Seconds existed, Seconds interval, Timestamp now) {
    if (plan.keep_span) {
        const Seconds span = std::min(*plan.keep_span, existed) - interval;
        if (span > 0) sink.observe(metric::backup_min_span_seconds, name, span, now);
    }
    if (plan.delete_after)
        sink.observe(metric::backup_max_span_seconds, name, *plan.delete_after + interval, now);
    if (plan.min_count) {
        const double made = std::floor(existed / interval);
        const double count = std::min(*plan.min_count, made);
        if (count >= 1) sink.observe(metric::backup_min_count, name, count, now);
    }
}

void tell_unreadable(Sink& sink, const std::string& name, const Backup& backup,
                     const BackupState& state) {
    if (state.count == 0) return;
    const auto tell = [&](std::string_view key, std::string_view what) {
        sink.problem(name, {ErrorKind::absent,
                            fmt::format("{0} is set, but {1} of a {2} backup cannot be read here; "
                                        "remove {0}",
                                        key, what, to_string(backup.kind))});
    };
    if (backup.plan.keep_span && !state.oldest) tell("keep_span", "the time of the oldest copy");
    if (backup.plan.delete_after && !state.oldest)
        tell("delete_after", "the time of the oldest copy");
    if (backup.plan.min_count && !state.count) tell("min_count", "the number of copies");
}

}  // namespace

void observe_history(const Host& host, Sink& sink, LookMemory& memory, const Backup& backup,
                     const BackupState& state, Timestamp now) {
    const Seconds interval = interval_of(host, backup, now);
    if (backup.kind == BackupKind::observed)
        return observe_limits_of_past(sink, backup.name, backup.plan, always, interval, now);
    const json& before = memory.section("history");
    json after = json::object();
    const auto look = [&](const std::string& name, const std::string& key, const BackupState& one) {
        const auto known = before.find(key);
        History history = known == before.end() ? History{} : read_history(*known);
        note(history, one, now);
        const Seconds existed = history.first ? std::max(now - *history.first, 0.0) : 0;
        if (!one.newest_unjudged) {
            observe_limits_of_past(sink, name, backup.plan, existed, interval, now);
            tell_unreadable(sink, name, backup, one);
        }
        if (const auto usual = usual_size(history)) {
            sink.observe(metric::backup_usual_size_bytes, name, *usual, now);
            if (backup.plan.shrink > 0 && one.size)
                sink.observe(metric::backup_shrunk_size_bytes, name, *usual * backup.plan.shrink,
                             now);
            // What is in it is unknown: maybe an error text, each night. It does not become usual.
            if (!one.incomplete && one.size && *one.size < *usual * backup.plan.shrink)
                history.copies.pop_back();
        }
        after[key] = to_json(history);
    };
    if (state.streams.empty())
        look(backup.name, "", state);
    else
        for (const StreamState& stream : state.streams)
            look(backup.name + "/" + stream.name, stream.name, stream.state);
    memory.keep("history", std::move(after));
}

}  // namespace lastgood
