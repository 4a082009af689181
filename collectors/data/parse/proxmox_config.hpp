// Proxmox VE's configuration of guests (qm.conf(5), pct.conf(5)) and of storages. Pure: lines that
// are malformed say nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/data/parse/guest_disk.hpp"

namespace lastgood {

enum class ProxmoxGuest { machine, container };

// The disks that a guest has now, without CDs, and not those of its snapshots.
std::vector<GuestDisk> parse_proxmox_guest(std::string_view conf, ProxmoxGuest kind);

// Of a storage by its name.
struct ProxmoxStorage {
    std::string type;               // "dir", "lvmthin", …
    std::string place;              // a directory, a volume group, or a pool of ZFS
    std::string mount;              // of a pool of ZFS: where it is mounted, if that is said
    std::string images = "images";  // below the directory: content-dirs may say another one
};
using ProxmoxStorages = std::map<std::string, ProxmoxStorage, std::less<>>;
// storage.cfg; with the storage `local`, which is there also if it is not named.
ProxmoxStorages parse_proxmox_storages(std::string_view storage_cfg);

// Where the disk lies on this host; empty: not known, or on none of its filesystems and devices.
std::string path_of(const GuestDisk& disk, const ProxmoxStorages& storages);

}  // namespace lastgood
