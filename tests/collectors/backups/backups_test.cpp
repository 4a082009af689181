// Runs the collector on directories made by the test, as a recorded host with a fixed clock.
#include "core/metrics/backups.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "collectors/collector.hpp"
#include "core/host.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr double now = 1795230900;  // 2026-11-21 03:15:00 UTC
constexpr double hour = 3600;

const std::string finished_dump =
    "--\n-- PostgreSQL database dump\n--\nselect 1;\n--\n-- PostgreSQL database dump "
    "complete\n--\n";
const std::string unfinished_dump = "--\n-- PostgreSQL database dump\n--\nselect 1;\nsel";

class DatedFiles : public test::TemporaryDirectory {
  public:
    void write(const std::string& name, const std::string& content, double modified = now) const {
        TemporaryDirectory::write(name, content);
        touch(name, modified);
    }
    void touch(const std::string& name, double modified) const {
        const timespec time{static_cast<time_t>(modified), 0};
        const timespec times[2] = {time, time};
        REQUIRE(utimensat(AT_FDCWD, at(name).c_str(), times, 0) == 0);
    }
};

class Scene : public DatedFiles {
  public:
    Scene() {
        write("/now", fmt::format("{}", now));
        config.runtime_directory = path + "/run";
        backup.name = "it";
    }

    Result<void> collect() { return collect(Host(path)); }
    Result<void> collect(const Host& host) {
        sink = {};
        config.backups = {backup};
        Context context{host, config, sink, "it", "", false};
        return find_collector("backups")->run(context);
    }
    std::optional<double> value(const Metric& metric, std::string_view label = "") const {
        for (const auto& one : sink.observations)
            if (one.metric == &metric && one.subject == "it" &&
                (label.empty() || one.labels.at(0).second == label))
                return one.value;
        return std::nullopt;
    }
    std::optional<double> newest(std::string_view confidence) const {
        return value(metric::backup_newest_timestamp_seconds, confidence);
    }
    void files(const std::string& glob) {
        backup.kind = BackupKind::files;
        backup.location = glob;
    }

    Backup backup;
    Config config;
    MemorySink sink;
};

}  // namespace

TEST_CASE("dumps found by a glob") {
    Scene scene;
    scene.files("/backup/db8/*.sql");
    scene.write("/backup/db8/2026-11-19.sql", finished_dump, now - 47 * hour);
    scene.write("/backup/db8/2026-11-20.sql", finished_dump, now - 23 * hour);
    scene.write("/backup/db8/notes.txt", "x", now - 1 * hour);
    scene.backup.min_size = 10;
    scene.backup.max_age = 26 * hour;
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 23 * hour);
    CHECK_FALSE(scene.newest("activity"));
    CHECK(scene.value(metric::backup_count) == 2);
    CHECK(scene.value(metric::backup_oldest_timestamp_seconds) == now - 47 * hour);
    CHECK(scene.value(metric::backup_size_bytes) == finished_dump.size());
    CHECK(scene.value(metric::backup_incomplete) == 0);
    CHECK(scene.value(metric::backup_in_progress) == 0);
    CHECK(scene.value(metric::backup_max_age_seconds) == 26 * hour);
    CHECK(scene.value(metric::backup_min_size_bytes) == 10);
    CHECK(scene.value(metric::backup_info, "files") == 1);
    CHECK(scene.sink.problems.empty());
}

TEST_CASE("a backup never made, unreadable or stale: three different results") {
    Scene scene;
    scene.files("/backup/db8/*.sql");
    CHECK_FALSE(scene.collect());  // no such directory
    CHECK(scene.value(metric::backup_max_age_seconds).has_value());
    CHECK_FALSE(scene.value(metric::backup_count).has_value());

    scene.write("/backup/db8/readme", "x");
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_count) == 0);
    CHECK_FALSE(scene.newest("inferred"));

    scene.write("/backup/db8/a.sql", finished_dump, now - 1000 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 1000 * hour);
    CHECK(scene.value(metric::backup_count) == 1);
}

