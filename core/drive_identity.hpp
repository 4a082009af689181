// Says which block devices are drives, and identifies a drive: stable id, model, serial, transport.
// Reads sysfs and the udev database; never opens the device.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// The kind of a block device, by its kernel name: "sda", "dm-0". Pure.
BlockKind block_kind(std::string_view name, bool is_partition);

// Whether devices of this kind are drives. `loops_are_drives`: loop devices are (for tests). Pure.
bool is_drive(BlockKind kind, bool loops_are_drives);

// `name` is the kernel's ("sda"), `sysfs` the resolved /sys/devices/…/block/NAME, `number` its
// "major:minor". Fields that cannot be read stay empty. Source: sysfs (model, serial, wwid, VPD
// pages), then udev's ID_* properties.
Drive identify_drive(const Host& host, const std::string& name, const std::string& sysfs,
                     const std::string& number);

// Finds one drive by its "wwn-…" id without reading the whole topology: a host with hundreds of
// drives starts one process per drive. nullopt: no drive or more than one has this WWN (multipath,
// cheap bridges); then read the whole topology.
std::optional<Drive> identify_drive_by_wwn(const Host& host, std::string_view id);

// The id of a drive that identifies itself: "wwn-0x…", else "MODEL_SERIAL" or "SERIAL"; empty if it
// has neither a WWN ("0x…") nor a serial. A namespace's WWN is not the drive's: leave it out. Pure.
std::string make_drive_id(std::string_view wwn, std::string_view model, std::string_view serial);

// Text as a part of an id: cleaned, with '_' for blanks. Pure.
std::string id_part(std::string_view text);

// Reads the ATA Information VPD page (SAT-3, page 0x89), whose bytes 60…571 are IDENTIFY DEVICE
// data (ACS-3: words 10–19 serial, 23–26 firmware, 27–46 model, 108–111 WWN). Fields that are
// absent stay empty; a page of another kind gives all of them empty. Pure.
struct AtaIdentity {
    std::string model, serial, firmware, wwn;
};
AtaIdentity parse_ata_information_page(std::string_view page);

// Removes leading, trailing and repeated blanks and everything from a NUL on; replaces what is not
// printable ASCII with '_'. Pure.
std::string clean_identity(std::string_view text);

}  // namespace lastgood
