// What backups prove about the filesystems on a drive: whether they could be restored. Pure.
#pragma once

#include <vector>

#include "core/preflight_arrays.hpp"

namespace lastgood {

// Adds to `result` the newest proven backup of each filesystem on the drive. Of a filesystem whose
// array is at stake, the lack of one forbids to pull the drive.
void judge_backups(const Judge& judge, const Subject& drive, const std::vector<JudgedArray>& arrays,
                   Preflight& result);

}  // namespace lastgood
