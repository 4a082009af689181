#include "collectors/arrays/lvm.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "collectors/arrays/parse/dm_raid.hpp"
#include "core/array_identity.hpp"
#include "core/bytes.hpp"
#include "core/kernel_number.hpp"

namespace lastgood {

namespace {

constexpr Seconds dmsetup_deadline = 10;

}  // namespace

Result<std::vector<LvmArray>> read_lvm_arrays(const Host& host, const Topology& topology) {
    std::map<std::string_view, const BlockDevice*> mapped;
    for (const auto& [name, device] : topology.devices)
        if (!device.dm_name.empty()) mapped.emplace(device.dm_name, &device);
    const bool any =
        std::ranges::any_of(mapped, [](const auto& entry) { return is_lvm_leg(entry.first); });
    std::vector<LvmArray> found;
    if (!any) return found;
    const auto status =
        host.run({.arguments = {"dmsetup", "status", "--noflush", "--target", "raid"},
                  .deadline = dmsetup_deadline,
                  .output_limit = mib});
    if (!status) return Failure(status.error());
    if (status->exit_status != 0)
        return fail(ErrorKind::failed,
                    fmt::format("dmsetup status failed with exit status {}: {}",
                                status->exit_status, status->standard_error.substr(0, 200)));
    for (DmRaid& one : parse_dm_raid_status(status->standard_output)) {
        const auto device = mapped.find(one.name);
        LvmArray array{"", one.name, std::move(one.array)};
        array.array.device = device != mapped.end() ? device->second->name : one.name;
        array.id = lvm_array_id(host, array.array.device, one.name);
        if (array.id.starts_with("dm-uuid-LVM-")) array.name = lvm_volume_name(one.name);
        for (MdMember& member : array.array.members) {
            const auto leg = mapped.find(lvm_leg_name(one.name, member.number.value_or(0)));
            if (leg == mapped.end()) continue;
            member.device = leg->second->name;
            if (const auto sectors = host.read_line("/sys/class/block/" + member.device + "/size"))
                if (const auto size = parse_kernel_number(*sectors))
                    array.array.component_bytes = *size * 512;
        }
        found.push_back(std::move(array));
    }
    return found;
}

}  // namespace lastgood
