// Tells a truncated backup from a complete one by a few small reads: does the file end as its
// format requires? Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

enum class Completeness {
    complete,    // its end is where and what the format asks for
    incomplete,  // empty, truncated, or its tool stopped before it had finished
    unknown,     // the ends of this format prove nothing
};

struct CompletenessVerdict {
    Completeness state = Completeness::unknown;
    std::string_view format;  // "gzip", "zstd", "xz", "bzip2", "tar", "zip", "7z", "pg_dump",
                              // "mysqldump", "sqlite3", "lz4", "sqlite", "redis", "xbstream",
                              // "mongodump", "openpgp"; "": unknown
    std::string_view reason;  // for people: what is missing; empty if complete
};

// Returns up to `length` bytes at `offset`; fewer at the end of the file or on an error.
using ReadAt = std::function<std::string(uint64_t offset, size_t length)>;

// Judges by content, never by name. At most 4 Mi small reads (zstd: one for each block of a file).
// - gzip (RFC 1952): header, and a size in the trailer that the compressed size allows (weak).
// - zstd (RFC 8878): frame by frame, block by block, to the exact end of the file.
// - xz (file format 1.1.0): footer with its checksum, index, and the header the index points to.
// - bzip2: the end-of-stream mark, at any bit, before at most 7 bits of padding.
// - tar (POSIX): two blocks of zeros at the end, and a file among the members.
// - zip (APPNOTE 6.3): the end of central directory record.
// - 7z (7zFormat.txt): the end of the file is where the header says.
// - SQL: the last line of pg_dump, pg_dumpall, mysqldump, mariadb-dump and sqlite3's .dump.
// - SQLite, Redis, xbstream, mongodump: collectors/backups/parse/database_files.hpp.
// - lz4, OpenPGP, pg_dump's custom format: collectors/backups/parse/framed.hpp.
// Worthless, and so incomplete: an error message in place of a dump, an archive of directories and
// links alone, encrypted or compressed nothing.
CompletenessVerdict judge_ends(uint64_t size, const ReadAt& read_at);

// Judges the content of a compressed file, tar or SQL, by its first and last bytes (at least 512).
// Other content is `unknown`, with an empty format.
// `size`: of all of it; nullopt: not known.
CompletenessVerdict judge_content(std::string_view head, std::string_view tail,
                                  std::optional<uint64_t> size = {});

// True for text with the headings and closing lines that SqlDumps knows, and for pg_dump's own
// formats, which have none of these lines.
bool is_sql(std::string_view format);

// True for the formats that make_decompressor() knows.
bool is_compression(std::string_view format);

}  // namespace lastgood
