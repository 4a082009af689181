// Parses /proc/mdstat of Linux 2.6 to 6.x (drivers/md/md.c, md_seq_show and status_resync; the
// personalities' status functions). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

struct Mdstat {
    bool recognised = false;      // `framed`, or there is something like an array
    bool framed = false;          // the text has mdstat's first or last line
    std::vector<MdArray> arrays;  // in the order of the text
};

// Never fails: a malformed array has a `problem` and does not affect the others. Accepts lines that
// a mail program has wrapped or indented. Linear time.
//
// mdstat does not print a member's slot ([N] is its number in the metadata): `slot` is set only if
// the numbers leave one possibility. If more members are active than in sync, those with the
// highest numbers count as rebuilding, because a new member gets the highest number.
Mdstat parse_mdstat(std::string_view text);

}  // namespace lastgood
