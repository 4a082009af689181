// Who a drive is: stable id, model, serial, transport, from sysfs and the udev database, without
// opening the device.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// `sysfs` is the resolved /sys/devices/…/block/NAME, `number` its "major:minor".
Drive identify_drive(const Host& host, const std::string& name, const std::string& sysfs,
                     const std::string& number);

// The drive of a "wwn-…" id, without looking closely at any other: of hundreds of drives each is
// asked for its health by a process of its own. Nothing when none has that WWN, or two have it
// (multipath, cheap bridges): then the whole topology tells.
std::optional<Drive> identify_drive_by_wwn(const Host& host, std::string_view id);

// "wwn-0x…", else "MODEL_SERIAL", else "unstable-PATH".
std::string make_drive_id(const Drive& drive, std::string_view path);

// Identity in the ATA Information VPD page (SAT-3, page 0x89), whose bytes 60…571 are the drive's
// IDENTIFY DEVICE data (ACS-3: words 10–19 serial, 23–26 firmware, 27–46 model, 108–111 WWN).
// Fields that are not there stay empty.
struct AtaIdentity {
    std::string model, serial, firmware, wwn;
};
AtaIdentity parse_ata_information_page(std::string_view page);

// Text with leading, trailing and doubled blanks removed; what is not printable ASCII becomes '_'.
std::string clean_identity(std::string_view text);

}  // namespace lastgood
