#include "collectors/backups/doubt.hpp"

#include <algorithm>

namespace lastgood {

namespace {

void set_newest(BackupState& state, std::optional<Timestamp> known, BackupKind kind) {
    std::erase_if(state.newest,
                  [](const NewestCopy& one) { return one.confidence != Confidence::activity; });
    if (known) state.newest.push_back({*known, Confidence::inferred, may_be_written_later(kind)});
}

bool judge(BackupState& state, std::optional<Timestamp> known, BackupKind kind, Seconds limit,
           Timestamp now) {
    if (!state.newest_unjudged) return true;
    const auto newest = proven_newest(state);
    if (newest && (*newest >= *state.newest_unjudged || now - *newest <= limit)) return true;
    // The newest of all was judged, and is not whole.
    const bool failed = state.incomplete == true;
    if (!failed && now - *state.newest_unjudged <= limit) return false;
    if (!failed && !newest && !known) return false;
    if (known && (!newest || *known > *newest)) set_newest(state, known, kind);
    return true;
}

}  // namespace

bool can_be_judged(const LookMemory& memory, const Backup& backup, BackupState& state,
                   Seconds limit, Timestamp now) {
    if (state.streams.empty())
        return judge(state, known_newest(memory, backup), backup.kind, limit, now);
    bool all = true;
    for (StreamState& stream : state.streams) {
        const auto known = known_newest(memory, backup, stream.name);
        if (!stream.readable || judge(stream.state, known, backup.kind, limit, now)) continue;
        all = false;
        stream.readable = false;
        stream.state = {};
        set_newest(stream.state, known, backup.kind);
    }
    if (!all) summarise_streams(state);
    return true;
}

}  // namespace lastgood
