// Which backups make up for one that lies beside its source.
#include "collectors/backups/other_copies.hpp"

#include <doctest/doctest.h>

#include "core/metrics/backups.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;
using test::RecordedHost;
using Names = std::vector<std::string>;

namespace {

Backup backup(const std::string& name, BackupKind kind, const std::string& location,
              const std::vector<std::string>& covers, const std::string& copy_of = "") {
    Backup made;
    made.name = name;
    made.kind = kind;
    made.location = location;
    made.covers = covers;
    made.copy_of = copy_of;
    return made;
}

// The others of the first backup.
Names others_of(const std::vector<Backup>& backups) {
    RecordedHost recorded;
    const std::string devices = "/sys/devices/pci0000:00/0000:00:1f.2/";
    const std::string first = devices + "ata3/host2/target2:0:0/2:0:0:0/block/sda";
    const std::string second = devices + "ata4/host3/target3:0:0/3:0:0:0/block/sdb";
    recorded.block("sda", first, "8:0");
    recorded.block("sdb", second, "8:16");
    recorded.file("/proc/self/mountinfo",
                  "27 1 8:0 / / rw - ext4 /dev/sda rw\n"
                  "28 27 8:16 / /disk rw - ext4 /dev/sdb rw\n"
                  "29 27 0:50 / /nas rw - nfs4 nas:/x rw\n");
    recorded.file("/etc/fstab", "/dev/sdc /disk/usb ext4 noauto 0 0\n");
    recorded.directory("/disk/usb");
    const Config config;
    const Host& host = recorded.host();
    const auto topology = Topology::read(host, config.loop_devices);
    REQUIRE(topology);
    std::vector<Place> sources;
    for (const std::string& path : backups.front().covers)
        sources.push_back(find_place(host, *topology, path));
    OtherCopies others(host, *topology, backups);
    Names names;
    for (const Backup* other : others.of(backups.front(), sources)) names.push_back(other->name);
    return names;
}

const Names database = {"/var/lib/pg"};
const Backup dumps = backup("pg", BackupKind::files, "/srv/pg/*.sql", database);

}  // namespace

TEST_CASE("a copy of the copies, and a backup that covers them, make up for dumps on the drive") {
    const auto files = BackupKind::files;
    CHECK(others_of({dumps}) == Names{});
    CHECK(others_of({dumps, backup("disk", files, "/disk/*", database, "pg")}) == Names{"disk"});
    CHECK(others_of({dumps, backup("nas", files, "/nas/*", {}, "pg")}) == Names{"nas"});
    CHECK(others_of({dumps, backup("here", files, "/srv/*", database, "pg"),
                     backup("nas", files, "/nas/*", database, "here")}) == Names{"nas"});
    CHECK(others_of({dumps, backup("all", BackupKind::restic, "/nas", {"/srv"})}) == Names{"all"});
    CHECK(others_of({dumps, backup("part", BackupKind::restic, "/nas", {"/srv/pg/a"})}) == Names{});
    CHECK(others_of({dumps, backup("more", files, "/nas/*", {"/var"})}) == Names{"more"});
}

TEST_CASE("what cannot be told makes up for nothing") {
    // The files of a running server.
    CHECK(others_of({dumps, backup("all", BackupKind::restic, "/nas", {"/var"})}) == Names{});
    CHECK(others_of({dumps, backup("s", BackupKind::stamp, "/nas/ok", database, "pg")}) == Names{});
    CHECK(others_of({dumps, backup("u", BackupKind::files, "/disk/usb/*", database, "pg")}) ==
          Names{});
    CHECK(others_of({dumps, backup("o", BackupKind::observed, "", database, "pg")}) == Names{});
}

TEST_CASE("of files, a backup on another drive that covers all of them makes up") {
    const Backup home = backup("home", BackupKind::restic, "/backup", {"/home", "/etc"});
    CHECK(others_of({home, backup("nas", BackupKind::borg, "/nas", {"/"})}) == Names{"nas"});
    CHECK(others_of({home, backup("nas", BackupKind::borg, "/nas", {"/home"})}) == Names{});
}

TEST_CASE("only a fresh one ends the finding") {
    constexpr Timestamp now = 1'790'000'000;
    bool shrunk = false;
    const auto copied = [&](double age, double readable, double streams = 0, double lost = 0,
                            int fresh = 0) {
        std::vector<Observation> world = {
            {&metric::backup_also_in, "pg", {{"other", "nas"}}, 1, now},
            {&metric::backup_readable, "nas", {}, readable, now},
            {&metric::backup_max_age_seconds, "nas", {}, 3600, now},
            {&metric::backup_newest_timestamp_seconds,
             "nas",
             {{"confidence", "inferred"}},
             now - age,
             now}};
        if (streams > 0) world.push_back({&metric::backup_streams, "nas", {}, streams, now});
        for (int i = 0; i < fresh; ++i) {
            const std::string stream = "nas/" + std::to_string(i);
            for (size_t one = 1; one < 4; ++one) {
                world.push_back(world[one]);
                world.back().subject = stream;
            }
        }
        world.push_back({&metric::backup_ephemeral, "nas", {}, lost, now});
        world.push_back({&metric::backup_size_bytes, "nas", {}, 90, now});
        world.push_back({&metric::backup_shrunk_size_bytes, "nas", {}, shrunk ? 100.0 : 50, now});
        MemorySink sink;
        derive_copied_elsewhere(
            {world, [](SubjectKind, const std::string&) { return std::nullopt; }, now}, sink);
        REQUIRE(sink.observations.size() == 1);
        CHECK(sink.observations[0].subject == "pg");
        CHECK(sink.observations[0].metric == &metric::backup_copied_elsewhere);
        return sink.observations[0].value == 1;
    };
    CHECK(copied(60, 1));
    CHECK_FALSE(copied(3601, 1));
    CHECK_FALSE(copied(60, 0));
    CHECK_FALSE(copied(60, 1, 0, 1));     // on a disk that does not last
    CHECK_FALSE(copied(60, 1, 2, 0, 1));  // of two streams one is fresh
    CHECK(copied(60, 1, 2, 0, 2));
    CHECK_FALSE(copied(60, 1, 1));  // nothing is known of its stream
    shrunk = true;
    CHECK_FALSE(copied(60, 1));
}
