// Disks of a cloud that are lost when the machine is stopped or moved.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// By the model that the drive reports. Pure.
bool is_ephemeral_model(std::string_view model);

// Ids of the ephemeral drives, by links of the clouds' udev rules, and by their models.
std::set<std::string> ephemeral_drives(const Host& host, const Topology& topology);

// Whether a filesystem lies in memory, or on one of these drives, or says itself that it is lost
// with the machine: it, or one that it lies on by a loop device or an overlay. Nothing is looked at
// on a mount that may hang.
bool lies_on_ephemeral_disk(const Host& host, const Topology& topology, const Mount& mount,
                            const std::set<std::string>& ephemeral_drives);

// What stands in place of a failure domain for copies on such a disk.
inline constexpr std::string_view ephemeral_domain = "ephemeral";

// In the root of a filesystem: Azure says with it that the disk is lost.
inline constexpr std::string_view loss_warning = "DATALOSS_WARNING_README.txt";

}  // namespace lastgood