TEST_CASE("a truncated newest copy does not count as the newest backup") {
    Scene scene;
    scene.files("/backup/*.sql");
    scene.write("/backup/a.sql", finished_dump, now - 30 * hour);
    scene.write("/backup/b.sql", unfinished_dump, now - 2 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 30 * hour);
    CHECK(scene.value(metric::backup_incomplete) == 1);
    CHECK(scene.value(metric::backup_count) == 1);
    REQUIRE(scene.sink.problems.size() == 1);
    CHECK(scene.sink.problems[0].second.message.find("/backup/b.sql") != std::string::npos);

    // An older truncated copy does not matter.
    scene.write("/backup/c.sql", finished_dump, now - 1 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_incomplete) == 0);
    CHECK(scene.value(metric::backup_count) == 2);

    scene.write("/backup/d.sql", "", now - 0.5 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_incomplete) == 1);
    CHECK(scene.newest("inferred") == now - 1 * hour);
}

TEST_CASE("a file being written is not a copy yet") {
    Scene scene;
    scene.files("/backup/*");
    scene.backup.settle_time = 300;
    scene.write("/backup/a.sql", finished_dump, now - 30 * hour);
    scene.write("/backup/b.sql", unfinished_dump, now - 200);
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 30 * hour);
    CHECK(scene.value(metric::backup_in_progress) == 1);
    CHECK(scene.value(metric::backup_incomplete) == 0);
    scene.backup.settle_time = 100;
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_in_progress) == 0);
    CHECK(scene.value(metric::backup_incomplete) == 1);

    // Temporary files are never copies; old ones are leftovers.
    scene.write("/backup/b.sql", finished_dump, now - 2 * hour);
    scene.write("/backup/c.sql.part", "x", now - 30);
    scene.write("/backup/.d.sql.Xy7a", "x", now - 30);
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 2 * hour);
    CHECK(scene.value(metric::backup_in_progress) == 1);
    scene.touch("/backup/c.sql.part", now - 5 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_in_progress) == 0);
    CHECK(scene.value(metric::backup_count) == 2);
}

TEST_CASE("a file that is unchanged for the settle time is finished") {
    Scene scene;
    scene.files("/backup/*");
    scene.backup.settle_time = 1e9;  // the kernel's change time is later than the recorded clock
    scene.write("/backup/a.sql", finished_dump, now - 1e9);
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_in_progress) == 0);
    scene.touch("/backup/a.sql", now - 1e9 + 1);
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_in_progress) == 1);
}

TEST_CASE("** does not look into hidden directories") {
    Scene scene;
    scene.files("/backup/**/*.sql");
    scene.write("/backup/a/a.sql", finished_dump, now - 2 * hour);
    scene.write("/backup/.trash/b.sql", finished_dump, now - 1 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_count) == 1);
}

TEST_CASE("min_size without a readable size is a problem once there is a copy") {
    Scene scene;
    scene.backup.kind = BackupKind::stamp;
    scene.backup.location = "/var/stamp";
    scene.backup.min_size = 10;
    scene.write("/var/other", "x");
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_count) == 0);
    CHECK(scene.sink.problems.empty());
    scene.write("/var/stamp", "");
    REQUIRE(scene.collect());
    REQUIRE(scene.sink.problems.size() == 1);
    CHECK(scene.sink.problems[0].second.message.find("min_size") != std::string::npos);
}

TEST_CASE("names of files that are being written") {
    for (const char* ending : {".part", ".partial", ".tmp", ".temp", ".incomplete", ".inprogress",
                               ".in-progress", ".filepart", ".dat.tmp", "~"}) {
        CAPTURE(ending);
        Scene scene;
        scene.files("/backup/*");
        scene.write(std::string("/backup/b.sql") + ending, finished_dump, now - 550);
        REQUIRE(scene.collect());
        CHECK(scene.value(metric::backup_in_progress) == 1);
        CHECK(scene.value(metric::backup_count) == 0);
        scene.touch(std::string("/backup/b.sql") + ending, now - 650);  // a leftover
        REQUIRE(scene.collect());
        CHECK(scene.value(metric::backup_in_progress) == 0);
        CHECK(scene.value(metric::backup_count) == 0);
    }
}

