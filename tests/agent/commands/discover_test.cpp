#include "agent/commands/discover.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>

#include "agent/config_file.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

std::string printed(const test::RecordedHost& scene) {
    const auto topology = Topology::read(scene.host());
    REQUIRE(topology);
    return to_toml(discover_backups(scene.host(), *topology, {}));
}

}  // namespace

TEST_CASE("the output is a valid configuration, whatever the names") {
    test::RecordedHost scene;
    scene.file("/proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    const std::string directories[] = {
        "plain",         "with blank", "quote\"s'", "back\\slash", "new\nline = 1\n[x]",
        "tab\t\x01\x7f", "-._-",       "grün…",     "[0-9]*?",     "ff\xff"};
    for (const std::string& directory : directories) {
        for (const char* part : {"data", "index", "keys", "snapshots"})
            scene.directory("/srv/" + directory + "/" + part);
        scene.file("/srv/" + directory + "/config", "x");
        for (int i = 1; i <= 3; ++i)
            scene.file(fmt::format("/dumps/{}/{}-2026-11-0{}.sql", directory, directory, i), "x");
    }
    const std::string text = printed(scene);
    const auto config = parse_config(text, "discovered.toml");
    REQUIRE_MESSAGE(config, text);
    // All dumps, and all repositories except the one whose name is not UTF-8.
    CHECK(config->backups.size() == 19);
    size_t repositories = 0;
    for (const Backup& backup : config->backups) {
        CHECK(backup.covers.empty());
        const double hours = backup.max_age / 3600;
        CHECK(hours >= 24);
        CHECK(hours < 24 * 14);
        if (backup.kind != BackupKind::restic) continue;
        ++repositories;
        CHECK(scene.host().exists(backup.location + "/snapshots"));
    }
    CHECK(repositories == 9);
    CHECK(text.find("# covers = [\"") != text.npos);
    CHECK(text.find('\xff') == text.npos);
    // `lastgood config show` prints the same.
    const auto again = parse_config(to_toml(*config), "again.toml");
    REQUIRE(again);
    for (size_t i = 0; i < config->backups.size(); ++i)
        CHECK(again->backups[i].location == config->backups[i].location);
}

TEST_CASE("what a job tells is printed as settings") {
    test::RecordedHost scene;
    scene.file("/proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    for (const char* part : {"data", "index", "keys", "snapshots"})
        scene.directory(std::string("/srv/r/") + part);
    scene.file("/srv/r/config", "x");
    scene.file("/etc/systemd/system/r.service",
               "[Service]\nExecStart=restic -r /srv/r backup /home '/srv/\"a\"'\n");
    scene.file("/etc/systemd/system/away.service",
               "[Service]\nExecStart=restic -r sftp:box:/r backup -x /home\n");
    scene.file("/etc/rsnapshot.conf",
               "snapshot_root\t/srv\nlogfile\t/var/log/r.log\nbackup\t/etc/\tx/\n");
    scene.file("/d/vzdump-qemu-100-2026_11_20-03_00_01.vma.zst", "x");
    const std::string text = printed(scene);
    const auto config = parse_config(text, "discovered.toml");
    REQUIRE_MESSAGE(config, text);
    REQUIRE(config->backups.size() == 4);
    const auto named = [&](std::string_view name) {
        return *std::ranges::find(config->backups, name, &Backup::name);
    };
    CHECK(named("r").unit == "r.service");
    CHECK(named("r").covers == std::vector<std::string>{"/home", "/srv/\"a\""});
    CHECK(named("r").crosses_mounts);
    CHECK(named("away").kind == BackupKind::systemd);
    CHECK_FALSE(named("away").crosses_mounts);
    CHECK(named("srv").log == "/var/log/r.log");
    CHECK(named("d").kind == BackupKind::vzdump);
}

TEST_CASE("a comment says that nothing was found") {
    test::RecordedHost scene;
    CHECK(printed(scene).starts_with("# Nothing was found: no local filesystem is mounted."));
    scene.file("/proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    const std::string text = printed(scene);
    CHECK(text.starts_with("# Nothing was found in "));
    const auto config = parse_config(text, "discovered.toml");
    REQUIRE(config);
    CHECK(config->backups.empty());
}

TEST_CASE("the exit status is 0 even if nothing was found") {
    test::RecordedHost scene;
    CHECK(run_discover({}, scene.root()) == 0);
}
