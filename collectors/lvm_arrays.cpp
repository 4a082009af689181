#include "collectors/lvm_arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "collectors/parse/dm_raid.hpp"

namespace lastgood {

namespace {

constexpr Seconds patience = 10;
constexpr std::string_view image = "_rimage_";  // LVM's name for a leg of a RAID volume

std::string leg_name(std::string_view volume, int number) {
    return fmt::format("{}{}{}", volume, image, number);
}

}  // namespace

bool has_lvm_arrays(const Host& host) {
    const auto blocks = host.list("/sys/block").value_or(std::vector<std::string>{});
    return std::ranges::any_of(blocks, [&](const std::string& device) {
        if (!device.starts_with("dm-")) return false;
        const auto name = host.read_line("/sys/block/" + device + "/dm/name");
        return name && name->find(image) != std::string::npos;
    });
}

bool is_lvm_array(const Topology& topology, const BlockDevice& device) {
    const std::string first = leg_name(device.dm_name, 0);
    return !device.dm_name.empty() && std::ranges::any_of(topology.devices, [&](const auto& entry) {
        return entry.second.dm_name == first;
    });
}

std::string lvm_array_id(const Host& host, std::string_view device, std::string_view dm_name) {
    const auto uuid = host.read_line(fmt::format("/sys/block/{}/dm/uuid", device));
    return uuid && !uuid->empty() ? "dm-uuid-" + *uuid : fmt::format("dm-name-{}", dm_name);
}

Result<std::vector<LvmArray>> read_lvm_arrays(const Host& host, const Topology& topology) {
    std::map<std::string_view, const BlockDevice*> mapped;
    for (const auto& [name, device] : topology.devices)
        if (!device.dm_name.empty()) mapped.emplace(device.dm_name, &device);
    const bool any = std::ranges::any_of(mapped, [](const auto& entry) {
        return entry.first.find(image) != std::string_view::npos;
    });
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
        LvmArray array{"", one.name, std::move(one.array)};
        array.array.device = device != mapped.end() ? device->second->name : one.name;
        array.id = lvm_array_id(host, array.array.device, one.name);
        for (MdMember& member : array.array.members) {
            const auto leg = mapped.find(leg_name(one.name, member.number.value_or(0)));
            if (leg != mapped.end()) member.device = leg->second->name;
        }
        found.push_back(std::move(array));
    }
    return found;
}

}  // namespace lastgood
