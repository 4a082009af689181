// Reads a commit from git's packs and names, as bup writes them (git: gitformat-pack(5), version 2
// of the index). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/backups/parse/completeness.hpp"
#include "core/time.hpp"

namespace lastgood {

// 40 lower-case hexadecimal digits.
bool is_git_id(std::string_view text);

// Where the pack of this index holds the object. nullopt: it does not, or it is no such index.
// About 20 small reads.
std::optional<uint64_t> find_in_pack_index(std::string_view id, const ReadAt& index);

// The text of a commit at this place of a pack. nullopt: another type (also a commit as the
// difference from another object, which bup does not write), or damaged. At most 64 KiB.
std::optional<std::string> read_packed_commit(uint64_t offset, const ReadAt& pack);

// The time of "committer NAME <MAIL> 1795695083 +0000".
std::optional<Timestamp> parse_commit_time(std::string_view commit);

struct ReflogEntry {
    std::string id;  // of the commit that the branch has since
    Timestamp time = 0;
};
// The last line of logs/refs/heads/NAME. nullopt: there is none.
std::optional<ReflogEntry> parse_last_reflog_entry(std::string_view text);

}  // namespace lastgood