TEST_CASE("the kernel's change time replaces a modification time in the future") {
    Scene scene;
    const Host host("/");
    scene.files(scene.path + "/backup/*.sql");
    const double present = host.now();
    scene.write("/backup/a.sql", finished_dump, present - 30 * hour);
    scene.write("/backup/b.sql", finished_dump, present + 20 * hour);
    scene.backup.settle_time = 60;
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_in_progress) == 1);
    CHECK(scene.value(metric::backup_count) == 1);
    CHECK(scene.newest("inferred") == doctest::Approx(present - 30 * hour).epsilon(1e-9));
    usleep(300'000);
    scene.backup.settle_time = 0.2;
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_in_progress) == 0);
    CHECK(scene.value(metric::backup_count) == 2);
}

TEST_CASE("a file that a process has open for writing is unfinished at any age") {
    Scene scene;
    const Host host("/");
    scene.files(scene.path + "/backup/*.sql");
    const double present = host.now();
    scene.write("/backup/a.sql", finished_dump, present - 30 * hour);
    scene.write("/backup/b.sql", finished_dump, present - 2 * hour);
    const int writer = open((scene.path + "/backup/b.sql").c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(writer >= 0);
    const auto collected = scene.collect(host);
    close(writer);
    REQUIRE(collected);
    CHECK(scene.value(metric::backup_in_progress) == 1);
    CHECK(scene.newest("inferred") == doctest::Approx(present - 30 * hour).epsilon(1e-9));
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_in_progress) == 0);
    CHECK(scene.newest("inferred") == doctest::Approx(present - 2 * hour).epsilon(1e-9));
}

TEST_CASE("verdicts are remembered until the file changes") {
    Scene scene;
    const Host host("/");
    scene.write("/run/x", "");
    scene.files(scene.path + "/backup/*.sql");
    const double present = host.now();
    scene.write("/backup/b.sql", finished_dump, present - 2 * hour);
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_incomplete) == 0);
    REQUIRE(std::filesystem::exists(scene.path + "/run/backups/it.json"));
    // Proves that the collector uses a remembered verdict: the test replaces it with another one.
    std::ifstream in(scene.path + "/run/backups/it.json");
    std::string memory((std::istreambuf_iterator<char>(in)), {});
    const size_t verdict = memory.find("true,0,");
    REQUIRE(verdict != std::string::npos);
    memory.replace(verdict, 7, "true,1,");
    scene.write("/run/backups/it.json", memory);
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_incomplete) == 1);
    // The file is rewritten with the same times, but the kernel's change time differs.
    usleep(20'000);
    scene.write("/backup/b.sql", finished_dump, present - 2 * hour);
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_incomplete) == 0);
    // A malformed memory is ignored.
    scene.write("/run/backups/it.json", "[1,{");
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_incomplete) == 0);
}

TEST_CASE("a verdict from a file's ends does not replace unpacking it") {
    Scene scene;
    const Host host("/");
    scene.write("/run/x", "");
    scene.files(scene.path + "/backup/*");
    const double present = host.now();
    // One block of deflate that is not compressed, and a wrong checksum.
    const std::string damaged(
        "\x1f\x8b\x08\0\0\0\0\0\0\x03"
        "\x01\x04\0\xfb\xff"
        "text"
        "\1\2\3\4\4\0\0\0",
        27);
    scene.write("/backup/4", damaged, present - 8 * hour);
    for (const char* newer : {"/backup/1", "/backup/2", "/backup/3"})
        scene.write(newer, finished_dump, present - 2 * hour);
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_count) == 4);  // of the fourth only the ends were read
    for (const char* newer : {"/backup/1", "/backup/2", "/backup/3"})
        std::filesystem::remove(scene.path + newer);
    REQUIRE(scene.collect(host));
    CHECK(scene.value(metric::backup_incomplete) == 1);
}

