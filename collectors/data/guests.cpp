// Disks of guests outside the directories that are known: libvirt's and Proxmox VE's configurations
// name them.
#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "collectors/data/find.hpp"
#include "collectors/data/parse/libvirt_xml.hpp"
#include "collectors/data/parse/proxmox_config.hpp"
#include "collectors/data/vzdump_logs.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_guests = 1000;
constexpr const char* proxmox = "/etc/pve";

// What vzdump knows of a disk; of libvirt's nothing.
struct Vzdump {
    std::string guest, volume;
    bool included = true;  // by the guest's configuration
};

class Search {
  public:
    Search(const LocalFiles& files, const std::vector<Backup>& backups, std::vector<Piece>& pieces)
        : files_(files), backups_(backups), pieces_(pieces) {}

    void libvirt() {
        std::map<std::string, std::string> pools;  // by name: their directory
        each_xml("/etc/libvirt/storage", [&](const std::string& text) {
            if (const auto pool = parse_libvirt_pool(text)) pools[pool->name] = pool->path;
        });
        each_xml("/etc/libvirt/qemu", [&](const std::string& text) {
            const auto guest = parse_libvirt_guest(text);
            if (!guest) return;
            for (const GuestDisk& disk : guest->disks)
                if (!disk.path.empty())
                    add(disk.path);
                else if (const auto pool = pools.find(disk.storage); pool != pools.end())
                    add(fmt::format("{}/{}", pool->second, disk.volume));
        });
    }

    // Its configuration lies on a filesystem of FUSE, which may hang: a child reads it.
    void proxmox_ve() {
        const auto mount = files_.mount_of(proxmox);
        const auto name = files_.host().read_line("/proc/sys/kernel/hostname");
        if (mount == nullptr || mount->point != proxmox || !name) return;
        const std::string node(name->substr(0, name->find('.')));
        const std::string machines = fmt::format("{}/nodes/{}/qemu-server", proxmox, node);
        const std::string containers = fmt::format("{}/nodes/{}/lxc", proxmox, node);
        const std::string storage_cfg = fmt::format("{}/storage.cfg", proxmox);
        const auto output = files_.host().run(
            {.arguments = {"grep", "-rsH", "^", machines, containers, storage_cfg}, .deadline = 5});
        if (!output) return;
        std::map<std::string, std::string, std::less<>> texts;  // by path
        std::string_view rest = output->standard_output;
        while (!rest.empty()) {
            std::string_view line = take_line(rest);
            const std::string path(take_until(line, ':'));
            texts[path].append(line).append("\n");
        }
        const ProxmoxStorages storages = parse_proxmox_storages(texts[storage_cfg]);
        for (const auto& [path, text] : texts) {
            const bool machine = lies_below(path, machines);
            if (!path.ends_with(".conf") || (!machine && !lies_below(path, containers))) continue;
            std::string_view guest = last_component(path);
            guest.remove_suffix(std::string_view(".conf").size());
            for (const GuestDisk& disk : parse_proxmox_guest(
                     text, machine ? ProxmoxGuest::machine : ProxmoxGuest::container))
                add(path_of(disk, storages), {fmt::format("{}-{}", machine ? "qemu" : "lxc", guest),
                                              disk.key, disk.in_vzdump});
        }
    }

  private:
    template <class Read>
    void each_xml(const char* directory, Read read) const {
        const auto place = files_.find(directory);
        if (!place) return;
        size_t count = 0;
        for (const std::string& name : files_.names(*place)) {
            if (!name.ends_with(".xml")) continue;
            if (++count > most_guests) return;
            if (const auto text = files_.host().read(fmt::format("{}/{}", place->path, name)))
                read(*text);
        }
    }

    // Whether vzdump left it out, or will.
    bool is_left_out(const Vzdump& disk) const {
        return !disk.included || std::ranges::any_of(backups_, [&](const Backup& backup) {
            return backup.kind == BackupKind::vzdump &&
                   is_in_archive(files_, backup, disk.guest, disk.volume) == false;
        });
    }

    void add(const std::string& path, const Vzdump& disk = {}) {
        if (lies_below(path, "/dev")) return add_device(path, disk);
        const auto place = path.starts_with('/') ? files_.find(path) : std::nullopt;
        if (!place) return;
        const auto status = files_.host().status(place->path);
        if (!status || (status->kind != FileKind::regular && status->kind != FileKind::directory))
            return;
        if (Piece* around = piece_around(pieces_, *place)) {
            if (around->place.path == place->path || !is_left_out(disk)) return;
            around->without.push_back(place->path);
        }
        add_disk(*place, disk);
    }

    // Not what this host has mounted: the filesystem tells of that.
    void add_device(const std::string& path, const Vzdump& disk) {
        const Topology& topology = files_.topology();
        const auto node = files_.host().resolve(path);
        const BlockDevice* device =
            node ? topology.device(without_prefix(*node, "/dev/")) : nullptr;
        if (device == nullptr || std::ranges::find(topology.mounts, device->number,
                                                   &Mount::number) != topology.mounts.end())
            return;
        auto mount = std::make_shared<Mount>();
        mount->number = device->number;
        mount->root = "/";
        mount->point = path;
        mount->source = *node;
        add_disk({.path = path, .mount = mount.get()}, disk, mount);
    }

    void add_disk(Place place, const Vzdump& disk, std::shared_ptr<const Mount> device = nullptr) {
        add_piece(pieces_, {.kind = "guest-disk",
                            .title = "disk of a guest",
                            .place = std::move(place),
                            .guest = disk.guest,
                            .in_vzdump = disk.included,
                            .volume = disk.volume,
                            .device = std::move(device)});
    }

    const LocalFiles& files_;
    const std::vector<Backup>& backups_;
    std::vector<Piece>& pieces_;
};

}  // namespace

void find_guests(const LocalFiles& files, const std::vector<Backup>& backups,
                 std::vector<Piece>& pieces) {
    Search search(files, backups, pieces);
    search.libvirt();
    search.proxmox_ve();
}

}  // namespace lastgood
