// Parses what dirvish writes beside an image's tree as its index: the output of "find TREE -ls", a
// line for each name. Pure.
#pragma once

#include <string_view>

namespace lastgood {

struct DirvishIndex {
    double entries = 0;  // names of any kind, the tree itself included
    double bytes = 0;    // of regular files
};

// Adds whole lines; returns what comes behind the last of them.
std::string_view add_dirvish_index(std::string_view text, DirvishIndex& index);

}  // namespace lastgood
