// Which drives should be equally quick: the members of one array, or drives of one model with the
// same use. Pure, but for is_shingled().
#pragma once

#include <string>
#include <vector>

#include "collectors/latency/judge/siblings.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct DriveGroup {
    std::string name;  // "md0", "btrfs UUID", "ST4000NM0035 with ext4"; unique
    // What a finding calls the others: "on its siblings".
    std::string others;
    std::vector<MemberTraits> members;  // sorted by id
};

// Each drive is in exactly one group, alone if it has no siblings. A drive in several arrays
// belongs to the one with most members.
std::vector<DriveGroup> find_groups(const Topology& topology);

// The names of the md arrays that have a part of the drive.
std::vector<std::string> arrays_of(const Topology& topology, const std::string& drive);

DriveClass class_of(const Drive& drive);

// Whether the drive rewrites whole zones (SMR): it says so (queue/zoned), or it rotates and takes
// discards, which only shingled drives do, or it is one of the models whose makers confirmed it.
// Reads sysfs.
bool is_shingled(const Host& host, const Drive& drive);

}  // namespace lastgood
