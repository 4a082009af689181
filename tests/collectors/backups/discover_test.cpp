// Tests the search on recorded hosts. The repositories follow the documentation of their formats.
#include "collectors/backups/discover.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

constexpr double now = 1795230900;  // 2026-11-21 03:15:00 UTC
constexpr double day = 86400;

class Scene : public test::RecordedHost {
  public:
    Scene() {
        mount("/", "ext4");
        file("/proc/filesystems", "nodev\tsysfs\nnodev\tproc\nnodev\tnfs4\n\text4\n\txfs\n");
        file("/now", fmt::format("{}", now));
    }
    void mount(const std::string& point, const std::string& type) {
        ++mounts_;
        table_ += fmt::format("{} 1 8:{} / {} rw - {} /dev/x{} rw\n", mounts_, mounts_, point, type,
                              mounts_);
        file("/proc/self/mountinfo", table_);
        directory(point);
    }
    void dated(const std::string& path, double modified, const std::string& text = "x") {
        file(path, text);
        const timespec time{static_cast<time_t>(modified), 0};
        const timespec times[2] = {time, time};
        REQUIRE(utimensat(AT_FDCWD, (root() + path).c_str(), times, 0) == 0);
    }
    void restic(const std::string& path, int snapshots = 0, double apart = day) {
        file(path + "/config", "encrypted");
        for (const char* part : {"data", "index", "keys", "snapshots"})
            directory(path + "/" + part);
        for (int i = 0; i < snapshots; ++i)
            dated(path + "/snapshots/" + fmt::format("{:064x}", i), now - apart * (i + 0.5));
    }
    void borg(const std::string& path) {
        file(path + "/README", "This is a Borg Backup repository.\nSee https://example.org\n");
        file(path + "/config", "[repository]\nversion = 1\nsegments_per_dir = 1000\nid = " +
                                   std::string(64, 'a') + "\n");
        directory(path + "/data");
    }
    void dumps(const std::string& directory, const std::string& before, const std::string& after,
               int count) {
        for (int i = 0; i < count; ++i)
            dated(fmt::format("{}/{}2026-11-{:02}{}", directory, before, 20 - i, after),
                  now - day * (i + 1));
    }
    Discovery search(const DiscoverLimits& limits = {}) const {
        const Host fresh(root());  // reads /now
        const auto topology = Topology::read(fresh);
        REQUIRE(topology);
        return discover_backups(fresh, *topology, config, limits);
    }

    Config config;

  private:
    int mounts_ = 0;
    std::string table_;
};

