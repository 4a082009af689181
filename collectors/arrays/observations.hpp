// Observations of an md array, for the collector and for `lastgood explain`. Pure.
#pragma once

#include <string>
#include <string_view>

#include "collectors/arrays/parse/md_array.hpp"
#include "core/observation.hpp"
#include "core/topology.hpp"

namespace lastgood {

// "md-uuid-01234567:…", udev's name in /dev/disk/by-id; without a UUID the device name.
std::string array_id(const MdArray& array);

// Adds what only mdstat shows of an array read from sysfs: that it waits for its first write, the
// remaining time, and everything that the sysfs of an older kernel lacks.
void complete_from_mdstat(MdArray& array, const MdArray& mdstat);

// True for an array that has no members and never had any.
bool is_empty_array(const MdArray& array);

// True for an array that is not assembled yet, or not wholly, and does not tell its UUID: its
// device name is of the moment, and it may become another array.
bool is_nameless(const MdArray& array);

// Writes all observations but the last check, for which the collector keeps state. `topology` may
// be nullptr: the drives are then unknown. `name` is mdadm's name of the array; it may be empty.
// One that is_nameless() is told, but not as one that would be missed.
void observe_array(const MdArray& array, std::string_view id, std::string_view name,
                   const Topology* topology, Timestamp now, Sink& sink);

}  // namespace lastgood
