// The readers of each kind of backup, and the state of one backup that they return. They run in the
// collector's child process and read files without a password. They block as long as the
// filesystem does; the collector's deadline (60 s) ends a child that hangs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/failure_domain.hpp"
#include "core/host.hpp"

namespace lastgood {

class LookMemory;  // collectors/backups/look_memory.hpp

// How reliable the time of a copy is.
enum class Confidence {
    exact,     // from the tool's own record of a finished backup
    inferred,  // from files that only a finished backup leaves
    activity,  // something changed, which does not prove a backup
};
std::string_view to_string(Confidence confidence);

struct NewestCopy {
    Timestamp time = 0;
    Confidence confidence = Confidence::activity;
    // The time is when the files were written: copied elsewhere, they show when that was done.
    bool when_written = false;
};

struct StreamState;
struct BackupState;

// The newest time that proves a copy; nullopt: none does.
std::optional<Timestamp> proven_newest(const BackupState& state);

struct BackupState {
    std::vector<NewestCopy> newest;  // at most one of each confidence
    // A newer copy that may be a backup or not. Beside a newest one that is too old, it makes the
    // backup unproven: "too old" would be as wrong as fresh.
    std::optional<Timestamp> perhaps;
    std::optional<Timestamp> went_back_from;  // see note_newest()
    std::optional<Timestamp> oldest;          // of the complete copies
    std::optional<double> size;               // of the newest complete copy, bytes
    std::optional<double> count;              // complete copies; 0: there is no backup yet
    // The newest finished copy is incomplete; nullopt: that cannot be told.
    std::optional<bool> incomplete;
    std::optional<double> incomplete_copies;  // of the finished copies that were checked
    // The newest finished copy if that is incomplete, else the record of the newest that cannot be
    // judged: its path, or what else names it. Empty: there is none, or it has no name.
    std::string broken;
    std::optional<double> whole_copies_lost;  // set by note_lost_copies()
    // Copies whose record is damaged or cannot be read: whether they are whole, or there at all,
    // cannot be told. While there may be such, nothing is gone, and no number is all.
    double unjudged = 0;
    std::optional<Timestamp> newest_unjudged;  // there may be one as new as this
    // All copies were seen at an earlier look and are gone: how many; `newest` is of then.
    std::optional<double> gone;
    std::optional<bool> in_progress;       // a copy is being written
    std::optional<Timestamp> newest_wal;   // of the archive beside base backups of PostgreSQL
    std::optional<Timestamp> oldest_lock;  // when it was taken; nullopt: there is no lock
    std::vector<Error> problems;           // parts that could not be read, or are damaged
    // Where one place holds copies of several sources (a database, host or guest each): the state
    // of each. Names are unique; make the rest with summarise_streams(). Empty: it is one stream.
    std::vector<StreamState> streams;
};

// It becomes a backup of its own, BACKUP/NAME, with the limits of the one it is in.
struct StreamState {
    std::string name;
    std::string location;  // of its copies, for people; empty: that of the backup
    BackupState state;     // without streams
    bool readable = true;  // false: part of the place could not be read, and maybe it is there
};
constexpr size_t most_streams = 500;  // of a backup; more is a problem

// Sets what the streams make of the whole: its newest copy is the oldest of their newest ones, so
// that it is fresh only if all are; without one if any stream has none. Sizes and counts are sums.
// Sorts the streams by name, and makes the names harmless to print.
//
void summarise_streams(BackupState& state);

// Streams are remembered in the state directory, so that one whose copies all go away is missed.
// Adds those remembered that were not found, without a copy; drops the newest names beyond
// most_streams; remembers some new ones each day; summarises. Without a state directory adds a
// problem.
void recall_streams(LookMemory& memory, BackupState& state, Timestamp now);
std::vector<StreamState> remembered_streams(const LookMemory& memory);
// Forgets the stream with this subject, "BACKUP/STREAM". false: none is remembered.
Result<bool> forget_stream(const Host& host, const Config& config, const std::string& subject);

// Remembers how many complete copies there were when the newest one was complete, and says how many
// fewer there are since it is not; of each stream, too. For readers that tell count and incomplete.
void note_lost_copies(LookMemory& memory, BackupState& state);

// The readers. An Error means that the location could not be read at all: absent if it does not
// exist or is not mounted (check_mounted), malformed if it is not what the configuration says.
Result<BackupState> look_at_files(const Host& host, const Config& config, const Backup& backup);
Result<BackupState> look_at_restic(const Host& host, const Backup& backup, LookMemory& memory);
Result<BackupState> look_at_borg(const Host& host, const Backup& backup, LookMemory& memory);
Result<BackupState> look_at_pgbackrest(const Host& host, const Backup& backup,
                                       LookMemory* memory = nullptr);
Result<BackupState> look_at_rsnapshot(const Host& host, const Backup& backup);
Result<BackupState> look_at_barman(const Host& host, const Backup& backup);
Result<BackupState> look_at_duplicity(const Host& host, const Backup& backup);
Result<BackupState> look_at_rdiff_backup(const Host& host, const Backup& backup,
                                         LookMemory* memory = nullptr);
Result<BackupState> look_at_dirvish(const Host& host, const Backup& backup,
                                    LookMemory* memory = nullptr);
Result<BackupState> look_at_bup(const Host& host, const Backup& backup);
Result<BackupState> look_at_mariabackup(const Host& host, const Backup& backup,
                                        LookMemory* memory = nullptr);
Result<BackupState> look_at_vzdump(const Host& host, const Backup& backup);
Result<BackupState> look_at_proxmox_backup(const Host& host, const Backup& backup);
Result<BackupState> look_at_kopia(const Host& host, const Backup& backup);
Result<BackupState> look_at_btrbk(const Host& host, const Backup& backup, LookMemory& memory);
Result<BackupState> look_at_snapper(const Host& host, const Backup& backup);
Result<BackupState> look_at_lvm(const Host& host, const Backup& backup);
Result<BackupState> look_at_stamp(const Host& host, const Backup& backup);

// Remembers the newest proven copy of the backup and of each of its streams, and sets
// went_back_from where a newer one was there at an earlier look. The copies of another place count
// from anew. A time more than an hour ahead of `now` is not remembered: it would last for ever.
void note_newest(LookMemory& memory, const Backup& backup, BackupState& state, Timestamp now);

// While a newer copy is in doubt (`perhaps`) and no other is proven, the newest one that an earlier
// look proved still counts.
void recall_proven(const LookMemory& memory, const Backup& backup, BackupState& state);

// Whether NewestCopy::when_written may be set for the kind.
bool may_be_written_later(BackupKind kind);

// The newest proven copy that note_newest() remembers of the backup at this place, or of its
// stream; of a backup with streams, the oldest of theirs. nullopt: none.
std::optional<Timestamp> known_newest(const LookMemory& memory, const Backup& backup,
                                      const std::string& stream = "");

// The closest domain over the places of `covers`. nullopt: the backup covers nothing that is named,
// or its location says nothing about the copies (stamp, observed).
std::optional<FailureDomain> closest_domain(const Host& host, const Topology& topology,
                                            const Backup& backup,
                                            const std::vector<Place>& sources);

// Whether the copies lie on a disk of this host. nullopt: that cannot be told, or they are not
// there.
std::optional<bool> lies_on_host(const Host& host, const Topology& topology, const Backup& backup);

// Fails with absent if fstab has a mount point at or above the path that is not mounted: an empty
// mount point must not pass for an empty repository. Reads /etc/fstab and mountinfo only.
Result<void> check_mounted(const Host& host, const std::string& path);

// The failure to read `place`, which should hold `what`; if it is absent, says what to look for.
Failure not_there(Error error, std::string_view place, std::string_view what);

}  // namespace lastgood
