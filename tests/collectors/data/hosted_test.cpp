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
    scene.file("/etc/containers/storage.conf", "[storage]\ngraphroot = \"/data/podman\"\n");
    scene.file("/data/podman/volumes/db/_data/x", "x");
    scene.file("/data/app/x", "x");
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
    scene.covers("vms", {"/var/lib/vz/images", "/data"});
    scene.config.backups.front().kind = BackupKind::vzdump;
    CHECK(scene.found() ==
          "guest-disk /data/guests/images/102/c.raw; guest-disk /data/shared; "
          "guest-disk /var/lib/vz/images/101/b.qcow2; guests /var/lib/vz/images");
    CHECK(scene.value(metric::data_size_bytes, "guests /var/lib/vz/images") == 2);
    CHECK(scene.value(metric::data_backed_up, "guests /var/lib/vz/images") == 1);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /data/guests/images/102/c.raw") == 1);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /var/lib/vz/images/101/b.qcow2") == 0);
    CHECK(scene.value(metric::data_backed_up, "guest-disk /data/shared") == 0);
}
