#include "collectors/data/parse/proxmox_config.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_disks = 1000;

// "scsi0" of {"scsi", …}: one of the words and a number.
template <size_t count>
bool is_numbered(std::string_view key, const std::array<std::string_view, count>& words) {
    return std::ranges::any_of(words, [&](std::string_view word) {
        const std::string_view number = key.substr(std::min(word.size(), key.size()));
        return key.starts_with(word) && !number.empty() && consists_of(number, decimal_digits);
    });
}

bool is_disk(std::string_view key, ProxmoxGuest kind) {
    constexpr std::array<std::string_view, 6> of_machine = {"ide",    "sata",    "scsi",
                                                            "virtio", "efidisk", "tpmstate"};
    constexpr std::array<std::string_view, 1> of_container = {"mp"};
    return kind == ProxmoxGuest::machine ? is_numbered(key, of_machine)
                                         : key == "rootfs" || is_numbered(key, of_container);
}

// The value of NAME=VALUE among options that commas divide.
std::string_view option(const std::vector<std::string_view>& options, std::string_view name) {
    for (const std::string_view one : options)
        if (one.starts_with(name) && one.substr(name.size()).starts_with('='))
            return one.substr(name.size() + 1);
    return {};
}

bool is_on(std::string_view value) {
    return value == "1" || value == "on" || value == "yes" || value == "true";
}

bool is_off(std::string_view value) {
    return value == "0" || value == "off" || value == "no" || value == "false";
}

// vzdump takes a machine's disks unless they say no, a container's root, and its other volumes only
// if they say so; directories of the host never.
bool is_in_vzdump(std::string_view key, const std::vector<std::string_view>& options,
                  ProxmoxGuest kind, bool on_storage) {
    const std::string_view backup = option(options, "backup");
    if (kind == ProxmoxGuest::machine) return !is_off(backup);
    return on_storage && (key == "rootfs" || is_on(backup));
}

}  // namespace

std::vector<GuestDisk> parse_proxmox_guest(std::string_view conf, ProxmoxGuest kind) {
    std::vector<GuestDisk> disks;
    while (!conf.empty() && disks.size() < most_disks) {
        std::string_view line = take_line(conf);
        if (line.starts_with('[')) break;  // of a snapshot
        const std::string_view key = trim(take_until(line, ':'));
        if (!is_disk(key, kind)) continue;
        const auto options = split(trim(line), ",");
        if (options.empty() || option(options, "media") == "cdrom") continue;
        std::string_view volume =
            option(options, kind == ProxmoxGuest::machine ? "file" : "volume");
        if (volume.empty()) volume = options.front();
        GuestDisk disk;
        if (volume.starts_with('/')) {
            disk.path = volume;
        } else {
            disk.storage = take_until(volume, ':');
            disk.volume = volume;
            if (disk.volume.empty() || disk.storage == "none") continue;
        }
        disk.key = key;
        disk.in_vzdump = is_in_vzdump(key, options, kind, disk.path.empty());
        disks.push_back(std::move(disk));
    }
    return disks;
}

ProxmoxStorages parse_proxmox_storages(std::string_view storage_cfg) {
    ProxmoxStorages storages = {{"local", {.type = "dir", .place = "/var/lib/vz", .mount = {}}}};
    ProxmoxStorage* storage = nullptr;
    while (!storage_cfg.empty()) {
        std::string_view line = take_line(storage_cfg);
        if (trim(line).empty() || line.starts_with('#')) continue;
        if (!is_space(line.front())) {
            const std::string_view type = trim(take_until(line, ':'));
            storage = &storages[std::string(trim(line))];
            *storage = {.type = std::string(type), .place = {}, .mount = {}};
            continue;
        }
        if (storage == nullptr) continue;
        line = trim(line);
        const std::string_view key = take_until(line, ' ');
        if (key == "path" || key == "vgname" || key == "pool") storage->place = trim(line);
        if (key == "mountpoint") storage->mount = trim(line);
        if (key == "content-dirs")
            if (const auto images = option(split(trim(line), ", "), "images"); !images.empty())
                storage->images = trim(images, "/");
    }
    return storages;
}

std::string path_of(const GuestDisk& disk, const ProxmoxStorages& storages) {
    if (!disk.path.empty()) return disk.path;
    const auto found = storages.find(disk.storage);
    if (found == storages.end() || found->second.place.empty()) return {};
    const ProxmoxStorage& storage = found->second;
    // A volume that was cloned has the name of its base before its own.
    const std::string_view name = last_component(disk.volume);
    if (storage.type == "lvm" || storage.type == "lvmthin")
        return fmt::format("/dev/{}/{}", storage.place, name);
    if (storage.type == "zfspool") {
        if (!name.starts_with("subvol-"))
            return fmt::format("/dev/zvol/{}/{}", storage.place, name);
        return storage.mount.empty() ? fmt::format("/{}/{}", storage.place, name)
                                     : fmt::format("{}/{}", storage.mount, name);
    }
    if ((storage.type != "dir" && storage.type != "btrfs") || !storage.place.starts_with('/'))
        return {};
    std::string_view guest = disk.volume;  // "101/NAME" or "100/base-100-disk-0.qcow2/101/NAME"
    guest.remove_suffix(std::min(name.size() + 1, guest.size()));
    std::string path = fmt::format("{}/{}/{}/{}", without_trailing_slashes(storage.place),
                                   storage.images, last_component(guest), name);
    if (storage.type == "btrfs" && path.ends_with(".raw")) path.insert(path.size() - 4, "/disk");
    return path;
}

}  // namespace lastgood
