// Reads what tells whether a filesystem went on: only /proc, /sys and the udev database, so that no
// drive wakes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "collectors/witnesses/judge.hpp"
#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// "" if nothing tells it. Of a real host it may ask the filesystem itself, which does not read its
// drives.
std::string filesystem_uuid(const Host& host, const Topology& topology, const Mount& mount);

// What counts in the filesystem, by the name of the witness; `at` is now.
std::map<std::string, Sighting> sightings_of(const Host& host, const Topology& topology,
                                             const Mount& mount);

// Whether the mount is in the later table as it was: its device was its own all the time between.
bool is_still_mounted(const std::vector<Mount>& later, const Mount& mount);

// Whether the filesystem that a device had is mounted nowhere any more, and the device is still
// there: all of it has reached the disk.
bool was_put_away(const Host& host, const std::string& device, const std::string& uuid);

}  // namespace lastgood