std::string all(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

bool contains(const std::vector<std::string>& lines, std::string_view part) {
    return all(lines).find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a restic repository: max_age from the interval of its snapshots") {
    Scene scene;
    scene.restic("/srv/backup/db8/restic", 5);
    const auto found = scene.search();
    REQUIRE(found.suggestions.size() == 1);
    const auto& one = found.suggestions[0];
    CHECK(one.backup.name == "db8-restic");
    CHECK(one.backup.kind == BackupKind::restic);
    CHECK(one.backup.location == "/srv/backup/db8/restic");
    CHECK(one.backup.max_age == 36 * 3600);
    CHECK(one.backup.covers.empty());
    CHECK(!contains(one.remarks, "still in use"));
    CHECK(found.notes.empty());
}

TEST_CASE("an incomplete repository is not suggested") {
    Scene scene;
    scene.restic("/a");
    std::filesystem::remove(scene.root() + "/a/keys");
    scene.file("/b/config", "[core]\n\tbare = true\n");
    scene.borg("/c");
    scene.file("/c/README", "My programs\n");
    scene.borg("/d");
    scene.file("/d/config", "[repository]\nversion = 1\n");
    scene.directory("/e/backup/main");
    CHECK(scene.search().suggestions.empty());
}

TEST_CASE("a borg repository: daily backups are assumed") {
    Scene scene;
    scene.borg("/home/backup/web");
    const auto found = scene.search();
    REQUIRE(found.suggestions.size() == 1);
    CHECK(found.suggestions[0].backup.kind == BackupKind::borg);
    CHECK(found.suggestions[0].backup.name == "web");
    CHECK(found.suggestions[0].backup.max_age == 26 * 3600);
    CHECK(contains(found.suggestions[0].remarks, "assumes one copy a day"));
}

TEST_CASE("a pgBackRest repository: one suggestion for each stanza") {
    Scene scene;
    std::string info =
        "[backrest]\nbackrest-format=5\nbackrest-version=\"2.50\"\n\n"
        "[backup:current]\n";
    for (int i = 0; i < 4; ++i)
        info += fmt::format(
            "202611{:02}-030000F={{\"backup-error\":false,\"backup-info-size\":5,"
            "\"backup-timestamp-start\":{:.0f},\"backup-timestamp-stop\":{:.0f},"
            "\"backup-type\":\"full\"}}\n",
            10 + i, now - 7 * day * (4 - i), now - 7 * day * (4 - i) + 60);
    scene.file("/var/lib/pgbackrest/backup/main/backup.info", info);
    scene.file("/var/lib/pgbackrest/backup/other/backup.info", "Salted__\1\2\3");
    auto found = scene.search();
    REQUIRE(found.suggestions.size() == 2);
    CHECK(found.suggestions[0].backup.location == "/var/lib/pgbackrest");
    CHECK(found.suggestions[0].backup.stanza == "main");
    CHECK(found.suggestions[0].backup.name == "lib-pgbackrest-main");
    CHECK(found.suggestions[0].backup.max_age == 252 * 3600);
    CHECK(found.suggestions[1].backup.stanza == "other");
    CHECK(found.suggestions[1].backup.max_age == 26 * 3600);

    Backup known;
    known.name = "pg";
    known.kind = BackupKind::pgbackrest;
    known.location = "/var/lib/pgbackrest/";
    known.stanza = "main";
    scene.config.backups = {known};
    found = scene.search();
    REQUIRE(found.suggestions.size() == 1);
    CHECK(found.suggestions[0].backup.stanza == "other");
    CHECK(found.configured == 1);
}

TEST_CASE("directories of dumps: one suggestion for each naming scheme") {
    Scene scene;
    scene.dumps("/backup/db8", "orders-", ".sql.gz", 5);
    scene.dumps("/backup/db8", "users-", ".sql.gz", 3);
    scene.dumps("/backup/db8", "few-", ".sql.gz", 2);
    scene.dumps("/backup/logs", "access-", ".log.gz", 9);
    scene.file("/backup/src/one.tar.gz", "");
    scene.file("/backup/src/two.tar.gz", "");
    scene.file("/backup/src/three.tar.gz", "");
    const auto found = scene.search();
    REQUIRE(found.suggestions.size() == 2);
    CHECK(found.suggestions[0].backup.location == "/backup/db8/orders-[0-9]*.sql.gz");
    CHECK(found.suggestions[0].backup.name == "db8-orders");
    CHECK(found.suggestions[0].backup.max_age == 36 * 3600);
    CHECK(contains(found.suggestions[0].remarks, "5 dated dumps in /backup/db8"));
    CHECK(found.suggestions[1].backup.name == "db8-users");
}

TEST_CASE("remarks about an old series, and about a pattern that matches other files") {
    Scene scene;
    for (int i = 1; i <= 3; ++i) {
        scene.dated(fmt::format("/b/x-2020-01-0{}.dump", i), now);
        scene.dated(fmt::format("/b/x-2020-01-0{}-2.dump", i), now);
    }
    const auto found = scene.search();
    REQUIRE(found.suggestions.size() == 2);
    CHECK(contains(found.suggestions[0].remarks, "still in use"));
    CHECK(contains(found.suggestions[1].remarks, "also matches 3 other names"));
}

TEST_CASE("a configured backup is not suggested, and its name is not reused") {
    Scene scene;
    scene.restic("/srv/one");
    scene.restic("/srv/two");
    scene.dumps("/srv/dumps", "", ".sql", 3);
    scene.dumps("/srv/more", "", ".sql", 3);
    scene.link("/backup", "/srv/one");
    Backup one;
    one.name = "two";
    one.kind = BackupKind::restic;
    one.location = "/backup";  // a symbolic link to it
    Backup files;
    files.name = "files";
    files.kind = BackupKind::files;
    files.location = "/srv/**/dumps/*.sql";
    scene.config.backups = {one, files};
    const auto found = scene.search();
    CHECK(found.configured == 2);
    REQUIRE(found.suggestions.size() == 2);
    CHECK(found.suggestions[0].backup.location == "/srv/more/[0-9]*.sql");
    CHECK(found.suggestions[1].backup.name == "two-2");
}

TEST_CASE("places that are not searched") {
    Scene scene;
    scene.mount("/mnt/nas", "nfs4");
    scene.mount("/mnt/nas2", "fuse.sshfs");
    scene.mount("/mnt/memory", "tmpfs");
    scene.mount("/mnt/disk", "xfs");
    for (const char* place :
         {"/mnt/nas", "/mnt/nas2/deep", "/mnt/memory", "/mnt/disk/repo", "/proc/1/repo",
          "/sys/repo", "/dev/repo", "/run/repo", "/usr/share/repo", "/srv/.hidden/repo",
          "/1/2/3/4/too_deep", "/1/2/3/four"})
        scene.restic(place);
    scene.link("/srv/link", "/mnt/nas");
    const auto found = scene.search();
    REQUIRE(found.suggestions.size() == 2);
    CHECK(found.suggestions[0].backup.location == "/1/2/3/four");
    CHECK(found.suggestions[1].backup.location == "/mnt/disk/repo");
    CHECK(found.suggestions[1].backup.name == "disk-repo");
    CHECK(found.places == std::vector<std::string>{"/", "/mnt/disk"});
    CHECK(contains(found.notes, "Not searched: 2 network or FUSE filesystems."));
}

TEST_CASE("without local filesystems, no file is accessed") {
    Scene scene;
    scene.file("/proc/self/mountinfo", "1 1 0:1 / / rw - overlay overlay rw\n");
    scene.restic("/srv/repo");
    const auto found = scene.search();
    CHECK(found.places.empty());
    CHECK(found.suggestions.empty());
    CHECK(found.directories == 0);
}

TEST_CASE("limits end the search, with a note") {
    Scene scene;
    for (int i = 0; i < 300; ++i) scene.directory(fmt::format("/many/{}", i));
    scene.restic("/many/zz/zz");
    DiscoverLimits limits;
    CHECK(scene.search(limits).suggestions.size() == 1);
    limits.entries = 200;
    auto found = scene.search(limits);
    CHECK(found.suggestions.empty());
    CHECK(found.directories <= 5);
    CHECK(contains(found.notes, "stopped after 200 names"));
    limits = {};
    limits.depth = 2;
    CHECK(scene.search(limits).suggestions.empty());
    limits = {};
    limits.time = -1;
    found = scene.search(limits);
    CHECK(found.directories == 0);
    CHECK(contains(found.notes, "there may be more"));
}

TEST_CASE("a name that TOML cannot hold gives a note") {
    Scene scene;
    scene.restic("/srv/\xff\xfe");
    scene.dumps("/srv/d\xff", "", ".sql", 3);
    const auto found = scene.search();
    CHECK(contains(found.notes, "not UTF-8"));
    REQUIRE(found.suggestions.size() == 1);
    CHECK(found.suggestions[0].backup.location == "/srv/d?/[0-9]*.sql");
    CHECK(found.suggestions[0].backup.name == "d");
}

TEST_CASE("vzdump's archives: one suggestion for the directory") {
    Scene scene;
    for (const char* guest : {"qemu-100", "qemu-101", "lxc-102"})
        for (int i = 18; i < 21; ++i)
            scene.file(
                fmt::format("/var/lib/vz/dump/vzdump-{}-2026_11_{}-03_00_01.tar.zst", guest, i),
                "x");
    scene.dumps("/var/lib/vz/dump", "orders-", ".sql.gz", 3);
    auto found = scene.search();
    REQUIRE(found.suggestions.size() == 2);
    CHECK(found.suggestions[0].backup.kind == BackupKind::vzdump);
    CHECK(found.suggestions[0].backup.location == "/var/lib/vz/dump");
    CHECK(found.suggestions[0].backup.max_age == 36 * 3600);
    CHECK(contains(found.suggestions[0].remarks, "archives of 3 guests"));
    CHECK(found.suggestions[1].backup.location == "/var/lib/vz/dump/orders-[0-9]*.sql.gz");

    Backup known = found.suggestions[0].backup;
    scene.config.backups = {known};
    found = scene.search();
    CHECK(found.suggestions.size() == 1);
    CHECK(found.configured == 1);
}

TEST_CASE("what a job says of a repository that was found") {
    Scene scene;
    scene.restic("/srv/restic", 3);
    scene.file("/etc/restic.env", "REPO=/srv/restic\nRESTIC_PASSWORD=secret\n");
    scene.file("/etc/systemd/system/restic-home.service",
               "[Service]\nEnvironmentFile=/etc/restic.env\n"
               "ExecStart=/usr/bin/restic -r ${REPO} backup /home\n");
    auto found = scene.search();
    REQUIRE(found.suggestions.size() == 1);
    Backup one = found.suggestions[0].backup;
    CHECK(one.location == "/srv/restic");
    CHECK(one.unit == "restic-home.service");
    CHECK(one.covers == std::vector<std::string>{"/home"});
    CHECK(one.crosses_mounts);
    CHECK(one.max_age == 36 * 3600);
    CHECK(contains(found.suggestions[0].remarks, "/etc/systemd/system/restic-home.service"));

    // Another job that writes there stays on its filesystem: nothing is said of mounts.
    scene.file("/etc/cron.d/etc", "0 3 * * * root restic -r /srv/restic backup -x /etc\n");
    found = scene.search();
    REQUIRE(found.suggestions.size() == 1);
    one = found.suggestions[0].backup;
    CHECK(one.covers == std::vector<std::string>{"/home", "/etc"});
    CHECK_FALSE(one.crosses_mounts);

    scene.config.backups = {one};
    CHECK(scene.search().suggestions.empty());
}

TEST_CASE("backups that only their jobs tell of") {
    Scene scene;
    scene.mount("/mnt/nas", "nfs4");
    scene.file("/etc/rsnapshot.conf",
               "snapshot_root\t/var/cache/rsnapshot/\nbackup\t/home/\tlocalhost/\n");
    scene.directory("/var/cache/rsnapshot");
    scene.file("/etc/btrbk/btrbk.conf",
               "volume /mnt/pool\nsnapshot_dir _snap\nsubvolume @home\ntarget /mnt/nowhere\n");
    scene.file("/etc/cron.d/borg", "1 2 * * * root borg create /mnt/nas/borg::x /srv\n");
    scene.file("/etc/cron.daily/provider",
               "#!/bin/sh\nrestic -r rest:https://me:secret@host/x backup /home\n");
    scene.file("/etc/systemd/system/away.service",
               "[Service]\nExecStart=/usr/bin/nice /usr/local/bin/away.sh\n");
    scene.file("/usr/local/bin/away.sh", "#!/bin/bash\nborg create box:r::$(date) /home\n");
    const auto found = scene.search();
    REQUIRE(found.suggestions.size() == 3);
    CHECK(found.suggestions[0].backup.kind == BackupKind::systemd);
    CHECK(found.suggestions[0].backup.unit == "away.service");
    CHECK(found.suggestions[0].backup.name == "away");
    CHECK(found.suggestions[0].backup.location.empty());
    CHECK(found.suggestions[1].backup.kind == BackupKind::borg);
    CHECK(found.suggestions[1].backup.location == "/mnt/nas/borg");
    CHECK(contains(found.suggestions[1].remarks, "was not looked at"));
    CHECK(found.suggestions[2].backup.kind == BackupKind::rsnapshot);
    CHECK(found.suggestions[2].backup.location == "/var/cache/rsnapshot");
    CHECK(contains(found.suggestions[2].remarks, "is it in use"));
    CHECK(contains(found.notes, "btrbk writes to /mnt/nowhere, which is not there"));
    CHECK(contains(found.notes, "rest:https://me@host/x"));
    for (const auto& one : found.suggestions) CHECK_FALSE(contains(one.remarks, "secret"));
    CHECK_FALSE(contains(found.notes, "secret"));
}
