// Tests which data of containers and guests is found outside the directories that are known.
#include <doctest/doctest.h>

#include "tests/collectors/data/scene.hpp"

using namespace lastgood;
using Scene = test::DataScene;

namespace {

constexpr const char* grep =
    "/commands/grep -rsH ^ _etc_pve_nodes_pve1_qemu-server _etc_pve_nodes_pve1_lxc "
    "_etc_pve_storage.cfg";

void container(Scene& scene, const std::string& id, const std::string& source, bool writes = true) {
    scene.file("/var/lib/docker/containers/" + id + "/config.v2.json",
               fmt::format(R"({{"MountPoints": {{"/x": {{"Source": "{}", "RW": {}, "Name": "",)"
                           R"("Type": "bind"}}}}}})",
                           source, writes));
}

}  // namespace

TEST_CASE("directories that containers may write to") {
    Scene scene;
    for (const char* path : {"/data/app/file", "/data/watched/file", "/srv/shop/file",
                             "/etc/x/file", "/data/backups/r/config", "/data/cache/file"})
        scene.file(path, "x");
    scene.file("/data/cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
    scene.directory("/data/empty");
    scene.covers("r", {"/etc"}, "/data/backups/r");
    int id = 0;
    for (const char* path : {"/data/app", "/srv/shop", "/etc/x", "/data/backups", "/data/cache",
                             "/data/empty", "/", "/var/lib", "/run/docker.sock", "/gone",
                             "/data/app/file", "/var/lib/docker/volumes", "/data/app"})
        container(scene, std::to_string(++id), path);
    container(scene, "99", "/data/watched", false);
    CHECK(scene.found() == "container-directory /data/app; files /srv");
}

TEST_CASE("Docker with a directory of its own, and a volume that stands for one") {
    Scene scene;
    scene.file("/etc/docker/daemon.json", R"({"data-root": "/data/docker/"})");
    scene.file("/data/docker/volumes/db/_data/ibdata1", "x");
    scene.file("/data/docker/volumes/bound/opts.json",
               R"({"MountType":"none","MountOpts":"bind","MountDevice":"/data/bound"})");
    scene.directory("/data/docker/volumes/bound/_data");
    scene.file("/data/bound/file", "x");
    scene.file("/data/docker/containers/1/config.v2.json",
               R"({"MountPoints": {"/x": {"Source": "/data/bound", "RW": true, "Name": "",)"
               R"("Type": "bind"}}})");
    CHECK(scene.found() ==
          "docker-volume /data/bound; docker-volume /data/docker/volumes/db/_data");
}

TEST_CASE("Podman with a directory of its own") {
    Scene scene;
    scene.file("/etc/containers/storage.conf", "[storage]\ngraphroot = \"/main\"\n");
    scene.file("/data/podman/volumes/db/_data/x", "x");
    scene.file("/data/app/x", "x");
    scene.file("/etc/containers/storage.conf.d/10.conf", "[storage]\ngraphroot = \"/no\"\n");
    scene.file("/etc/containers/storage.conf.d/20.conf",
               "[storage]\ngraphroot = \"/data/podman\"\n");
    scene.file("/data/podman/overlay-containers/1/userdata/config.json",
               R"({"mounts": [{"type": "bind", "source": "/data/app", "options": ["rbind"]},
                   {"type": "bind", "source": "/data/podman/volumes/db/_data", "options": []}]})");
    CHECK(scene.found() ==
          "container-directory /data/app; podman-volume /data/podman/volumes/db/_data");
}

TEST_CASE("libvirt's disks outside the directories that are known") {
    Scene scene;
    for (const char* path : {"/data/vms/a.qcow2", "/data/pool/b.qcow2", "/srv/c.qcow2",
                             "/var/lib/libvirt/images/d.qcow2"})
        scene.file(path, "x");
    scene.file("/etc/libvirt/storage/data.xml",
               "<pool type='dir'><name>data</name><target><path>/data/pool</path></target></pool>");
    const auto disk = [](const std::string& source) {
        return fmt::format("<disk type='file' device='disk'><source {}/></disk>", source);
    };
    scene.file("/etc/libvirt/qemu/web1.xml",
               "<domain><name>web1</name><devices>" + disk("file='/data/vms/a.qcow2'") +
                   disk("pool='data' volume='b.qcow2'") + disk("file='/srv/c.qcow2'") +
                   disk("file='/var/lib/libvirt/images/d.qcow2'") +
                   disk("file='/srv/nfs/e.qcow2'") + "</devices></domain>");
    scene.file("/etc/libvirt/qemu/broken.xml", "<domain>");
    CHECK(scene.found() ==
          "files /srv; guest-disk /data/pool/b.qcow2; guest-disk /data/vms/a.qcow2; "
          "guests /var/lib/libvirt/images");
}

