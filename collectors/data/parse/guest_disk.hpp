// A disk of a guest, as the configuration of its hypervisor names it.
#pragma once

#include <string>

namespace lastgood {

struct GuestDisk {
    std::string path;          // of a file, a directory or a device node; empty: `storage` tells
    std::string storage = {};  // a pool of libvirt, or a storage of Proxmox VE
    std::string volume = {};   // its name there
    bool in_vzdump = true;     // false: vzdump leaves it out
    std::string key = {};      // "scsi0", "rootfs": of Proxmox VE

    bool operator==(const GuestDisk&) const = default;
};

}  // namespace lastgood
