// Disks of guests outside the directories that are known: libvirt's and Proxmox VE's configurations
// name them.
#include <fmt/format.h>

#include "collectors/data/find.hpp"
#include "collectors/data/parse/libvirt_xml.hpp"
#include "collectors/data/parse/proxmox_config.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_guests = 1000;
constexpr const char* proxmox = "/etc/pve";

class Search {
  public:
    Search(const LocalFiles& files, std::vector<Piece>& pieces) : files_(files), pieces_(pieces) {}

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
                    add(disk.path, true);
                else if (const auto pool = pools.find(disk.storage); pool != pools.end())
                    add(fmt::format("{}/{}", pool->second, disk.volume), true);
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
            for (const GuestDisk& disk : parse_proxmox_guest(
                     text, machine ? ProxmoxGuest::machine : ProxmoxGuest::container))
                add(path_of(disk, storages), disk.in_vzdump);
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

    void add(const std::string& path, bool in_vzdump) {
        const auto place = path.starts_with('/') ? files_.find(path) : std::nullopt;
        if (!place) return;
        const auto status = files_.host().status(place->path);
        if (!status || (status->kind != FileKind::regular && status->kind != FileKind::directory))
            return;
        if (Piece* around = piece_around(pieces_, *place)) {
            if (in_vzdump || around->place.path == place->path) return;
            around->without.push_back(place->path);
        }
        add_piece(pieces_, {.kind = "guest-disk",
                            .title = "disk of a guest",
                            .place = *place,
                            .in_vzdump = in_vzdump});
    }

    const LocalFiles& files_;
    std::vector<Piece>& pieces_;
};

}  // namespace

void find_guests(const LocalFiles& files, std::vector<Piece>& pieces) {
    Search search(files, pieces);
    search.libvirt();
    search.proxmox_ve();
}

}  // namespace lastgood
