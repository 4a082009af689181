// The lists of files in the copies of PostgreSQL's tools that are directories. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/parse/completeness.hpp"

namespace lastgood {

struct PgContents {
    CompletenessVerdict verdict;     // of toc.dat itself
    std::vector<std::string> files;  // "3346.dat", "blobs.toc": plain names, of which each is once
};

// toc.dat of pg_dump -Fd (pg_backup_directory.c and pg_backup_archiver.c, archive versions 1.12 to
// 1.16). The data of an entry lies in the file that is named, or in that name with the suffix of a
// compression. Unknown for other versions, and for more than 50,000 files.
PgContents read_pg_contents(uint64_t size, const ReadAt& read_at);

struct PgListedFile {
    std::string path;  // relative, without ".."
    double size = 0;
};
enum class PgManifestEnd {
    whole,           // its last line is that of its checksum, which is not computed
    cut,             // it ends before
    not_understood,  // it is no manifest of a version that is known, or names impossible files
    stopped,         // `file` returned false
};

// backup_manifest of pg_basebackup ("Backup Manifest Format" in PostgreSQL's documentation,
// versions 1 and 2), line by line as PostgreSQL writes it. Calls `file` for each.
PgManifestEnd read_pg_manifest(uint64_t size, const ReadAt& read_at,
                               const std::function<bool(const PgListedFile&)>& file);

}  // namespace lastgood
