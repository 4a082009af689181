// Reads a pgBackRest repository in a directory, without its passphrase.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/counted_files.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"
#include "collectors/backups/pgbackrest_files.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/backups/wal.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds running_backup = 3600;  // a partial directory unchanged for longer is a leftover

Result<std::string> find_stanza(const Host& host, const Backup& backup) {
    const std::string directory = backup.location + "/backup";
    const auto names = host.list(directory);
    if (!names)
        return not_there(names.error(), backup.location,
                         "pgBackRest repository (no directory \"backup\")");
    std::vector<std::string> stanzas;
    for (const auto& name : *names) {
        const auto status = host.status(directory + "/" + name);
        if (status && status->kind == FileKind::directory) stanzas.push_back(name);
    }
    if (!backup.stanza.empty()) {
        if (contains(stanzas, backup.stanza)) return backup.stanza;
        return fail(ErrorKind::absent,
                    fmt::format("{}: there is no stanza \"{}\"; see stanza in the configuration",
                                backup.location, backup.stanza));
    }
    if (stanzas.size() == 1) return stanzas[0];
    if (stanzas.empty())
        return fail(ErrorKind::absent, fmt::format("{}: there is no stanza", backup.location));
    std::string all;
    for (const auto& name : stanzas) all += (all.empty() ? "" : ", ") + name;
    return fail(ErrorKind::malformed,
                fmt::format("{}: there are several stanzas ({}); choose one with stanza = \"…\"",
                            backup.location, all));
}

struct Directories {
    std::vector<Timestamp> finished;  // start times of finished backups, from their labels
    std::vector<std::string> labels;  // of the same
    bool running = false;
};

// pgBackRest writes backup.manifest when a backup has finished. A running or killed backup has only
// backup.manifest.copy.
Result<Directories> read_directories(const Host& host, const std::string& stanza) {
    const auto names = host.list(stanza);
    if (!names) return Failure(names.error());
    Directories result;
    const Timestamp now = host.now();
    for (const auto& name : *names) {
        Timestamp time = 0;
        if (!parse_pgbackrest_label(name, time)) continue;
        const std::string directory = stanza + "/" + name;
        if (host.exists(directory + "/backup.manifest")) {
            result.finished.push_back(time);
            result.labels.push_back(name);
            continue;
        }
        for (const std::string& file :
             {directory, directory + "/backup.manifest.copy", directory + "/pg_data"}) {
            const auto status = host.status(file);
            if (status && now - status->modified < running_backup) result.running = true;
        }
    }
    std::ranges::sort(result.finished);
    return result;
}

// The last section is [db:history]; a file that is cut ends before it, or within a line.
bool is_whole(const std::string& text) {
    return is_pgbackrest_encrypted(text) ||
           (parse_pgbackrest_backup_info(text).has_value() && contains(text, "\n[db:history]\n") &&
            text.ends_with('\n'));
}

// pgBackRest writes backup.info.copy first: it replaces a backup.info that is damaged or missing.
Result<std::string> read_info(const Host& host, const std::string& directory) {
    auto text = read_record(host, directory + "/backup.info", 16 * mib);
    if ((text && is_whole(*text)) || (!text && text.error().kind == ErrorKind::denied)) return text;
    auto copy = read_record(host, directory + "/backup.info.copy", 16 * mib);
    return copy && is_whole(*copy) ? std::move(copy) : std::move(text);
}

// backup.info goes on listing a backup whose directory is gone, and one that builds on such.
void drop_what_is_gone(std::vector<PgbackrestBackup>& backups, const Directories& directories,
                       BackupState& state) {
    const auto is_there = [&](const std::string& label) {
        return contains(directories.labels, label);
    };
    std::erase_if(backups, [&](const PgbackrestBackup& backup) {
        if (is_there(backup.label) && is_there(backup.label.substr(0, 16))) return false;
        if (state.problems.size() < 10)
            state.problems.push_back(
                {ErrorKind::absent,
                 fmt::format("backup {} is in backup.info, but it or the full backup that it "
                             "needs has no backup.manifest",
                             backup.label)});
        return true;
    });
}

// archive/STANZA. What cannot be listed is not missing.
class Archive {
  public:
    Archive(const Host& host, std::string directory)
        : host_(host), directory_(std::move(directory)) {
        if (const auto names = host.list(directory_)) versions_ = *names;
    }

    // The first segment of WAL that the backup needs and the archive does not have; empty: none.
    std::string missing(const PgbackrestBackup& backup) {
        for (const std::string& segment : {backup.first_wal, backup.last_wal})
            if (is_wal_segment(segment) && lacks(backup.database, segment)) return segment;
        return {};
    }

