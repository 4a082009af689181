// Recognises files named like dumps with a date, makes a glob for such a series, and estimates the
// interval between copies. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// Whether a name ends like a dump or an archive: .sql .dump .tar .vma .tgz; optionally compressed
// (.gz .zst .xz .bz2 .lz4 .lzo) and then encrypted (.gpg .age).
bool is_dump_name(std::string_view name);

struct DatedName {
    std::string before;  // the name is before + date + after; the date begins with a digit
    std::string after;
    Timestamp time = 0;  // by find_time_in_name()
    bool whole_day = false;
};

// Splits a name at its time. nullopt: it holds none. At most O(length²).
std::optional<DatedName> split_dated_name(std::string_view name);

// The text as part of a glob that matches only this text (core/glob.hpp).
// Escapes special characters; a byte that is not UTF-8 becomes '?'.
std::string glob_literal(std::string_view text);

// The glob for dated names in a directory: "/srv/dumps/db-[0-9]*.sql.gz".
std::string dated_glob(std::string_view directory, const DatedName& name);

// Whether a glob of a "files" backup matches an absolute path.
bool matches_path(std::string_view glob, std::string_view path);

// The usual interval between copies, from the newest eight (in any order). Several streams in one
// place (three hosts each night) count as one round. Long gaps between old copies do not count: a
// retention policy leaves them. nullopt: fewer than three copies, or an interval below 5 minutes.
std::optional<Seconds> usual_gap(std::vector<Timestamp> copies);

// A max_age for this interval: about one and a half intervals, in whole hours; at least 1 h.
Seconds limit_for_gap(Seconds gap);

}  // namespace lastgood
