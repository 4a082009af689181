// Which volumes of a guest vzdump's log says are in the archive. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace lastgood {

struct VzdumpVolumes {
    bool finished = false;           // the archive is whole
    std::set<std::string> included;  // "scsi0", "rootfs", "mp0"
    std::set<std::string> excluded;

    bool operator==(const VzdumpVolumes&) const = default;
};

// The log of one guest, of Proxmox VE 5 to 8: "include disk 'scsi0' …", "exclude disk 'scsi1' …",
// "including mount point mp0 …", "excluding volume mount point mp1 …". Lines may begin with a time.
VzdumpVolumes parse_vzdump_volumes(std::string_view log);

}  // namespace lastgood
