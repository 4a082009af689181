// Reads a restic repository in a directory, without its password.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/parse/restic_times.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"

namespace lastgood {

namespace {

constexpr size_t most_files = 200'000;      // in one directory
constexpr size_t most_remembered = 50'000;  // snapshots; with more, each look is the first
constexpr Seconds pack_search_time = 20;
constexpr Seconds most_ahead = 3600;  // a later time is that of a wrong clock
constexpr Seconds racy = 2;           // a directory that changed so lately may change again unseen

// The files in snapshots/, index/, keys/ or locks/. The old "s3legacy" layout has other directory
// names and is not supported.
Result<std::vector<ResticSnapshot>> files_in(const Host& host, const std::string& directory,
                                             std::vector<Error>& problems) {
    const auto names = host.list(directory);
    if (!names) return Failure(names.error());
    if (names->size() > most_files)
        return fail(ErrorKind::failed,
                    fmt::format("{}: more than {} files", directory, most_files));
    std::vector<ResticSnapshot> files;
    for (const auto& name : *names) {
        if (!is_restic_id(name)) continue;  // such as "…-tmp-123456", a file being written
        const auto status = host.status(directory + "/" + name);
        if (status && status->kind == FileKind::regular)
            files.push_back({name, status->modified, status->size, {}, {}, false});
        else if (!status && status.error().kind != ErrorKind::absent)
            problems.push_back(status.error());
    }
    return files;
}

std::vector<Timestamp> times_of(const std::vector<ResticSnapshot>& files) {
    std::vector<Timestamp> times;
    times.reserve(files.size());
    for (const auto& file : files) times.push_back(file.modified);
    return times;
}

// The modification times of the packs. Reads each directory of data/ once, when it is needed:
// there may be many.
class Packs {
  public:
    Packs(const Host& host, std::string directory, std::vector<Error>& problems)
        : host_(host),
          directory_(std::move(directory)),
          problems_(problems),
          give_up_at_(host.monotonic() + pack_search_time) {
        const auto names = host_.list(directory_);
        if (!names) problems_.push_back(names.error());
        for (const auto& name : names.value_or(std::vector<std::string>())) {
            const auto status = host_.status(directory_ + "/" + name);
            if (status && status->kind == FileKind::directory) changed_[name] = status->modified;
        }
    }

    Timestamp last_change() const {
        Timestamp last = 0;
        for (const auto& [name, changed] : changed_) last = std::max(last, changed);
        return last;
    }

    std::vector<Timestamp> between(Timestamp from, Timestamp until) {
        std::vector<Timestamp> found;
        for (const auto& [name, changed] : changed_) {
            if (changed <= from) continue;
            const auto& times = read(name);
            std::ranges::copy_if(times, std::back_inserter(found),
                                 [&](Timestamp time) { return from < time && time <= until; });
        }
        return found;
    }

  private:
    const std::vector<Timestamp>& read(const std::string& name) {
        const auto [place, is_new] = times_.try_emplace(name);
        if (!is_new) return place->second;
        if (read_ >= 10 * most_files || host_.monotonic() > give_up_at_) {
            if (!std::exchange(gave_up_, true))
                problems_.push_back(
                    {ErrorKind::timed_out,
                     fmt::format("{}: no time was left to check all packs", directory_)});
            return place->second;
        }
        const auto packs = host_.list(directory_ + "/" + name);
        for (const auto& pack : packs.value_or(std::vector<std::string>())) {
            ++read_;
            if (!is_restic_id(pack)) continue;
            if (const auto status = host_.status(directory_ + "/" + name + "/" + pack))
                place->second.push_back(status->modified);
        }
        return place->second;
    }

    const Host& host_;
    std::string directory_;
    std::vector<Error>& problems_;
    Seconds give_up_at_;
    bool gave_up_ = false;
    size_t read_ = 0;
    std::map<std::string, Timestamp> changed_;
    std::map<std::string, std::vector<Timestamp>> times_;
};

// When the directories changed that tell what was added and removed: st_ctime, which a copy that
// keeps times does not keep.
struct Changes {
    Timestamp snapshots = 0, index = 0, keys = 0;

