#include "collectors/lvm_arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "collectors/parse/dm_raid.hpp"

namespace lastgood {

namespace {

constexpr Seconds patience = 10;
constexpr std::string_view image = "_rimage_";  // LVM's name for a leg of a RAID volume

}  // namespace

Result<std::vector<LvmArray>> read_lvm_arrays(const Host& host, const Topology& topology) {
    std::map<std::string_view, const BlockDevice*> mapped;
    bool any = false;
    for (const auto& [name, device] : topology.devices) {
        if (device.dm_name.empty()) continue;
        mapped.emplace(device.dm_name, &device);
        any = any || device.dm_name.find(image) != std::string::npos;
    }
    std::vector<LvmArray> found;
    if (!any) return found;
    const auto status =
        host.run({.arguments = {"dmsetup", "status", "--noflush", "--target", "raid"},
                  .deadline = patience,
                  .output_limit = 1024 * 1024});
    if (!status) return Failure(status.error());
    if (status->exit_status != 0)
        return fail(ErrorKind::failed,
                    fmt::format("dmsetup status ends with {}: {}", status->exit_status,
                                status->standard_error.substr(0, 200)));
    for (DmRaid& one : parse_dm_raid_status(status->standard_output)) {
        const auto device = mapped.find(one.name);
        LvmArray array{"dm-name-" + one.name, one.name, std::move(one.array)};
        array.array.device = device != mapped.end() ? device->second->name : one.name;
        if (auto uuid = host.read_line("/sys/block/" + array.array.device + "/dm/uuid");
            uuid && !uuid->empty())
            array.id = "dm-uuid-" + *uuid;
        for (MdMember& member : array.array.members) {
            const auto leg =
                mapped.find(fmt::format("{}{}{}", one.name, image, member.number.value_or(0)));
            if (leg != mapped.end()) member.device = leg->second->name;
        }
        found.push_back(std::move(array));
    }
    return found;
}

}  // namespace lastgood
