// libvirt's definitions of guests and of storage pools ("Domain XML format", "Storage pool and
// volume XML format"). Pure. Malformed text and text with a document type say nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/data/parse/guest_disk.hpp"

namespace lastgood {

struct LibvirtGuest {
    std::string name;
    // Disks that it writes to: no CDs and floppies, none that is read-only, transient or on the
    // network.
    std::vector<GuestDisk> disks;
};
// nullopt: it is no definition of a guest.
std::optional<LibvirtGuest> parse_libvirt_guest(std::string_view xml);

struct LibvirtPool {
    std::string name, path;
};
std::optional<LibvirtPool> parse_libvirt_pool(std::string_view xml);

}  // namespace lastgood
