#include "core/coverage.hpp"

#include <doctest/doctest.h>

#include "core/mounts.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

constexpr const char* mountinfo =
    "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "28 27 8:2 / /home rw - ext4 /dev/sda2 rw\n"
    "29 27 8:17 / /mnt rw - ext4 /dev/sdb1 rw\n"
    "30 27 8:2 /anna/www /srv/www rw - ext4 /dev/sda2 rw\n"  // a bind mount of /home/anna/www
    "31 27 0:40 /@data /data rw - btrfs /dev/sdc rw,subvolid=256,subvol=/@data\n"
    "32 31 0:40 /@data/db /data/db rw - btrfs /dev/sdc rw,subvolid=257,subvol=/@data/db\n"
    "33 27 0:40 / /pool rw - btrfs /dev/sdc rw,subvolid=5,subvol=/\n";

struct Scene {
    Scene() { topology.mounts = parse_mountinfo(mountinfo); }
    // Of the filesystem at `point`, by a backup of `path`: "no", "whole" or the part.
    std::string of(std::string_view point, std::string_view path, bool crosses = false,
                   bool ephemeral = false) const {
        const Mount* filesystem = topology.mount_of(point);
        REQUIRE(filesystem != nullptr);
        const Coverage found =
            coverage_of(*filesystem, ephemeral, place_by_name(topology, path), crosses);
        if (found.extent == Extent::none) return "no";
        return found.extent == Extent::whole ? "whole" : found.part;
    }
    Topology topology;
};

}  // namespace

TEST_CASE("a path counts for the filesystem that it lies on, and only for that part of it") {
    const Scene scene;
    CHECK(scene.of("/", "/") == "whole");
    CHECK(scene.of("/home", "/home") == "whole");
    CHECK(scene.of("/", "/etc") == "/etc");
    CHECK(scene.of("/home", "/home/anna/") == "/home/anna");
    CHECK(scene.of("/", "/home") == "no");
    CHECK(scene.of("/home", "/etc") == "no");
    CHECK(scene.of("/home", "/homes") == "no");
}

TEST_CASE("a path above a mount counts only for a tool that crosses into it") {
    const Scene scene;
    CHECK(scene.of("/home", "/") == "no");
    CHECK(scene.of("/home", "/", true) == "whole");
    CHECK(scene.of("/data/db", "/data") == "no");
    CHECK(scene.of("/data/db", "/data", true) == "whole");
    CHECK(scene.of("/mnt", "/home", true) == "no");
}

TEST_CASE("a temporary disk is covered only by its own name") {
    const Scene scene;
    CHECK(scene.of("/mnt", "/", true, true) == "no");
    CHECK(scene.of("/mnt", "/mnt", false, true) == "whole");
    CHECK(scene.of("/mnt", "/mnt/shop", false, true) == "/mnt/shop");
}

TEST_CASE("the same data under another name") {
    const Scene scene;
    CHECK(scene.of("/home", "/srv/www") == "/srv/www");
    CHECK(scene.of("/srv/www", "/home") == "whole");
    CHECK(scene.of("/srv/www", "/home/anna/www/shop") == "/home/anna/www/shop");
    CHECK(scene.of("/srv/www", "/home/otto") == "no");
}

TEST_CASE("subvolumes of btrfs are filesystems of their own") {
    const Scene scene;
    CHECK(scene.of("/data", "/data") == "whole");
    CHECK(scene.of("/data", "/data/mail") == "/data/mail");
    CHECK(scene.of("/data", "/data/db") == "no");
    CHECK(scene.of("/data", "/pool") == "no");
    CHECK(scene.of("/pool", "/data") == "no");
}

TEST_CASE("what does not exist is no copy of anything") {
    const Scene scene;
    Place gone = place_by_name(scene.topology, "/home/gone");
    gone.exists = false;
    CHECK(coverage_of(*scene.topology.mount_of("/home"), false, gone, true).extent == Extent::none);
    CHECK(coverage_of(*scene.topology.mount_of("/home"), false, Place{"/home"}, true).extent ==
          Extent::none);
}

TEST_CASE("what a link leads to is covered only by those that are known to follow it") {
    const Scene scene;
    test::RecordedHost recorded;
    recorded.file("/mnt/mysql/ibdata1", "x");
    recorded.link("/var/lib/mysql", "/mnt/mysql");
    recorded.directory("/var/lib/pgsql");
    recorded.link("/lib", "/var/lib");
    std::vector<Backup> backups(2);
    backups[0].name = "first";
    backups[1].name = "hop";
    backups[1].copy_of = "first";
    backups[1].kind = BackupKind::files;
    for (const auto& [kind, follows] : {std::pair(BackupKind::restic, false),
                                        {BackupKind::files, false},
                                        {BackupKind::stamp, false},
                                        {BackupKind::mariabackup, true},
                                        {BackupKind::rsnapshot, true}}) {
        backups[0].kind = kind;
        for (const Backup& backup : backups) {
            const auto target = [&](const char* path) {
                return find_covered(recorded.host(), scene.topology, backups, backup, path)
                    .link.value_or("");
            };
            for (const char* path : {"/var/lib/mysql", "/var/lib/mysql/", "/var/lib/mysql/."})
                CHECK(target(path) == (follows ? "" : "/mnt/mysql"));
            CHECK(target("/lib/pgsql").empty());  // the link is above it
            CHECK(target("/var/lib/none").empty());
        }
        backups[0].covers = {"/var/lib/mysql", "/var/lib/pgsql"};
        CHECK(covered_paths(recorded.host(), scene.topology, backups).size() == (follows ? 2 : 1));
    }
}
