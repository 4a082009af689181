#include "core/array_identity.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view lvm_leg = "_rimage_";

}  // namespace

std::string md_array_id(std::string_view uuid) {
    return fmt::format("md-uuid-{}", uuid);
}

std::string md_array_id(const Host& host, std::string_view device) {
    const std::string directory = fmt::format("/sys/block/{}/md/", device);
    const auto uuid = host.read_line(directory + "uuid");
    if (!uuid) return {};
    const auto metadata = host.read_line(directory + "metadata_version");
    const std::string words = md_uuid_from_sysfs(*uuid, metadata && *metadata == "0.90");
    return words.empty() ? words : md_array_id(words);
}

std::string btrfs_array_id(std::string_view uuid) {
    return fmt::format("btrfs-{}", uuid);
}

std::string md_uuid_from_sysfs(std::string_view text, bool swapped) {
    std::string digits = to_lower(trim_end(text));
    std::erase(digits, '-');
    if (digits.size() != 32 || !consists_of(digits, hexadecimal_digits) || consists_of(digits, "0"))
        return {};
    std::string result;
    for (size_t word = 0; word < 4; ++word) {
        if (word > 0) result += ':';
        for (size_t byte = 0; byte < 4; ++byte)
            result += digits.substr(word * 8 + (swapped ? 3 - byte : byte) * 2, 2);
    }
    return result;
}

std::string lvm_volume_name(std::string_view dm_name) {
    std::string name;
    int separators = 0;
    for (size_t i = 0; i < dm_name.size(); ++i) {
        if (dm_name[i] != '-') {
            name += dm_name[i];
        } else if (i + 1 < dm_name.size() && dm_name[i + 1] == '-') {
            name += '-';
            ++i;
        } else {
            name += '/';
            ++separators;
        }
    }
    const bool whole = separators == 1 && name.front() != '/' && name.back() != '/';
    return whole ? name : std::string(dm_name);
}

std::string lvm_leg_name(std::string_view volume, int number) {
    return fmt::format("{}{}{}", volume, lvm_leg, number);
}

bool is_lvm_leg(std::string_view dm_name) {
    return contains(dm_name, lvm_leg);
}

bool has_lvm_arrays(const Host& host) {
    const auto blocks = host.list("/sys/block").value_or(std::vector<std::string>{});
    return std::ranges::any_of(blocks, [&](const std::string& device) {
        if (!device.starts_with("dm-")) return false;
        const auto name = host.read_line("/sys/block/" + device + "/dm/name");
        return name && is_lvm_leg(*name);
    });
}

bool is_lvm_array(const Topology& topology, const BlockDevice& device) {
    const std::string first = lvm_leg_name(device.dm_name, 0);
    return !device.dm_name.empty() && std::ranges::any_of(topology.devices, [&](const auto& entry) {
        return entry.second.dm_name == first;
    });
}

std::string lvm_array_id(const Host& host, std::string_view device, std::string_view dm_name) {
    const auto uuid = host.read_line(fmt::format("/sys/block/{}/dm/uuid", device));
    return uuid && !uuid->empty() ? "dm-uuid-" + *uuid : fmt::format("dm-name-{}", dm_name);
}

std::string array_id(const Host& host, const Topology& topology, const BlockDevice& device) {
    if (device.kind == BlockKind::md) {
        const std::string id = md_array_id(host, device.name);
        return id.empty() ? device.name : id;
    }
    return is_lvm_array(topology, device) ? lvm_array_id(host, device.name, device.dm_name) : "";
}

}  // namespace lastgood
