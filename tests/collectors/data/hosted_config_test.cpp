// Tests the parsers of what Docker, Podman, libvirt and Proxmox VE write about directories and
// disks of this host.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "collectors/data/parse/container_config.hpp"
#include "collectors/data/parse/libvirt_xml.hpp"
#include "collectors/data/parse/proxmox_config.hpp"
#include "collectors/data/parse/vzdump_volumes.hpp"

using namespace lastgood;

namespace {

using Paths = std::vector<std::string>;

// "/a; local:101/b (not in vzdump)"
std::string words(const std::vector<GuestDisk>& disks) {
    std::string text;
    for (const GuestDisk& disk : disks)
        text += fmt::format("{}{}{}{}", text.empty() ? "" : "; ",
                            disk.path.empty() ? disk.storage + ":" : disk.path, disk.volume,
                            disk.in_vzdump ? "" : " (not in vzdump)");
    return text;
}

}  // namespace

TEST_CASE("Docker's daemon.json") {
    CHECK(docker_data_root(R"({"log-driver": "local", "data-root": "/mnt/docker"})") ==
          "/mnt/docker");
    CHECK(docker_data_root(R"({"graph": "/old"})") == "/old");
    for (const char* text : {"", "{}", "[]", R"({"data-root": 7})", R"({"data-root": "relative"})",
                             R"({"data-root": "/mnt/docker")"})
        CHECK_MESSAGE(docker_data_root(text).empty(), text);
}

TEST_CASE("directories that a container of Docker may write to") {
    CHECK(docker_binds(R"({"StreamConfig": {}, "Config": {"Env": ["PASSWORD=secret"]},
        "MountPoints": {
          "/data": {"Source": "/tank/app", "Destination": "/data", "RW": true, "Name": "",
                    "Driver": "", "Type": "bind", "Propagation": "rprivate",
                    "Spec": {"Type": "bind", "Source": "/tank/app", "Target": "/data"}},
          "/conf": {"Source": "/tank/conf", "RW": false, "Name": "", "Type": "bind"},
          "/db": {"Source": "/var/lib/docker/volumes/db/_data", "RW": true, "Name": "db",
                  "Driver": "local", "Type": "volume"},
          "/cache": {"Source": "", "RW": true, "Name": "", "Type": "tmpfs"},
          "/old": {"Name": "", "Destination": "/old", "Driver": "", "RW": true,
                   "Source": "/tank/old", "Relabel": ""},
          "/odd": 3, "/nul": {"Source": "/a\u0000b", "RW": true, "Type": "bind"}}})") ==
          Paths{"/tank/app", "/tank/old"});
    for (const char* text : {"", "3", R"({"MountPoints": null})", R"({"MountPoints": ["/a"]})",
                             R"({"MountPoints": {"/a": {"Source": "/a", "RW": "yes"}}})"})
        CHECK_MESSAGE(docker_binds(text).empty(), text);
}

TEST_CASE("a volume of Docker that stands for a directory") {
    CHECK(docker_volume_device(
              R"({"MountType":"none","MountOpts":"bind","MountDevice":"/tank/v","Quota":{}})") ==
          "/tank/v");
    CHECK(docker_volume_device(R"({"MountOpts":"rw,rbind","MountDevice":"/v"})") == "/v");
    CHECK(docker_volume_device(
              R"({"MountType":"nfs","MountOpts":"addr=nas","MountDevice":":/export"})")
              .empty());
    CHECK(docker_volume_device("{}").empty());
}

TEST_CASE("Podman's configuration") {
    CHECK(podman_graph_root("[storage]\ndriver = \"overlay\"\n# graphroot = \"/no\"\n"
                            "graphroot = \"/tank/containers\"\n") == "/tank/containers");
    CHECK(podman_graph_root("[storage]\n[storage.options]\ngraphroot = \"/no\"\n").empty());
    CHECK(podman_graph_root("[storage\n").empty());
    CHECK(podman_volume_path("[engine]\nvolume_path = \"/tank/volumes\"\n") == "/tank/volumes");
    CHECK(oci_binds(R"({"ociVersion": "1.0.2", "process": {"env": ["TOKEN=secret"]}, "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"]},
        {"destination": "/data", "type": "bind", "source": "/tank/app",
         "options": ["rw", "rprivate", "rbind"]},
        {"destination": "/etc/hosts", "type": "bind", "source": "/tank/conf",
         "options": ["ro", "bind"]}, 7]})") == Paths{"/tank/app"});
    CHECK(oci_binds(R"({"mounts": {}})").empty());
}

