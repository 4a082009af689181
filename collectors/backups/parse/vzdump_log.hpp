// Recognises vzdump's archives (Proxmox VE 4 to 8) and parses the log that it writes beside each.
// Pure, but for the local time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

enum class VzdumpFile { archive, log, unfinished };

struct VzdumpName {
    std::string guest;    // "qemu-100", "lxc-101"
    Timestamp start = 0;  // the name's time, local to the host that made it
    std::string stem;     // "vzdump-qemu-100-2026_04_22-08_36_31"
    VzdumpFile file = VzdumpFile::archive;
};

// nullopt: another file, also the notes and the mark of protection beside an archive.
std::optional<VzdumpName> parse_vzdump_name(std::string_view name);

struct VzdumpLog {
    bool finished = false;               // "Finished Backup of VM 100 (00:01:23)"
    std::string error;                   // the first one; empty: none
    std::optional<Seconds> duration;     // of a finished one
    std::optional<double> archive_size;  // bytes, as precise as "532MB"
};

// The log of one guest. Lines may begin with a time.
VzdumpLog parse_vzdump_log(std::string_view text);

}  // namespace lastgood
