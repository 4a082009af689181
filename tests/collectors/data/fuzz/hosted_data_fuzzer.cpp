// The parsers of what containers and guests say about directories and disks of this host.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/data/parse/container_config.hpp"
#include "collectors/data/parse/libvirt_xml.hpp"
#include "collectors/data/parse/proxmox_config.hpp"
#include "collectors/data/parse/vzdump_volumes.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto parse :
         {docker_data_root, docker_volume_device, podman_graph_root, podman_volume_path}) {
        const std::string path = parse(text);
        require(path.empty() || path.starts_with('/'));
    }
    for (const auto parse : {docker_binds, oci_binds})
        for (const std::string& path : parse(text)) require(path.starts_with('/'));
    if (const auto guest = parse_libvirt_guest(text))
        for (const GuestDisk& disk : guest->disks)
            require(disk.path.starts_with('/') || !disk.volume.empty());
    if (const auto pool = parse_libvirt_pool(text)) require(pool->path.starts_with('/'));
    const ProxmoxStorages storages = parse_proxmox_storages(text);
    for (const auto kind : {ProxmoxGuest::machine, ProxmoxGuest::container})
        for (const GuestDisk& disk : parse_proxmox_guest(text, kind)) path_of(disk, storages);
    for (const std::string& volume : parse_vzdump_volumes(text).included) require(!volume.empty());
    return 0;
}
