// /proc/mdstat, as Linux 2.6 to 6.x write it (drivers/md/md.c, md_seq_show and status_resync; each
// personality's status function).
#pragma once

#include <string_view>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"

namespace lastgood {

struct Mdstat {
    bool recognised =
        false;            // the text has mdstat's first or last line, or what looks like an array
    bool framed = false;  // it has mdstat's first or last line
    std::vector<MdArray> arrays;  // in the file's order
};

// Never fails: an array that it cannot make sense of is there with its `problem`, and hides no
// other. Lines that were wrapped or indented by a mail program are understood. Linear in the text's
// length.
//
// mdstat does not say which place a member has (its [N] is a number in the metadata): `slot` is set
// only where the numbers leave one possibility. Where more members are active than in sync, those
// with the highest numbers are taken to be the ones being rebuilt, since a member that joins gets a
// number above all others.
Mdstat parse_mdstat(std::string_view text);

}  // namespace lastgood