  private:
    bool lacks(int database, const std::string& segment) {
        const std::string suffix = fmt::format("-{}", database);
        const auto version = std::ranges::find_if(
            versions_, [&](const std::string& name) { return name.ends_with(suffix); });
        if (version == versions_.end()) return false;
        const std::string log =
            fmt::format("{}/{}/{}", directory_, *version, segment.substr(0, 16));
        const auto [known, is_new] = logs_.try_emplace(log);
        if (is_new) {
            auto names = host_.list(log);
            if (names) known->second = std::move(*names);
            if (!names && names.error().kind != ErrorKind::absent) unreadable_.push_back(log);
        }
        return !contains(unreadable_, log) &&
               std::ranges::none_of(known->second, [&](const std::string& name) {
                   return name.starts_with(segment) && is_wal_segment(name);
               });
    }

    const Host& host_;
    std::string directory_;
    std::vector<std::string> versions_;                     // "15-1"
    std::map<std::string, std::vector<std::string>> logs_;  // names of segments
    std::vector<std::string> unreadable_;
};

// Leaves the backups that can be restored; says of the newest one why it cannot.
void drop_what_lacks_wal(std::vector<PgbackrestBackup>& backups, Archive archive,
                         BackupState& state) {
    const std::string newest = backups.empty() ? "" : backups.back().label;
    std::erase_if(backups, [&](const PgbackrestBackup& backup) {
        const std::string wal = archive.missing(backup);
        if (wal.empty()) return false;
        if (backup.label == newest) {
            state.incomplete = true;
            state.broken = "backup " + backup.label;
            state.problems.push_back(
                {ErrorKind::malformed,
                 fmt::format("backup {}: its WAL {} is not in archive/: it cannot be restored",
                             backup.label, wal)});
        }
        return true;
    });
}

// The same for what lacks files, or is built on a full backup that does.
void drop_what_lacks_files(std::vector<PgbackrestBackup>& backups,
                           const std::vector<LackingBackup>& lacking, BackupState& state) {
    const std::string newest = backups.empty() ? "" : backups.back().label;
    std::erase_if(backups, [&](const PgbackrestBackup& backup) {
        const auto found = std::ranges::find_if(lacking, [&](const LackingBackup& one) {
            return one.label == backup.label || one.label == backup.label.substr(0, 16);
        });
        if (found == lacking.end()) return false;
        if (found->unknown) state.perhaps = std::max(state.perhaps.value_or(0), backup.stop);
        if (backup.label == newest && found->unknown) {
            state.problems.push_back(
                {ErrorKind::absent, fmt::format("backup {}: {}", backup.label, uncounted)});
        } else if (backup.label == newest) {
            state.incomplete = true;
            state.broken = "backup " + backup.label;
            state.problems.push_back(
                {ErrorKind::malformed,
                 fmt::format("backup {}: {} has {:.0f} bytes, of {:.0f} that backup.info tells: "
                             "files are missing",
                             backup.label, found->label, found->bytes, found->least)});
        }
        return true;
    });
    if (state.perhaps) state.newest.push_back({*state.perhaps, Confidence::activity});
}

}  // namespace

Result<BackupState> look_at_pgbackrest(const Host& host, const Backup& backup, LookMemory* memory) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const auto stanza = find_stanza(host, backup);
    if (!stanza) return Failure(stanza.error());
    const std::string directory = backup.location + "/backup/" + *stanza;

    const auto text = read_info(host, directory);
    if (!text) return Failure(text.error());
    const auto directories = read_directories(host, directory);
    if (!directories) return Failure(directories.error());

    BackupState state;
    state.in_progress = directories->running;
    note_wal(host, backup.location + "/archive/" + *stanza, state);
    if (is_pgbackrest_encrypted(*text)) {
        state.count = static_cast<double>(directories->finished.size());
        if (!directories->finished.empty()) {
            state.newest.push_back({directories->finished.back(), Confidence::inferred});
            state.oldest = directories->finished.front();
        }
        return state;
    }
    auto backups = parse_pgbackrest_backup_info(*text);
    if (!backups)
        return fail(backups.error().kind,
                    fmt::format("{}/backup.info: {}", directory, backups.error().message));
    drop_what_is_gone(*backups, *directories, state);
    drop_what_lacks_wal(*backups, Archive(host, backup.location + "/archive/" + *stanza), state);
    drop_what_lacks_files(*backups, find_lacking_backups(host, directory, *backups, memory), state);
    if (memory != nullptr && backups->empty()) recall_proven(*memory, backup, state);
    const bool all_known = !state.perhaps;
    if (all_known) state.count = static_cast<double>(backups->size());
    if (backups->empty()) return state;
    const PgbackrestBackup& newest = backups->back();
    state.newest.push_back({newest.stop, Confidence::exact});
    if (all_known) state.oldest = backups->front().stop;
    state.size = newest.size;
    if (!state.incomplete) state.incomplete = newest.error;
    if (newest.error)
        state.problems.push_back(
            {ErrorKind::malformed,
             fmt::format("backup {} found pages with wrong checksums in the database",
                         newest.label)});
    return state;
}

}  // namespace lastgood
