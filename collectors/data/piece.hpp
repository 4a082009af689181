// A piece of data that is worth a backup.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/place.hpp"

namespace lastgood {

struct Piece {
    std::string kind;   // "postgresql", "home": the first word of its id
    std::string title;  // "PostgreSQL data", "home directories"
    Place place;        // its mount is local, never nullptr
    // A database: copies of its files while a server runs on them are no backup.
    bool is_database = false;
    bool is_running = false;   // a server runs on it
    bool is_precious = false;  // the setting `precious` names it
    // Paths below it that are not part of it: places of backups, and what is a piece of its own.
    std::vector<std::string> without = {};
    std::string guest = {};   // "qemu-101": the guest of Proxmox VE whose disk it is
    bool in_vzdump = true;    // false: a disk that vzdump leaves out, by the guest's configuration
    std::string volume = {};  // "scsi1": the disk in that
    // A block device, not a place on a filesystem: what the mount of its place is, with its number
    // and the resolved path of its node as the source.
    std::shared_ptr<const Mount> device = nullptr;

    std::string id() const { return kind + " " + place.path; }
};

}  // namespace lastgood
