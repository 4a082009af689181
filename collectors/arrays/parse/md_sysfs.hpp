// Reads md arrays from /sys/block/mdX/md (kernel documentation, admin-guide/md.rst;
// drivers/md/md.c).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/host.hpp"

namespace lastgood {

// raid_disks, layout and chunk_size: "4", or "11 (10)" during a reshape: the new and the old value.
struct MdNewAndOld {
    int now = 0;
    std::optional<int> before;
};
std::optional<MdNewAndOld> parse_md_number(std::string_view text);

// sync_completed, "1569888 / 2093056": sectors done and in all; nullopt for "none" and "delayed".
std::optional<std::pair<double, double>> parse_md_completed(std::string_view text);

// Sets the state, flags and slot of a member from its files `state` (a comma-separated list) and
// `slot` ("none", "journal" or a number). An unknown word goes to `problem` if that is empty.
void parse_md_member_state(std::string_view state, std::string_view slot, MdMember& member,
                           std::string& problem);

// Reads the array `device` ("md0"). Reads sysfs only, which does not wait for the drives. Error:
// the md directory cannot be listed (absent if there is none). A missing file is an absent value; a
// file that cannot be read or parsed is the array's `problem`.
Result<MdArray> read_md_sysfs(const Host& host, const std::string& device);

}  // namespace lastgood