TEST_CASE("libvirt's guest") {
    const auto guest = parse_libvirt_guest(R"(<!--
WARNING: THIS IS AN AUTO-GENERATED FILE.
-->
<domain type='kvm'>
  <name>web1</name>
  <description>disk &amp; more</description>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/tank/vms/a &amp; b.qcow2'>
        <privateData/>
      </source>
      <backingStore type='file'><source file='/tank/vms/base.qcow2'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block'><source dev='/dev/vg/web1'/></disk>
    <disk type='volume' device='disk'><source pool='default' volume='web1.qcow2'/></disk>
    <disk type='file' device='cdrom'><source file='/tank/debian.iso'/><readonly/></disk>
    <disk type='file' device='disk'><source file='/tank/shared.img'/><readonly/></disk>
    <disk type='file' device='disk'><source file='/tank/scratch.img'/><transient/></disk>
    <disk type='network' device='disk'><source protocol='rbd' name='pool/image'/></disk>
    <disk type='file' device='cdrom'/>
    <filesystem><source dir='/tank/shared'/></filesystem>
  </devices>
</domain>
)");
    REQUIRE(guest);
    CHECK(guest->name == "web1");
    CHECK(words(guest->disks) == "/tank/vms/a & b.qcow2; /dev/vg/web1; default:web1.qcow2");
    CHECK_FALSE(parse_libvirt_guest(""));
    CHECK_FALSE(parse_libvirt_guest("<network><name>default</name></network>"));
    CHECK_FALSE(parse_libvirt_guest("<domain><name>a</name>"));
    CHECK_FALSE(
        parse_libvirt_guest("<!DOCTYPE d [<!ENTITY a \"b\">]><domain><name>a</name></domain>"));
    std::string deep;
    for (int level = 0; level < 100'000; ++level) deep += "<a>";
    CHECK_FALSE(parse_libvirt_guest(deep));
}

TEST_CASE("libvirt's pool") {
    const auto pool = parse_libvirt_pool(
        "<pool type='dir'><name>default</name><source/><target><path>/tank/images</path></target>"
        "</pool>");
    REQUIRE(pool);
    CHECK(pool->name == "default");
    CHECK(pool->path == "/tank/images");
    CHECK_FALSE(parse_libvirt_pool("<pool><name>rbd</name></pool>"));
    const auto usual = [](const std::string& type) {
        const auto one = parse_libvirt_pool("<pool type='" + type +
                                            "'><name>a</name><source><name>tank/vms</name></source>"
                                            "</pool>");
        return one ? one->path : "";
    };
    CHECK(usual("zfs") == "/dev/zvol/tank/vms");
    CHECK(usual("logical") == "/dev/tank/vms");
    CHECK(usual("rbd").empty());
}

TEST_CASE("disks of Proxmox guests, and which vzdump leaves out") {
    CHECK(words(parse_proxmox_guest("boot: order=scsi0\n"
                                    "cores: 2\n"
                                    "efidisk0: local-lvm:vm-101-disk-1,size=4M\n"
                                    "ide2: local:iso/debian.iso,media=cdrom,size=1M\n"
                                    "sata0: none,media=cdrom\n"
                                    "net0: virtio=AA:BB:CC:DD:EE:FF,bridge=vmbr0\n"
                                    "scsi0: local-lvm:vm-101-disk-0,discard=on,size=32G\n"
                                    "scsi1: local:101/vm-101-disk-2.qcow2,backup=0,size=8G\n"
                                    "scsi2: /dev/disk/by-id/ata-X,size=1T\n"
                                    "scsihw: virtio-scsi-pci\n"
                                    "unused0: local-lvm:vm-101-disk-9\n"
                                    "virtio0: file=tank:vm-101-disk-3\n"
                                    "\n[before]\n"
                                    "scsi7: local-lvm:vm-101-disk-7,size=32G\n",
                                    ProxmoxGuest::machine)) ==
          "local-lvm:vm-101-disk-1; local-lvm:vm-101-disk-0; "
          "local:101/vm-101-disk-2.qcow2 (not in vzdump); /dev/disk/by-id/ata-X; "
          "tank:vm-101-disk-3");
    CHECK(words(parse_proxmox_guest("rootfs: local:102/vm-102-disk-0.raw,size=8G\n"
                                    "mp0: tank:subvol-102-disk-1,mp=/data,backup=1,size=8G\n"
                                    "mp1: tank:subvol-102-disk-2,mp=/cache,size=8G\n"
                                    "mp2: /tank/shared,mp=/shared\n"
                                    "mp: broken\nmpx: broken\nscsi0: a:b\n",
                                    ProxmoxGuest::container)) ==
          "local:102/vm-102-disk-0.raw; tank:subvol-102-disk-1; "
          "tank:subvol-102-disk-2 (not in vzdump); /tank/shared (not in vzdump)");
}

TEST_CASE("where a disk of Proxmox lies") {
    const auto storages = parse_proxmox_storages(
        "dir: nas\n\tpath /mnt/nas/\n\tcontent backup,images\n\n"
        "lvmthin: local-lvm\n\tthinpool data\n\tvgname pve\n\n"
        "# a comment\n"
        "zfspool: tank\n\tpool tank/guests\n\tmountpoint /tank/guests\n"
        "zfspool: plain\n\tpool rpool/data\n"
        "dir: other\n\tpath /srv/other\n\tcontent-dirs vztmpl=t,images=vms/disks\n"
        "rbd: ceph\n\tpool rbd\n"
        "btrfs: bt\n\tpath /bt\n");
    const auto path = [&](const char* storage, const char* volume) {
        return path_of({.path = "", .storage = storage, .volume = volume}, storages);
    };
    CHECK(path("local", "101/vm-101-disk-0.qcow2") == "/var/lib/vz/images/101/vm-101-disk-0.qcow2");
    CHECK(path("nas", "100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2") ==
          "/mnt/nas/images/101/vm-101-disk-0.qcow2");
    CHECK(path("local-lvm", "vm-101-disk-0") == "/dev/pve/vm-101-disk-0");
    CHECK(path("tank", "vm-101-disk-0") == "/dev/zvol/tank/guests/vm-101-disk-0");
    CHECK(path("tank", "subvol-102-disk-0") == "/tank/guests/subvol-102-disk-0");
    CHECK(path("other", "101/a.qcow2") == "/srv/other/vms/disks/101/a.qcow2");
    CHECK(path("plain", "subvol-102-disk-0") == "/rpool/data/subvol-102-disk-0");
    CHECK(path("bt", "103/vm-103-disk-0.raw") == "/bt/images/103/vm-103-disk-0/disk.raw");
    CHECK(path("ceph", "vm-101-disk-0").empty());
    CHECK(path("gone", "vm-101-disk-0").empty());
    CHECK(path_of({.path = "/srv/x"}, {}) == "/srv/x");
}

TEST_CASE("volumes that vzdump's log says it took, and left out") {
    using Names = std::set<std::string>;
    const VzdumpVolumes machine = parse_vzdump_volumes(
        "2026-11-25 01:00:02 INFO: Starting Backup of VM 101 (qemu)\n"
        "2026-11-25 01:00:02 INFO: include disk 'scsi0' 'local:101/vm-101-disk-0.qcow2' 8G\n"
        "2026-11-25 01:00:02 INFO: exclude disk 'scsi1' 'local:101/b.qcow2' (backup=no)\n"
        "2026-11-25 01:00:02 INFO: excluding 'efidisk0' (old BIOS)\n"
        "2026-11-25 01:00:09 INFO: Finished Backup of VM 101 (00:00:07)\n");
    CHECK(machine.finished);
    CHECK(machine.included == Names{"scsi0"});
    CHECK(machine.excluded == Names{"efidisk0", "scsi1"});
    const VzdumpVolumes container = parse_vzdump_volumes(
        "INFO: including mount point rootfs ('/') in backup\n"
        "INFO: excluding volume mount point mp0 ('/usr/local') from backup (disabled)\n"
        "INFO: excluding bind mount point mp1 ('/x mount point mp7 ') from backup (not a volume)\n"
        "INFO: including mount point mp2 ('/var') in backup");
    CHECK_FALSE(container.finished);
    CHECK(container.included == Names{"mp2", "rootfs"});
    CHECK(container.excluded == Names{"mp0", "mp1"});
    CHECK(parse_vzdump_volumes("include disk 'a'\nINFO: include disk 'b\nINFO: including\n") ==
          VzdumpVolumes{false, {"b"}, {}});
}
