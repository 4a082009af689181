// Tells the backups in a restic repository from what else writes snapshot files, without the
// password: by the ids that came and went between two looks, the times and the sizes of files.
// Pure.
//
// What restic 0.14 and 0.18 do, seen as names that are added and removed, "+1-1":
//   backup                    snapshots +1-0; packs of data and of directories, an index, unless
//                             nothing changed; then the snapshot, within milliseconds
//   tag, rewrite --forget     snapshots +1-1 at once; the new file names its original (32 bytes
//   more) rewrite, recover, copy    snapshots +1-0, like a backup; the file of a rewrite is 40 to
//   60 bytes
//                             larger, that of a recover smaller, than those of the backups
//   forget, prune             remove snapshots; replace indexes and packs
//   a second process          begins after at least 0.5 s: it derives the key from the password
//
// Limits: `restic copy` of one old snapshot into the repository looks like a backup. A rewrite
// whose file is as large as that of another host's backups does, too.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// A file in snapshots/, and what is known of it.
struct ResticSnapshot {
    std::string id;  // its name; of remembered ones the first 16 digits
    Timestamp modified = 0;
    double size = 0;                   // bytes
    std::optional<Timestamp> backup;   // a backup at least as new as this is in it
    std::optional<Timestamp> perhaps;  // it may be a backup of this time, or not
    bool of_backup = false;            // written by a backup: its size is one to compare with
};

// What one look at the repository showed, and what was made of it. Remembered until the next.
struct ResticHistory {
    std::vector<ResticSnapshot> snapshots;  // by name
    std::vector<std::string> indexes;       // the names in index/, sorted
    Timestamp packs_until = 0;              // the last change of a directory in data/
};

// A look, before anything is made of it.
struct ResticLook {
    ResticHistory now;
    Timestamp snapshots_changed = 0;     // when the directory snapshots/ changed last
    std::vector<Timestamp> index_times;  // modification times of index/*
    std::vector<Timestamp> key_times;    // of keys/*
    bool copied = false;                 // the times of the files are a copy's: see is_copied_key()
    // A later time was written under a wrong clock: it hides none that is possible.
    Timestamp latest = std::numeric_limits<Timestamp>::max();
    // The times of packs that were written after the one time and until the other. Called only for
    // snapshots that are new, and at the first look.
    std::function<std::vector<Timestamp>(Timestamp from, Timestamp until)> packs;
};

struct ResticVerdict {
    ResticHistory history;
    std::optional<Timestamp> backup;    // the newest backup
    std::optional<Timestamp> perhaps;   // a newer snapshot that may be a backup or not
    std::optional<Timestamp> activity;  // the newest file, if it is neither
    std::optional<Timestamp> oldest;
    bool copied = false;
};

// `before`: nullptr at the first look ever, which proves less.
ResticVerdict judge_restic(const ResticHistory* before, const ResticLook& look);

// Whether a file in keys/ was copied or touched: it says when it was made ("created"), and its time
// is another. False if it does not say.
bool is_copied_key(std::string_view text, Timestamp modified);

// What is remembered, as text and back; ids are shortened to 16 digits. Ignores malformed lines.
std::string to_text(const std::vector<ResticSnapshot>& snapshots);
std::vector<ResticSnapshot> parse_restic_snapshots(std::string_view text);
constexpr size_t restic_short_id = 16;

// A name in snapshots/, index/, keys/, locks/ or data/XX/: the SHA-256 of the content in
// hexadecimal.
bool is_restic_id(std::string_view name);

}  // namespace lastgood
