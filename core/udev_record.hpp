// Reads udev's record of a block device in /run/udev/data.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"

namespace lastgood {

struct UdevRecord {
    std::map<std::string, std::string, std::less<>>
        properties;                  // "ID_MODEL", as udev writes them, often with '_' for blanks
    std::vector<std::string> links;  // below /dev: "disk/by-id/…"
    // When udev first saw the device, in seconds of CLOCK_MONOTONIC; 0: unknown. A device that
    // takes the name of a removed one has a time of its own.
    double initialized = 0;

    std::string property(std::string_view name) const;  // "" if absent
};

// Parses the lines "E:NAME=value", "S:link" and "I:microseconds" (systemd 252, sd-device's
// device-private.c); ignores all others. Pure.
UdevRecord parse_udev_record(std::string_view text);

// `number` is the block device's "major:minor" ("8:0"). Empty without udev (a container), or if
// udev does not know the device yet.
UdevRecord read_udev_record(const Host& host, std::string_view number);

}  // namespace lastgood
