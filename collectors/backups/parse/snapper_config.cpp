// A configuration of snapper, assignments of a shell. Source: snapper-configs(5).
#include "collectors/backups/parse/tool_job.hpp"

namespace lastgood {

std::vector<ToolJob> parse_snapper_config(std::string_view text) {
    ShellVariables variables = variables_in(text);
    const std::string& subvolume = variables["SUBVOLUME"];
    const std::string& filesystem = variables["FSTYPE"];
    if (!is_told(subvolume) || !subvolume.starts_with('/') || variables["TIMELINE_CREATE"] != "yes")
        return {};
    if (!filesystem.empty() && filesystem != "btrfs") return {};
    return {{.kind = BackupKind::snapper,
             .tool = "snapper",
             .location = subvolume,
             .covers = {subvolume},
             .remarks = {"These snapshots lie on the filesystem of their source, and go with its "
                         "drive."}}};
}

}  // namespace lastgood
