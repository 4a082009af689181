// What the streams of a backup make of the whole.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

// The newest time that proves a copy; else the newest one that does not.
std::optional<NewestCopy> best_of(const BackupState& state) {
    std::optional<NewestCopy> best;
    const auto proves = [](const NewestCopy& copy) {
        return copy.confidence != Confidence::activity;
    };
    for (const NewestCopy& copy : state.newest)
        if (!best || (proves(copy) && !proves(*best)) ||
            (proves(copy) == proves(*best) && copy.time > best->time))
            best = copy;
    return best;
}

// No stream has a weaker confidence or an older newest copy. nullopt: a stream has no copy.
std::optional<NewestCopy> oldest_newest(const std::vector<StreamState>& streams) {
    std::optional<NewestCopy> whole;
    for (const StreamState& stream : streams) {
        const auto newest = best_of(stream.state);
        if (!newest) return std::nullopt;
        if (!whole) {
            whole = newest;
            continue;
        }
        whole->time = std::min(whole->time, newest->time);
        whole->confidence = std::max(whole->confidence, newest->confidence);
        whole->when_written = whole->when_written || newest->when_written;
    }
    return whole;
}

// Names become subjects, which are printed: harmless, and still unique.
void make_names_safe(std::vector<StreamState>& streams) {
    std::set<std::string> taken;
    for (StreamState& stream : streams) {
        const std::string name = harmless(stream.name.empty() ? "?" : stream.name);
        stream.name = name;
        for (int number = 2; !taken.insert(stream.name).second; ++number)
            stream.name = fmt::format("{}~{}", name, number);
    }
}

}  // namespace

void summarise_streams(BackupState& state) {
    auto& streams = state.streams;
    std::ranges::sort(streams, {}, &StreamState::name);
    make_names_safe(streams);
    state.newest.clear();
    if (const auto newest = oldest_newest(streams)) state.newest.push_back(*newest);
    const auto add = [](std::optional<double>& sum, const std::optional<double>& part) {
        if (part) sum = sum.value_or(0) + *part;
    };
    const auto either = [](std::optional<bool>& whole, const std::optional<bool>& part) {
        if (part == true || (part && !whole)) whole = part;
    };
    state.size.reset();
    state.incomplete_copies.reset();
    state.count = 0;
    bool incomplete_known = true, count_known = true;
    for (const StreamState& stream : streams) {
        const BackupState& one = stream.state;
        count_known = count_known && one.count;
        add(state.size, one.size);
        add(state.count, one.count);
        add(state.incomplete_copies, one.incomplete_copies);
        either(state.incomplete, one.incomplete);
        either(state.in_progress, one.in_progress);
        incomplete_known = incomplete_known && one.incomplete;
        if (one.oldest && (!state.oldest || *one.oldest < *state.oldest)) state.oldest = one.oldest;
    }
    if (!incomplete_known && state.incomplete == false) state.incomplete.reset();
    if (!count_known) state.count.reset();
}

namespace {

constexpr const char* section_name = "streams";  // an object: a stream's name and its location

// Newly remembered in one day, but at the first look: each that goes away is missed until it is
// forgotten by hand, which must be no work that others can make.
constexpr double most_new = 50;
constexpr const char* new_name = "new_streams";  // "since", "count"
constexpr Seconds day = 86400;

using Names = std::set<std::string, std::less<>>;

// Whoever may add a name must not push out what is watched: the known ones come first.
void drop_too_many(BackupState& state, const Names& known) {
    auto& streams = state.streams;
    if (streams.size() <= most_streams) return;
    state.problems.push_back(
        {ErrorKind::failed,
         fmt::format("{} streams, of which {} are watched; make the pattern narrower",
                     streams.size(), most_streams)});
    std::stable_partition(streams.begin(), streams.end(),
                          [&](const StreamState& stream) { return known.contains(stream.name); });
    streams.erase(streams.begin() + most_streams, streams.end());
}

void remember(LookMemory& memory, const BackupState& state, const Names& known, Timestamp now) {
    auto of_day = memory.section(new_name);
    const auto since = number_in(of_day, "since");
    if (!since || *since > now || now - *since > day) of_day = {{"since", now}, {"count", 0.0}};
    const double before = number_in(of_day, "count").value_or(0);
    double room = known.empty() ? most_streams : most_new - before;
    // Nothing new of a crowd.
    if (!known.empty() && state.streams.size() >= most_streams) room = 0;
    double added = 0;
    auto section = nlohmann::json::object();
    for (const StreamState& stream : state.streams) {
        if (!known.contains(stream.name)) {
            if (added >= room) continue;
            ++added;
        }
        section[stream.name] = harmless(stream.location);
    }
    memory.keep(section_name, std::move(section));
    if (known.empty() || added == 0) return;
    of_day["count"] = before + added;
    memory.keep(new_name, std::move(of_day));
}

std::vector<StreamState> streams_in(const nlohmann::json& section) {
    std::vector<StreamState> streams;
    for (const auto& [name, location] : section.items()) {
        if (!location.is_string() || streams.size() >= most_streams) continue;
        streams.push_back({name, location.get<std::string>(), {}, true});
    }
    return streams;
}

}  // namespace

std::vector<StreamState> remembered_streams(const LookMemory& memory) {
    return streams_in(memory.section(section_name));
}

void recall_streams(LookMemory& memory, BackupState& state, Timestamp now) {
    const bool all_read =
        state.unjudged == 0 && std::ranges::none_of(state.problems, [](const Error& error) {
            return error.kind == ErrorKind::denied || error.kind == ErrorKind::failed ||
                   error.kind == ErrorKind::timed_out;
        });
    std::set<std::string> found;
    for (const StreamState& stream : state.streams) found.insert(stream.name);
    std::vector<StreamState> awaited = remembered_streams(memory);
    Names known;
    for (const StreamState& stream : awaited) known.insert(stream.name);
    for (StreamState& gone : awaited) {
        if (!found.insert(gone.name).second) continue;
        gone.readable = all_read;
        if (all_read) gone.state.count = 0;
        state.streams.push_back(std::move(gone));
    }
    drop_too_many(state, known);
    if (!state.streams.empty()) summarise_streams(state);
    remember(memory, state, known, now);
    if (memory.problem()) state.problems.push_back(*memory.problem());
}

Result<bool> forget_stream(const Host& host, const Config& config, const std::string& subject) {
    const size_t slash = subject.find('/');
    if (slash == subject.npos) return false;
    LookMemory memory(host, config.state_directory, subject.substr(0, slash));
    auto section = memory.section(section_name);
    if (section.erase(subject.substr(slash + 1)) == 0) return false;
    memory.keep(section_name, std::move(section));
    if (auto saved = memory.save(); !saved) return Failure(saved.error());
    return true;
}

}  // namespace lastgood
