// Decides whether the arrays that a drive is a member of can do without it. Pure; a part of
// preflight().
#pragma once

#include <string>
#include <vector>

#include "core/judgement.hpp"
#include "core/preflight.hpp"

namespace lastgood {

struct JudgedArray {
    std::string id;
    bool at_stake;  // with the drive gone, one more failure loses data
};

// Adds to `result` what each array of the drive says about pulling it.
std::vector<JudgedArray> judge_arrays(const Judge& judge, const Subject& drive, Preflight& result);

// "sdb (MODEL, serial SERIAL)".
std::string drive_name(const Subject& drive);

}  // namespace lastgood
