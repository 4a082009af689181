// A newest copy that moves backwards was deleted, or its disk was put back to an older state.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"

namespace lastgood {

namespace {

constexpr Seconds least_step = 60;  // back; two ways to read one time may differ by less
constexpr Seconds most_ahead = 3600;

std::string place_of(const Backup& backup) {
    return fmt::format("{} {} {}", to_string(backup.kind), backup.location, backup.stanza);
}

// Returns what to remember.
std::optional<Timestamp> note(BackupState& state, std::optional<Timestamp> before, Timestamp now) {
    if (before && *before > now + most_ahead) before.reset();
    const auto newest = proven_newest(state);
    if (!newest) return before;
    if (before && *newest < *before - least_step) {
        // One that cannot be judged may be that.
        if (!state.newest_unjudged) state.went_back_from = before;
        return before;
    }
    return *newest > now + most_ahead ? before : newest;
}

}  // namespace

std::optional<Timestamp> proven_newest(const BackupState& state) {
    std::optional<Timestamp> newest;
    for (const auto& one : state.newest)
        if (one.confidence != Confidence::activity)
            newest = std::max(newest.value_or(one.time), one.time);
    return newest;
}

bool may_be_written_later(BackupKind kind) {
    return kind == BackupKind::files || kind == BackupKind::restic || kind == BackupKind::stamp;
}

std::optional<Timestamp> known_newest(const LookMemory& memory, const Backup& backup,
                                      const std::string& stream) {
    const auto& section = memory.section("newest");
    if (text_in(section, "place") != place_of(backup)) return std::nullopt;
    const auto found = section.find("streams");
    const bool has_streams = found != section.end() && found->is_object();
    if (!stream.empty()) return has_streams ? number_in(*found, stream.c_str()) : std::nullopt;
    auto oldest = number_in(section, "time");
    if (!oldest && has_streams)
        for (const auto& [name, time] : found->items())
            if (const auto one = number_in(*found, name.c_str()))
                oldest = std::min(oldest.value_or(*one), *one);
    return oldest;
}

void recall_proven(const LookMemory& memory, const Backup& backup, BackupState& state) {
    if (!state.perhaps || proven_newest(state)) return;
    const auto known = known_newest(memory, backup);
    if (known && *known <= *state.perhaps)
        state.newest.push_back({*known, Confidence::inferred, may_be_written_later(backup.kind)});
}

void note_newest(LookMemory& memory, const Backup& backup, BackupState& state, Timestamp now) {
    const std::string place = place_of(backup);
    const auto& section = memory.section("newest");
    const bool same_place = text_in(section, "place") == place;
    const auto before = [&](const nlohmann::json& times, const std::string& name) {
        return same_place ? number_in(times, name.c_str()) : std::nullopt;
    };
    nlohmann::json after = {{"place", place}};
    // The whole is as old as its oldest stream: one more stream may take it back.
    if (state.streams.empty()) {
        if (const auto time = note(state, before(section, "time"), now)) after["time"] = *time;
    } else {
        static const nlohmann::json none = nlohmann::json::object();
        const auto found = section.find("streams");
        const auto& times = found != section.end() && found->is_object() ? *found : none;
        for (auto& stream : state.streams)
            if (const auto time = note(stream.state, before(times, stream.name), now))
                after["streams"][stream.name] = *time;
    }
    memory.keep("newest", std::move(after));
}

}  // namespace lastgood