TEST_CASE("times in names of files and directories") {
    Scene scene;
    scene.files("/backup/**/db.sql");
    // A file copied later: its name is right, its modification time is not.
    scene.write("/backup/2026/2026-11-19_0300/db.sql", finished_dump, now - 1 * hour);
    scene.write("/backup/2026/2026-11-18_0300/db.sql", finished_dump, now - 1 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == from_civil_local(2026, 11, 19, 3, 0, 0));
    CHECK(scene.value(metric::backup_oldest_timestamp_seconds) ==
          from_civil_local(2026, 11, 18, 3, 0, 0));

    scene.files("/backup/2026/*/db.sql");
    scene.backup.time_pattern = "%Y-%m-%d_%H%M";
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == from_civil_local(2026, 11, 19, 3, 0, 0));
    scene.backup.time_pattern = "%H%M";
    const auto refused = scene.collect();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("time_pattern") != std::string::npos);
}

TEST_CASE("copies that are directories") {
    Scene scene;
    scene.files("/snapshots/*");
    scene.write("/snapshots/hourly.0/etc/passwd", "x");
    scene.touch("/snapshots/hourly.0", now - 1 * hour);
    scene.write("/snapshots/hourly.1/etc/passwd", "x");
    scene.touch("/snapshots/hourly.1", now - 5 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.newest("activity") == now - 1 * hour);  // rsnapshot updates it even if it fails
    CHECK_FALSE(scene.newest("inferred"));
    CHECK(scene.value(metric::backup_count) == 2);
    CHECK_FALSE(scene.value(metric::backup_size_bytes));

    scene.files("/images/*");
    scene.write("/images/20261120-0300/summary", "x");
    REQUIRE(scene.collect());
    const Timestamp time = from_civil_local(2026, 11, 20, 3, 0, 0);
    CHECK(scene.newest("activity") == time);  // it may be half made
    CHECK_FALSE(scene.newest("inferred"));
    scene.backup.complete_if = "summary";
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == time);
}

TEST_CASE("an unmounted location is an error, not an empty location") {
    Scene scene;
    scene.files("/mnt/nas/db/*.sql");
    scene.write("/mnt/nas/db/readme", "x");
    scene.write("/etc/fstab",
                "UUID=1 / ext4 defaults 0 1\nnas:/export /mnt/nas nfs4 defaults 0 0\n");
    scene.write("/proc/self/mountinfo", "27 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw\n");
    const auto refused = scene.collect();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("/mnt/nas is not mounted") != std::string::npos);
    scene.write("/proc/self/mountinfo",
                "27 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw\n"
                "28 27 0:50 / /mnt/nas rw,relatime - nfs4 nas:/export rw\n");
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_count) == 0);
}

TEST_CASE("failure domains of copies and their sources") {
    Scene scene;
    scene.files("/backup/*.sql");
    scene.write("/backup/a.sql", finished_dump, now - 2 * hour);
    scene.write("/var/lib/mysql/ibdata1", "x");
    scene.write("/mnt/nas/x", "x");
    const std::string root = "27 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw\n";
    scene.write("/proc/self/mountinfo", root);
    scene.write("/proc/sys/kernel/hostname", "db8\n");
    REQUIRE(scene.collect());
    CHECK_FALSE(scene.value(metric::backup_failure_domain));  // the backup has no covers

    scene.backup.covers = {"/var/lib/mysql"};
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_failure_domain, "same-filesystem") == 1);

    const auto domain_on = [&](const std::string& mount) {
        scene.write("/proc/self/mountinfo", root + mount);
        REQUIRE(scene.collect());
        for (const auto& one : scene.sink.observations)
            if (one.metric == &metric::backup_failure_domain)
                return std::string(one.label("domain"));
        return std::string();
    };
    const std::string options = " rw,relatime - ";
    CHECK(domain_on("28 27 0:50 / /backup" + options + "nfs4 nas:/export rw\n") == "off-host");
    CHECK(domain_on("28 27 0:50 / /backup" + options + "cifs //nas/share rw\n") == "off-host");
    CHECK(domain_on("28 27 0:50 / /backup" + options + "nfs4 localhost:/export rw\n") ==
          "same-host");
    CHECK(domain_on("28 27 0:50 / /backup" + options + "nfs4 db8.example.com:/x rw\n") ==
          "same-host");
    CHECK(domain_on("28 27 0:50 / /backup" + options + "fuse.sshfs me@nas:/x rw\n") == "off-host");
    // sysfs does not name the drives: the domain is unknown.
    CHECK(domain_on("28 27 254:16 / /backup" + options + "ext4 /dev/vdb1 rw\n") == "unknown");
    // One close path among several is enough.
    scene.backup.covers = {"/mnt/nas", "/var/lib/mysql"};
    CHECK(domain_on("28 27 0:50 / /mnt/nas" + options + "nfs4 nas:/export rw\n") ==
          "same-filesystem");
    scene.backup.covers = {"/mnt/nas"};
    CHECK(domain_on("28 27 0:50 / /mnt/nas" + options + "nfs4 nas:/export rw\n") == "off-host");
}

