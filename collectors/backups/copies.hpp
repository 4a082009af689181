// What the readers of tools have in common: a tool's own records of its copies become the state of
// a backup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/backups/state.hpp"

namespace lastgood {

// A copy that a tool has finished, well or not.
struct RecordedCopy {
    Timestamp time = 0;  // its end
    bool whole = true;
    std::optional<double> size;  // bytes
    std::string name;            // for people: the path of its record
    std::string reason;          // why it is not whole
    // Its record is damaged or cannot be read, for this reason: nobody can tell what it is.
    std::optional<ErrorKind> unjudged = std::nullopt;
    // Why its good record proves nothing: it may be a copy of the copy that was stopped.
    std::string doubt = {};
};

// A copy whose record is damaged or cannot be read. `record`: its path. `time`: as its name tells
// it; else that of the record's last change, which is no earlier.
RecordedCopy unjudged_copy(const Host& host, const std::string& record, const Error& why,
                           std::optional<Timestamp> time = {});
// The same, where it is not known which and how many.
void note_unjudged(BackupState& state, Error why, Timestamp now);

// Newest, oldest, size and count of the whole copies, and whether the newest of all is incomplete,
// with its reason as a problem. A copy with a time in the future proves nothing about now: it is
// counted, and is a problem if there is no other; it never hides the newest that has a possible
// time. What cannot be judged is told, and counted as that alone. One in doubt is not counted; if
// it is the newest, it is activity.
BackupState state_of_copies(std::vector<RecordedCopy> copies, Confidence confidence, Timestamp now);

// The last `limit` bytes of a file, or all of it; begins with a whole line. Errors: those of
// Host::open(), and failed.
struct FileTail {
    std::string text;
    bool whole = true;  // all of the file
};
Result<FileTail> read_tail(const Host& host, const std::string& path, size_t limit,
                           LastLink last = LastLink::follow);

// A tool's record within its repository: whoever writes there must not make lastgood tell what
// stands in another file. Errors: those of Host::read().
Result<std::string> read_record(const Host& host, const std::string& path, size_t limit = mib);

// The names of the directories in a directory, and of what cannot be looked at; sorted. Errors:
// those of Host::list().
Result<std::vector<std::string>> list_directories(const Host& host, const std::string& path);

}  // namespace lastgood
