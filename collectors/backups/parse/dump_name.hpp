// Files that look like dumps with a date in their name, and the glob that fits their like; the
// spacing of copies. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

// Whether a name ends like a dump or an archive: .sql .dump .tar .vma, each also compressed (.gz
// .zst .xz .bz2 .lz4 .lzo) and then encrypted (.gpg .age); .tgz.
bool is_dump_name(std::string_view name);

struct DatedName {
    std::string before;  // the name is before + date + after; the date begins with a digit
    std::string after;
    Timestamp time = 0;  // as find_time_in_name() has it
    bool whole_day = false;
};

// Where the time in a name lies. nothing: it holds none. At most O(length²).
std::optional<DatedName> split_dated_name(std::string_view name);

// Whether UTF-8 is valid: only then can a name be written in the configuration.
bool is_utf8(std::string_view text);

// The text as a part of a glob that fits just it (collectors/backups/parse/glob.hpp): what is
// special is escaped, a byte that is not UTF-8 becomes '?'.
std::string glob_literal(std::string_view text);

// The glob for dated names in a directory: "/srv/dumps/db-[0-9]*.sql.gz".
std::string dated_glob(std::string_view directory, const DatedName& name);

// Whether an absolute path fits a glob as the files backups mean it.
bool matches_path(std::string_view glob, std::string_view path);

// What the newest eight copies (any order) say of how far apart copies lie. Several streams in one
// place (three hosts each night) count as one round; the gaps that thinning out leaves among old
// copies do not count. nothing: fewer than three copies, or none five minutes apart.
std::optional<Seconds> usual_gap(std::vector<Timestamp> copies);

// max_age for copies so far apart: one and a half gaps, in whole hours.
Seconds limit_for_gap(Seconds gap);

}  // namespace lastgood