TEST_CASE("Proxmox's disks: what vzdump leaves out is data of its own") {
    Scene scene;
    scene.file("/proc/self/mountinfo", std::string(test::data_mountinfo) +
                                           "31 27 0:60 / /etc/pve rw - fuse /dev/fuse rw\n");
    scene.file("/proc/sys/kernel/hostname", "pve1\n");
    scene.file(grep,
               "/etc/pve/nodes/pve1/qemu-server/101.conf:name: web1\n"
               "/etc/pve/nodes/pve1/qemu-server/101.conf:scsi0: local:101/a.qcow2,size=8G\n"
               "/etc/pve/nodes/pve1/qemu-server/101.conf:scsi1: local:101/b.qcow2,backup=0\n"
               "/etc/pve/nodes/pve1/lxc/102.conf:rootfs: data:102/c.raw,size=8G\n"
               "/etc/pve/nodes/pve1/lxc/102.conf:mp0: /data/shared,mp=/shared\n"
               "/etc/pve/storage.cfg:dir: data\n"
               "/etc/pve/storage.cfg:\tpath /data/guests\n");
    for (const char* path : {"/var/lib/vz/images/101/a.qcow2", "/var/lib/vz/images/101/b.qcow2",
                             "/data/guests/images/102/c.raw", "/data/shared/x"})
        scene.file(path, "xx");
    scene.covers("vms", {"/var/lib/vz/images", "/data"}, "/backup/dump");
    scene.file("/backup/dump/vzdump-lxc-102-2026_11_25-01_00_00.tar.zst", "x");
    scene.config.backups.front().kind = BackupKind::vzdump;
    CHECK(scene.found() ==
          "guest-disk /data/guests/images/102/c.raw; guest-disk /data/shared; "
          "guest-disk /var/lib/vz/images/101/b.qcow2; guests /var/lib/vz/images");
    CHECK(scene.value(metric::data_size_bytes, "guests /var/lib/vz/images") == 2);
    CHECK(scene.value(metric::data_backed_up, "guests /var/lib/vz/images") == 1);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /data/guests/images/102/c.raw") == 1);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /var/lib/vz/images/101/b.qcow2") == 0);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /data/shared") == 0);
    // Proxmox Backup Server gets what vzdump does.
    scene.config.backups.front().kind = BackupKind::proxmox_backup;
    scene.found();
    CHECK(scene.value(metric::data_backed_up, "guests /var/lib/vz/images") == 1);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /data/guests/images/102/c.raw") == 1);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /var/lib/vz/images/101/b.qcow2") == 0);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /data/shared") == 0);
}

namespace {

// A logical volume on sda: /dev/pve/NAME.
void volume(Scene& scene, int number, const std::string& name) {
    const std::string device = fmt::format("dm-{}", number);
    const std::string sysfs = "/sys/devices/virtual/block/" + device;
    scene.block(device, sysfs, fmt::format("252:{}", number));
    scene.file(sysfs + "/dm/name", "pve-" + name + "\n");
    scene.link(sysfs + "/slaves/sda", "../../../../pci/block/sda");
    scene.file("/dev/" + device, "");
    scene.link("/dev/pve/" + name, "../" + device);
}

}  // namespace

TEST_CASE("disks of guests that are block devices, and the archives of their guests") {
    Scene scene;
    scene.file("/proc/self/mountinfo",
               "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 27 0:60 / /etc/pve rw - fuse /dev/fuse rw\n"
               "32 27 252:9 / /mnt rw - ext4 /dev/mapper/pve-mounted rw\n"
               "33 27 0:5 / /dev rw - devtmpfs udev rw\n");
    scene.file("/proc/sys/kernel/hostname", "pve1.example.org\n");
    scene.block("sda", "/sys/devices/pci/block/sda", "8:0");
    scene.block("sda1", "/sys/devices/pci/block/sda/sda1", "8:1", true);
    int number = 0;
    for (const char* name : {"vm-101-disk-0", "vm-101-disk-1", "vm-102-disk-0", "x"})
        volume(scene, ++number, name);
    volume(scene, 9, "mounted");
    scene.file(grep,
               "/etc/pve/nodes/pve1/qemu-server/101.conf:scsi0: lvm:vm-101-disk-0,size=1G\n"
               "/etc/pve/nodes/pve1/qemu-server/101.conf:scsi1: lvm:vm-101-disk-1,backup=0\n"
               "/etc/pve/nodes/pve1/qemu-server/102.conf:virtio0: lvm:vm-102-disk-0\n"
               "/etc/pve/nodes/pve1/qemu-server/102.conf:virtio1: lvm:gone\n"
               "/etc/pve/nodes/pve1/qemu-server/102.conf:virtio2: lvm:mounted\n"
               "/etc/pve/storage.cfg:lvmthin: lvm\n"
               "/etc/pve/storage.cfg:\tvgname pve\n");
    scene.file("/etc/libvirt/qemu/x.xml",
               "<domain><name>x</name><devices><disk type='block'><source dev='/dev/pve/x'/></disk>"
               "</devices></domain>");
    scene.file("/backup/dump/vzdump-qemu-101-2026_11_25-01_00_00.vma.zst", "x");
    scene.covers("vms", {}, "/backup/dump");
    scene.config.backups.front().kind = BackupKind::vzdump;
    scene.covers("image", {"/dev/pve/x"});
    scene.covers("all", {"/"});  // has the archives, and of a block device only its name
    scene.config.backups.back().crosses_mounts = true;
    CHECK(scene.found() ==
          "guest-disk /dev/pve/vm-101-disk-0; guest-disk /dev/pve/vm-101-disk-1; "
          "guest-disk /dev/pve/vm-102-disk-0; guest-disk /dev/pve/x");
    const auto backed_up = [&](const std::string& name) {
        return scene.value(metric::data_backed_up, "guest-disk /dev/pve/" + name);
    };
    CHECK(backed_up("vm-101-disk-0") == 1);
    CHECK(backed_up("vm-101-disk-1") == 0);
    CHECK(backed_up("vm-102-disk-0") == 0);
    CHECK(backed_up("x") == 1);
    const std::string first = "guest-disk /dev/pve/vm-101-disk-0";
    CHECK(scene.label(metric::data_backup, first, "backup") == "vms/qemu-101; all");
    CHECK(scene.label(metric::data_backup, first, "via") == "vms/qemu-101");
    CHECK(scene.label(metric::data_backup, first, "domain") == "same-drive; same-drive");
    CHECK(scene.label(metric::data_backup, "guest-disk /dev/pve/x", "backup") == "image; all");
    CHECK(scene.value(metric::data_size_bytes, first) == 1 << 30);
    CHECK(scene.value(metric::data_told_by_filesystem, first) == 0);
}
