// /sys/block/mdX/md, after Linux Documentation/admin-guide/md.rst and drivers/md/md.c.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/host.hpp"

namespace lastgood {

// "4", or "11 (10)" during a reshape: the new value and the old one. Also of `layout` and
// `chunk_size`.
struct MdNewAndOld {
    int now = 0;
    std::optional<int> before;
};
std::optional<MdNewAndOld> parse_md_number(std::string_view text);

// "1569888 / 2093056": done and all, in sectors. "none" and "delayed" are no pair.
std::optional<std::pair<double, double>> parse_md_completed(std::string_view text);

// A member's `state`, a comma-separated list, and its `slot` ("none", "journal" or a number).
void parse_md_member_state(std::string_view state, std::string_view slot, MdMember& member,
                           std::string& problem);

// Reads the array `device` ("md0"). Error only if there is no such md directory; files that are not
// there are values that the array does not have, those that cannot be read or understood are its
// `problem`.
Result<MdArray> read_md_sysfs(const Host& host, const std::string& device);

}  // namespace lastgood
