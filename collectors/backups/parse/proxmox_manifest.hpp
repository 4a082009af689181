// Parses the manifest of a snapshot in Proxmox Backup Server, index.json.blob (its file formats,
// version 1.0; never encrypted). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct ProxmoxManifest {
    std::vector<std::string> files;  // names in the snapshot's directory, without '/'
    double size = 0;                 // of their content, bytes
    bool verify_failed = false;      // the last verification found damage
};

// malformed: not a blob, cut off, or not a manifest.
Result<ProxmoxManifest> parse_proxmox_manifest(std::string_view blob);

// The time of a snapshot by its name, "2026-11-26T12:14:08Z". nullopt: another name.
std::optional<Timestamp> parse_proxmox_snapshot_name(std::string_view name);

}  // namespace lastgood
