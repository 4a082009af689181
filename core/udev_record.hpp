// What udev found out about a block device: its file in /run/udev/data.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"

namespace lastgood {

struct UdevRecord {
    std::map<std::string, std::string, std::less<>>
        properties;                  // "ID_MODEL", as udev writes them: blanks are often '_'
    std::vector<std::string> links;  // below /dev: "disk/by-id/…"

    std::string property(std::string_view name) const;  // "" when there is none
};

// The lines of such a file: "E:NAME=value" and "S:link" (systemd 252, sd-device's
// device-private.c); others are of no use here.
UdevRecord parse_udev_record(std::string_view text);

// `number`: of a block device, "8:0". Empty without udev (a container), or when udev does not know
// it yet.
UdevRecord read_udev_record(const Host& host, std::string_view number);

}  // namespace lastgood