    bool operator==(const Changes&) const = default;
};

Result<Changes> read_changes(const Host& host, const std::string& location) {
    Changes changes;
    for (const auto& [name, time] :
         {std::pair("/snapshots", &changes.snapshots), std::pair("/index", &changes.index),
          std::pair("/keys", &changes.keys)}) {
        const auto status = host.status(location + name);
        if (!status) return Failure(status.error());
        *time = status->changed;
    }
    return changes;
}

// The remembered look.
struct Before {
    std::optional<ResticHistory> history;
    Changes changes;
    std::optional<Timestamp> backup, perhaps, activity, oldest;
    double count = 0;
    bool copied = false;
};

Before read_section(const nlohmann::json& section) {
    Before before;
    const auto count = number_in(section, "count");
    if (!count) return before;
    before.count = *count;
    before.changes = {number_in(section, "snapshots_changed").value_or(0),
                      number_in(section, "index_changed").value_or(0),
                      number_in(section, "keys_changed").value_or(0)};
    before.backup = number_in(section, "backup");
    before.perhaps = number_in(section, "perhaps");
    before.activity = number_in(section, "activity");
    before.oldest = number_in(section, "oldest");
    before.copied = flag_in(section, "copied");
    before.history.emplace();
    return before;
}

// Only when something changed: it takes a while to read thousands.
void read_history(const nlohmann::json& section, Before& before) {
    before.history->packs_until = number_in(section, "packs_until").value_or(0);
    before.history->snapshots = parse_restic_snapshots(text_in(section, "snapshots"));
    const std::string indexes = text_in(section, "indexes");
    for (size_t i = 0; i + restic_short_id <= indexes.size(); i += restic_short_id)
        before.history->indexes.push_back(indexes.substr(i, restic_short_id));
    // A damaged memory remembers nothing.
    if (static_cast<double>(before.history->snapshots.size()) != before.count)
        before.history.reset();
}

nlohmann::json to_section(const Before& look) {
    std::string indexes;
    for (const auto& id : look.history->indexes) indexes += id;
    nlohmann::json section = {
        {"count", look.count},
        {"snapshots_changed", look.changes.snapshots},
        {"index_changed", look.changes.index},
        {"keys_changed", look.changes.keys},
        {"packs_until", look.history->packs_until},
        {"snapshots", to_text(look.history->snapshots)},
        {"indexes", indexes},
        {"copied", look.copied},
    };
    const auto note = [&](const char* key, const std::optional<Timestamp>& time) {
        if (time) section[key] = *time;
    };
    note("backup", look.backup);
    note("perhaps", look.perhaps);
    note("activity", look.activity);
    note("oldest", look.oldest);
    return section;
}

bool has_copied_key(const Host& host, const std::string& directory,
                    const std::vector<ResticSnapshot>& keys) {
    constexpr size_t most_keys = 20;
    for (size_t i = 0; i < std::min(keys.size(), most_keys); ++i) {
        const auto text = read_record(host, directory + "/" + keys[i].id, 64 * kib);
        if (text && is_copied_key(*text, keys[i].modified)) return true;
    }
    return false;
}

Result<Before> look_anew(const Host& host, const std::string& location, const Before& before,
                         const Changes& changes, std::vector<Error>& problems) {
    auto snapshots = files_in(host, location + "/snapshots", problems);
    if (!snapshots) return Failure(snapshots.error());
    const auto indexes = files_in(host, location + "/index", problems);
    if (!indexes) problems.push_back(indexes.error());
    const auto keys = files_in(host, location + "/keys", problems);
    if (!keys) problems.push_back(keys.error());
    Packs packs(host, location + "/data", problems);

    ResticLook look;
    look.latest = host.now() + most_ahead;
    look.now.snapshots = std::move(*snapshots);
    look.now.packs_until = packs.last_change();
    if (const auto status = host.status(location + "/snapshots"))
        look.snapshots_changed = status->modified;
    if (indexes) {
        look.index_times = times_of(*indexes);
        for (const auto& one : *indexes)
            look.now.indexes.push_back(one.id.substr(0, restic_short_id));
    }
    if (keys) {
        look.key_times = times_of(*keys);
        look.copied = has_copied_key(host, location + "/keys", *keys);
    }
    look.packs = [&](Timestamp from, Timestamp until) { return packs.between(from, until); };
    const auto verdict = judge_restic(before.history ? &*before.history : nullptr, look);

    Before result;
    result.count = static_cast<double>(verdict.history.snapshots.size());
    result.history = verdict.history;
    result.backup = verdict.backup;
    result.perhaps = verdict.perhaps;
    result.activity = verdict.activity;
    result.oldest = verdict.oldest;
    result.copied = verdict.copied;
    const Timestamp settled = host.now() - racy;
    if (std::max({changes.snapshots, changes.index, changes.keys}) < settled)
        result.changes = changes;
    return result;
}

BackupState to_state(const Before& look, const std::string& location) {
    BackupState state;
    state.count = look.count;
    state.oldest = look.oldest;
    state.perhaps = look.perhaps;
    if (look.backup) state.newest.push_back({*look.backup, Confidence::inferred, true});
    if (look.activity) state.newest.push_back({*look.activity, Confidence::activity});
    if (look.copied)
        state.problems.push_back(
            {ErrorKind::malformed,
             fmt::format(
                 "{0}: its files have the times of a copy, not of the backups, which proves "
                 "no backup. Copy it with its times (rsync -a). If backups are written into "
                 "this copy, renew the date of its key (the old password may be given again): "
                 "restic -r {0} key passwd",
                 location)});
    return state;
}

}  // namespace

Result<BackupState> look_at_restic(const Host& host, const Backup& backup, LookMemory& memory) {
    const std::string& location = backup.location;
    if (auto mounted = check_mounted(host, location); !mounted) return Failure(mounted.error());
    if (auto config = host.status(location + "/config"); !config)
        return not_there(config.error(), location, "restic repository (no file \"config\")");
    // One of borg has a file "config", too.
    if (!host.exists(location + "/snapshots") && !host.exists(location + "/keys"))
        return fail(
            ErrorKind::malformed,
            fmt::format(
                "{}: this is no restic repository{}", location,
                host.exists(location + "/data") && host.exists(location + "/README")
                    ? fmt::format("; it looks like one of borg: write borg = \"{}\"", location)
                    : ""));
    const auto changes = read_changes(host, location);
    if (!changes) return Failure(changes.error());

    std::vector<Error> problems;
    Before look = read_section(memory.section("restic"));
    const bool is_possible = look.backup.value_or(0) <= host.now() + most_ahead;
    if (!look.history || look.changes != *changes || !is_possible) {
        if (look.history) read_history(memory.section("restic"), look);
        auto anew = look_anew(host, location, look, *changes, problems);
        if (!anew) return Failure(anew.error());
        look = std::move(*anew);
        if (look.count <= static_cast<double>(most_remembered))
            memory.keep("restic", to_section(look));
    }
    BackupState state = to_state(look, location);
    std::ranges::move(problems, std::back_inserter(state.problems));
    if (memory.problem() && !look.backup && look.count > 0)
        state.problems.push_back(
            {memory.problem()->kind,
             fmt::format("{}; so what came between two looks cannot be told, which proves backups",
                         memory.problem()->message)});
    const auto locks = files_in(host, location + "/locks", state.problems);
    if (locks && !locks->empty()) state.oldest_lock = std::ranges::min(times_of(*locks));
    return state;
}

}  // namespace lastgood