TEST_CASE("stamps") {
    Scene scene;
    scene.backup.kind = BackupKind::stamp;
    scene.backup.location = "/var/lib/job/stamp";
    CHECK_FALSE(scene.collect());  // not even the directory
    scene.write("/var/lib/job/other", "x");
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_count) == 0);
    scene.write("/var/lib/job/stamp", "", now - 5 * hour);
    REQUIRE(scene.collect());
    CHECK(scene.newest("exact") == now - 5 * hour);
    CHECK_FALSE(scene.value(metric::backup_count));
    scene.backup.location = "/var/lib/job";
    CHECK_FALSE(scene.collect());
}

TEST_CASE("a borg lock distinguishes a running create from a finished one") {
    Scene scene;
    scene.backup.kind = BackupKind::borg;
    scene.backup.location = "/srv/borg";
    scene.backup.cache_directory = "/cache";
    const std::string id(64, 'a');
    scene.write("/srv/borg/config", "[repository]\nversion = 1\nid = " + id + "\n");
    scene.write("/srv/borg/index.5", "x", now - 30 * hour);
    scene.write("/srv/borg/data/0/5", "x");
    scene.touch("/srv/borg/data/0", now - 30 * hour);
    scene.write("/cache/" + id + "/files", "x", now - 30 * hour);
    scene.write("/proc/sys/kernel/hostname", "db8\n");
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 30 * hour);
    CHECK(scene.value(metric::backup_in_progress) == 0);

    // A create has begun; the cache is still from the previous create.
    scene.write("/srv/borg/lock.exclusive/db8.example.com@123.77-0", "");
    scene.touch("/srv/borg/lock.exclusive", now - 1 * hour);
    scene.write("/proc/77/stat", "x");
    REQUIRE(scene.collect());
    CHECK(scene.newest("inferred") == now - 30 * hour);
    CHECK(scene.value(metric::backup_in_progress) == 1);
    CHECK(scene.value(metric::backup_lock_timestamp_seconds) == now - 1 * hour);

    // The create has written its first checkpoint.
    scene.touch("/cache/" + id + "/files", now - 0.5 * hour);
    REQUIRE(scene.collect());
    CHECK_FALSE(scene.newest("inferred"));
    CHECK(scene.newest("activity"));

    // The create was killed.
    std::filesystem::remove_all(scene.path + "/proc/77");
    REQUIRE(scene.collect());
    CHECK_FALSE(scene.newest("inferred"));
    CHECK(scene.value(metric::backup_in_progress) == 0);
    CHECK(scene.value(metric::backup_incomplete) == 1);

    // Its lock was broken, but its segments were not removed yet.
    std::filesystem::remove_all(scene.path + "/srv/borg/lock.exclusive");
    scene.write("/srv/borg/data/0/6", "x");
    REQUIRE(scene.collect());
    CHECK_FALSE(scene.newest("inferred"));
    CHECK(scene.value(metric::backup_incomplete) == 1);
}

TEST_CASE("a backup that is not configured") {
    Scene scene;
    scene.backup.name = "other";
    scene.backup.kind = BackupKind::observed;
    CHECK_FALSE(scene.collect());
    scene.backup.name = "it";
    REQUIRE(scene.collect());
    CHECK(scene.value(metric::backup_info, "observed") == 1);
    const auto groups = find_collector("backups")->groups(Host(scene.path), scene.config);
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].name == "/");
    CHECK(groups[0].members == std::vector<std::string>{"it"});
}
