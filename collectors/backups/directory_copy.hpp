// Judges a copy that is a directory, by what its tool leaves in it.
#pragma once

#include <optional>
#include <string>

#include "collectors/backups/probe.hpp"
#include "core/host.hpp"

namespace lastgood {

// A file that the job writes at the end of a copy; "": none.
struct CompleteIf {
    std::string file;                     // relative to the directory
    std::optional<Timestamp> copy_began;  // by its name
};

// Whether the directory is a complete copy: it has the file `complete_if`, if that is set; else by
// the marks of pg_dump -Fd (toc.dat), pg_basebackup (backup_manifest), pgBackRest
// (backup.manifest) and mariabackup or xtrabackup (xtrabackup_info, mariadb_backup_info); what a
// mark of PostgreSQL's tools lists must be there (collectors/backups/pg_directory.hpp).
// Incomplete: it holds no file; a mark is empty; another file of such a tool is there, but not its
// mark. Unknown: it has no such mark. Something that changed in the last 10 minutes, in a directory
// that is not complete, is being_written.
// Reads the names in the directory, and for the mark of emptiness a few levels below. Errors: those
// of Host::open().
Result<ProbeResult> probe_directory(const Host& host, const std::string& path,
                                    const CompleteIf& complete_if, Depth depth, Seconds give_up_at);

// Whether there is no file in the directory and below. False: there is one, or there are too many
// directories to see within a second.
bool holds_no_file(const Host& host, const std::string& path);

struct DirectorySize {
    double bytes = 0;       // of the files in it and below; links are not followed
    bool at_least = false;  // it has more than could be counted
};

// Walks until `give_up_at`, a time of Host::monotonic(), and at most 50,000 names.
DirectorySize size_of_directory(const Host& host, const std::string& path, Seconds give_up_at);

}  // namespace lastgood
