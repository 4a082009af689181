#include "collectors/backups/doubt.hpp"

#include <algorithm>

#include "core/metrics/backup_faults.hpp"
#include "core/utf8.hpp"

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
        BackupState unknown;
        unknown.broken = std::move(stream.state.broken);
        stream.state = std::move(unknown);
        set_newest(stream.state, known, backup.kind);
    }
    if (!all) summarise_streams(state);
    return true;
}

void observe_broken(Sink& sink, const Backup& backup, const BackupState& state, Timestamp now) {
    constexpr size_t longest = 300;  // bytes: a person reads it in an alert
    if (!state.broken.empty())
        sink.observe(metric::backup_broken_copy, backup.name, 1, now,
                     {{"copy", shortened(harmless(state.broken), longest)}});
}

}  // namespace lastgood
