// What an md array means, as observations. Shared by the collector and by `lastgood explain`.
#pragma once

#include <string>
#include <string_view>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/observation.hpp"
#include "core/topology.hpp"

namespace lastgood {

// "md-uuid-01234567:…" as udev names it in /dev/disk/by-id; without a UUID the device name.
std::string array_id(const MdArray& array);

// Completes what sysfs says by what mdstat says of the same array: that it waits for its first
// write, what is left to do, and whatever sysfs (an older kernel's) does not have.
void complete_from_mdstat(MdArray& array, const MdArray& mdstat);

// True for arrays that are only a name: nothing was ever put into them.
bool is_empty_array(const MdArray& array);

// All but what needs a memory (the time of the last check). `topology` may be null: drives are then
// unknown. `name` is mdadm's name of the array, may be empty.
void observe_array(const MdArray& array, std::string_view id, std::string_view name,
                   const Topology* topology, Timestamp now, Sink& sink);

}  // namespace lastgood
