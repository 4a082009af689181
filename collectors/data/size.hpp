// How much space a piece of data takes, counted within bounds.
#pragma once

#include "collectors/data/local.hpp"
#include "collectors/data/piece.hpp"

namespace lastgood {

struct DataSize {
    double bytes = 0;
    bool complete = true;  // false: there is more, or some of it could not be read
};

// What one run may look at, for all pieces together.
struct SizeBudget {
    size_t names = 200'000;
    Seconds seconds = 30;
};

// Counts what the disk holds (of a recorded host: the sizes of the files), without other
// filesystems below it, at whose mount points it does not look, and follows no link. A mount's root
// costs one statvfs(2). Blocks as long as the disk does. Of a block device: what a guest may fill.
// Takes what it used from the budget.
DataSize size_of(const LocalFiles& files, const Piece& piece, SizeBudget& budget);

}  // namespace lastgood
