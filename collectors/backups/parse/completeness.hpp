// Whether a copy's file ends as its format says a finished file ends, from a few small reads: a
// truncated backup is told from a whole one without reading it whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace lastgood {

enum class Completeness {
    complete,    // its end is where and what the format asks for
    incomplete,  // empty, truncated, or ended before its tool had finished
    unknown,     // the format carries no proof that can be read at its ends
};
std::string_view to_string(Completeness completeness);

struct CompletenessVerdict {
    Completeness state = Completeness::unknown;
    std::string_view format;  // "gzip", "zstd", "xz", "bzip2", "tar", "zip", "7z", "pg_dump",
                              // "mysqldump"; "" unknown
    std::string_view reason;  // for people: what is missing; empty when complete
};

// Up to `length` bytes at `offset`; fewer at the end or when they cannot be read.
using ReadAt = std::function<std::string(uint64_t offset, size_t length)>;

// Judges by content, never by name. At most 4 Mi small reads (zstd: one for each block of a file).
//   gzip   RFC 1952: header, and a size in the trailer that the compressed size allows (a weak
//   sign) zstd   RFC 8878: frame by frame, block by block, to the exact end of the file xz     the
//   file format 1.1.0: footer with its checksum, index, and the header the index points to bzip2
//   the end-of-stream mark, at any bit, before at most 7 bits of padding tar    POSIX: two blocks
//   of zeros at the end zip    APPNOTE 6.3: the end of central directory record 7z 7zFormat.txt:
//   where the header says that the file ends SQL    the closing line of pg_dump, pg_dumpall,
//   mysqldump and mariadb-dump
CompletenessVerdict judge_ends(uint64_t size, const ReadAt& read_at);

// The same for what a compressed file holds, from its first and last bytes (512 and more): tar and
// SQL. `unknown` with an empty format when it is neither.
CompletenessVerdict judge_content(std::string_view head, std::string_view tail);

// Formats whose content can be unpacked with a Decompressor.
bool is_compression(std::string_view format);

}  // namespace lastgood
