#include "collectors/backups/unmounted_source.hpp"

#include <fmt/core.h>

namespace lastgood {

namespace {

constexpr const char* section_name = "unmounted";  // "point", and "until": it was mounted again

// Returns whether the newest copy was one.
bool doubt(BackupState& state, std::optional<Timestamp> known, BackupKind kind, Timestamp until) {
    const auto newest = proven_newest(state);
    if (!newest || *newest > until || (known && *newest <= *known)) return false;
    state.newest = {{*newest, Confidence::activity}};
    if (known) state.newest.push_back({*known, Confidence::inferred, may_be_written_later(kind)});
    state.perhaps = *newest;
    state.size.reset();
    return true;
}

}  // namespace

void doubt_copies_of_nothing(LookMemory& memory, const Backup& backup, BackupState& state,
                             const std::string& unmounted, Timestamp now) {
    const auto& before = memory.section(section_name);
    if (unmounted.empty() && before.empty()) return;
    const std::string point = unmounted.empty() ? text_in(before, "point") : unmounted;
    auto section = nlohmann::json{{"point", point}};
    Timestamp until = now;
    if (unmounted.empty()) section["until"] = until = number_in(before, "until").value_or(now);
    memory.keep(section_name, std::move(section));

    bool any = false;
    if (state.streams.empty()) any = doubt(state, known_newest(memory, backup), backup.kind, until);
    for (StreamState& stream : state.streams)
        if (doubt(stream.state, known_newest(memory, backup, stream.name), backup.kind, until))
            any = true;
    if (any && !state.streams.empty()) summarise_streams(state);
    if (any)
        state.problems.push_back(
            {ErrorKind::absent,
             fmt::format("its newest copy may have been made while {} was not mounted: of nothing",
                         point)});
}

}  // namespace lastgood
