#include "collectors/latency/groups.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/text.hpp"

namespace lastgood {

namespace {

// Drive-managed SMR, after the makers' lists of 2020 (Western Digital, Seagate, Toshiba). They
// neither say "zoned" nor all take discards. Beginnings of models, without the maker's name.
constexpr std::array shingled_models{
    "WD20EFAX",    "WD30EFAX",     "WD40EFAX",     "WD60EFAX",    "WD20EZAZ",    "WD60EZAZ",
    "ST2000DM008", "ST3000DM007",  "ST4000DM004",  "ST4000DM005", "ST6000DM003", "ST8000DM004",
    "ST5000DM000", "ST8000AS0002", "ST8000AS0022", "ST4000LM024", "ST5000LM000", "ST2000LM015",
    "ST1000LM048", "HDWD240",      "HDWD260",      "MQ04ABF100",
};

bool has_part_of(const Topology& topology, const std::string& device, const std::string& drive) {
    return topology.drives_under(device).contains(drive);
}

std::string use_of(const Topology& topology, const std::string& drive) {
    std::set<std::string> types;
    for (const Mount& mount : topology.mounts)
        if (topology.drives_under_mount(mount).contains(drive)) types.insert(mount.type);
    std::string text;
    for (const std::string& type : types) text += (text.empty() ? "with " : " and ") + type;
    return text.empty() ? "without a filesystem of its own" : text;
}

struct Place {
    std::string name, others;
};

Place place_of(const Topology& topology, const std::string& id, const Drive& drive) {
    std::string array;
    size_t most = 1;
    for (const std::string& one : arrays_of(topology, id)) {
        const size_t size = topology.drives_under(one).size();
        if (size > most) {
            array = one;
            most = size;
        }
    }
    if (!array.empty()) return {array, "on its siblings"};
    for (const auto& [device, members] : topology.btrfs_devices) {
        if (members.size() < 2 || !has_part_of(topology, device, id)) continue;
        const auto uuid = topology.btrfs_uuids.find(device);
        if (uuid != topology.btrfs_uuids.end()) return {"btrfs " + uuid->second, "on its siblings"};
    }
    if (drive.model.empty()) return {id, "on other drives"};
    return {drive.model + " " + use_of(topology, id), "on drives of its model"};
}

}  // namespace

std::vector<std::string> arrays_of(const Topology& topology, const std::string& drive) {
    std::vector<std::string> arrays;
    for (const auto& [name, device] : topology.devices)
        if (device.kind == BlockKind::md && has_part_of(topology, name, drive))
            arrays.push_back(name);
    return arrays;
}

DriveClass class_of(const Drive& drive) {
    if (drive.rotational) return DriveClass::rotating;
    return drive.transport == Transport::nvme ? DriveClass::nvme : DriveClass::ssd;
}

std::vector<DriveGroup> find_groups(const Topology& topology) {
    std::map<std::string, DriveGroup> groups;
    for (const auto& [id, drive] : topology.drives) {
        const Place place = place_of(topology, id, drive);
        DriveGroup& group = groups[place.name];
        group.name = place.name;
        group.others = place.others;
        group.members.push_back({id, drive.model, class_of(drive)});
    }
    std::vector<DriveGroup> found;
    found.reserve(groups.size());
    for (auto& [name, group] : groups) found.push_back(std::move(group));
    return found;
}

bool is_shingled(const Host& host, const Drive& drive) {
    const auto zoned = host.read_line(drive.sysfs + "/queue/zoned");
    if (zoned && *zoned != "none") return true;
    if (!drive.rotational) return false;
    // Virtual drives say that they rotate, and take discards.
    const bool real = drive.transport == Transport::sata || drive.transport == Transport::sas ||
                      drive.transport == Transport::usb;
    const auto discards = host.read_number(drive.sysfs + "/queue/discard_max_bytes");
    if (real && discards && *discards > 0) return true;
    const auto bare = [](std::string_view model) {
        return without_prefix(without_prefix(model, "WDC "), "TOSHIBA ");
    };
    return std::ranges::any_of(shingled_models, [&](std::string_view model) {
        return bare(drive.model).starts_with(model);
    });
}

}  // namespace lastgood
