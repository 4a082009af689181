// Tests the readers of vzdump's directories, of datastores of Proxmox Backup Server and of kopia's
// repositories on layouts that the test makes; none of the three tools is in Debian.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "collectors/backups/state.hpp"
#include "core/text.hpp"
#include "tests/collectors/backups/proxmox_blob.hpp"
#include "tests/recorded_host.hpp"
#include "tests/time_zone.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1795694400 + 3600;  // 2026-11-26 13:00:00 UTC

struct Repository {
    test::TimeZone zone{"UTC"};
    test::RecordedHost files;
    Backup backup;

    explicit Repository(BackupKind kind) {
        backup.kind = kind;
        backup.location = "/srv/b";
        files.directory("/srv/b");
        files.file("/now", "1795698000");
    }
    void write(const std::string& path, const std::string& text, Timestamp modified = now) {
        files.file("/srv/b/" + path, text);
        const timespec time{static_cast<time_t>(modified), 0};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, (files.root() + "/srv/b/" + path).c_str(), times, 0) == 0);
    }
    Result<BackupState> try_to_look() const {
        const Host host(files.root());  // reads the clock's file
        if (backup.kind == BackupKind::vzdump) return look_at_vzdump(host, backup);
        if (backup.kind == BackupKind::kopia) return look_at_kopia(host, backup);
        return look_at_proxmox_backup(host, backup);
    }
    BackupState look() const {
        auto state = try_to_look();
        REQUIRE(state.has_value());
        return *state;
    }
};

BackupState stream(const BackupState& whole, const std::string& name) {
    const auto found = std::ranges::find(whole.streams, name, &StreamState::name);
    REQUIRE(found != whole.streams.end());
    return found->state;
}

std::optional<Timestamp> proven(const BackupState& state) {
    for (const NewestCopy& one : state.newest)
        if (one.confidence != Confidence::activity) return one.time;
    return std::nullopt;
}

bool says(const BackupState& state, const std::string& text) {
    return std::ranges::any_of(state.problems, [&](const Error& problem) {
        return problem.message.find(text) != std::string::npos;
    });
}

struct Vzdump : Repository {
    Vzdump() : Repository(BackupKind::vzdump) {}
    static std::string stem(const std::string& guest, const std::string& day) {
        return "vzdump-" + guest + "-2026_11_" + day + "-12_00_00";
    }
    void run(const std::string& guest, const std::string& day, const std::string& log,
             size_t size = 1000) {
        write(stem(guest, day) + ".log", log);
        if (size > 0) write(stem(guest, day) + ".vma.zst", std::string(size, 'x'));
    }
};
const std::string finished = "INFO: Finished Backup of VM 100 (00:00:10)\n";

struct Datastore : Repository {
    Datastore() : Repository(BackupKind::proxmox_backup) { files.directory("/srv/b/.chunks"); }
    void snapshot(const std::string& group, const std::string& day,
                  const std::string& manifest = R"({"files":[{"filename":"a.blob","size":7}]})") {
        const std::string directory = group + "/2026-11-" + day + "T12:00:00Z/";
        write(directory + "a.blob", "x");
        if (!manifest.empty())
            write(directory + "index.json.blob", test::proxmox_blob(manifest, true));
    }
};

}  // namespace

TEST_CASE("vzdump: each guest is a stream, and only a log that says so proves an archive") {
    Vzdump it;
    it.run("qemu-100", "25", finished);
    it.run("qemu-100", "26", finished, 2000);
    it.run("lxc-101", "20", finished);
    it.run("lxc-101", "26", "ERROR: Backup of VM 101 failed - no space left on device\n", 0);
    const auto state = it.look();
    REQUIRE(state.streams.size() == 2);
    const auto& good = stream(state, "qemu-100");
    CHECK(proven(good) == now - 3600 + 10);
    CHECK(good.count == 2);
    CHECK(good.size == 2000);
    CHECK(good.incomplete == false);
    const auto& bad = stream(state, "lxc-101");
    CHECK(proven(bad) == now - 3600 + 10 - 6 * 86400);
    CHECK(bad.count == 1);
    CHECK(bad.incomplete == true);
    CHECK(says(state, "no space left"));
    CHECK(proven(state) == now - 3600 + 10 - 6 * 86400);  // fresh only if all guests are
}

TEST_CASE("vzdump: truncated, empty, without a log, with a log alone") {
    Vzdump it;
    it.run("qemu-100", "26", "INFO: archive file size: 2KB\n" + finished, 1000);
    it.run("qemu-101", "26", "INFO: archive file size: 2KB\n" + finished, 2000);
    it.run("qemu-102", "26", finished, 0);
    it.write(Vzdump::stem("qemu-103", "26") + ".vma.zst", "x");
    it.run("qemu-104", "26", "INFO: Starting Backup of VM 104 (qemu)\n");
    const auto state = it.look();
    CHECK_FALSE(proven(stream(state, "qemu-100")));
    CHECK(says(state, "it is truncated"));
    CHECK(proven(stream(state, "qemu-101")));
    CHECK_FALSE(proven(stream(state, "qemu-102")));
    CHECK(says(state, "its archive is gone"));
    CHECK_FALSE(proven(stream(state, "qemu-103")));
    CHECK(stream(state, "qemu-103").newest.size() == 1);  // activity
    CHECK(says(state, "no log beside it"));
    CHECK_FALSE(proven(stream(state, "qemu-104")));
    it.write(Vzdump::stem("qemu-104", "26") + ".log", finished);
    it.write(Vzdump::stem("qemu-104", "26") + ".vma.zst", "");
    it.write(Vzdump::stem("qemu-101", "24") + ".log", finished);
    it.write(Vzdump::stem("qemu-101", "24") + ".vma.zst", "");
    const auto emptied = it.look();
    CHECK_FALSE(proven(stream(emptied, "qemu-104")));
    CHECK(says(emptied, "it is empty"));
    CHECK(stream(emptied, "qemu-101").count == 1);
    CHECK_FALSE(proven(state));
}

TEST_CASE("vzdump: a run now, a leftover, a name in the future, nothing") {
    Vzdump it;
    it.run("qemu-100", "25", finished);
    it.write(Vzdump::stem("qemu-100", "26") + ".vma.dat", "x");
    it.write(Vzdump::stem("qemu-100", "26") + ".log", "INFO: Starting\n");
    auto state = it.look();
    CHECK(state.in_progress == true);
    CHECK(stream(state, "qemu-100").incomplete == false);
    it.write(Vzdump::stem("qemu-100", "26") + ".vma.dat", "x", now - 86400);
    state = it.look();
    CHECK(state.in_progress == false);
    CHECK(stream(state, "qemu-100").incomplete == true);
    it.run("qemu-100", "30", finished);
    state = it.look();
    CHECK_FALSE(says(state, "in the future"));  // the others tell
    Vzdump alone;
    alone.run("qemu-100", "30", finished);
    CHECK(says(alone.look(), "in the future"));
    CHECK(Vzdump().look().count == 0);
    it.backup.location = "/srv/nothing";
    CHECK_FALSE(it.try_to_look());
}

TEST_CASE("Proxmox Backup Server: groups of all namespaces are streams") {
    Datastore it;
    it.snapshot("vm/100", "25");
    it.snapshot("vm/100", "26");
    it.write("vm/100/owner", "root@pam\n");
    it.snapshot("ct/101", "26");
    it.snapshot("ns/web/ns/eu/host/h1", "20");
    const auto state = it.look();
    REQUIRE(state.streams.size() == 3);
    CHECK(proven(stream(state, "vm/100")) == now - 3600);
    CHECK(stream(state, "vm/100").count == 2);
    CHECK(stream(state, "vm/100").size == 7);
    CHECK(proven(stream(state, "ct/101")) == now - 3600);
    CHECK(proven(stream(state, "web/eu/host/h1")) == now - 3600 - 6 * 86400);
    CHECK(state.problems.empty());
}

TEST_CASE("Proxmox Backup Server: without a manifest, with lost files, with damage") {
    Datastore it;
    it.snapshot("vm/1", "20");
    it.snapshot("vm/1", "26", "");  // uploads now
    auto state = it.look();
    CHECK(stream(state, "vm/1").in_progress == true);
    CHECK(stream(state, "vm/1").incomplete == false);
    CHECK(proven(state) == now - 3600 - 6 * 86400);

    it.snapshot("vm/2", "24", "");  // was stopped
    it.snapshot("vm/3", "26", R"({"files":[{"filename":"gone.fidx","size":7}]})");
    it.snapshot("vm/4", "26", R"({"files":[],"unprotected":{"verify_state":{"state":"failed"}}})");
    state = it.look();
    for (const char* name : {"vm/2", "vm/3", "vm/4"}) {
        CAPTURE(name);
        CHECK_FALSE(proven(stream(state, name)));
        CHECK(stream(state, name).incomplete == true);
        CHECK(contains(stream(state, name).broken, std::string(name) + "/2026-11-2"));
    }
    for (const char* reason :
         {"stopped before its end", "gone.fidx is gone", "verification failed"})
        CHECK_MESSAGE(says(state, reason), reason);

    it.snapshot("vm/5", "20");
    it.snapshot("vm/5", "26");
    it.write("vm/5/2026-11-26T12:00:00Z/index.json.blob", "cut");
    state = it.look();
    CHECK(stream(state, "vm/5").newest_unjudged == now - 3600);
    CHECK_FALSE(stream(state, "vm/5").incomplete);  // it cannot be told
    CHECK(stream(state, "vm/5").broken.ends_with("/vm/5/2026-11-26T12:00:00Z/index.json.blob"));
    CHECK(says(state, "vm/5/2026-11-26T12:00:00Z/index.json.blob: it is no blob"));
}

TEST_CASE("Proxmox Backup Server: an empty datastore, and what is none") {
    CHECK(Datastore().look().count == 0);
    Repository none(BackupKind::proxmox_backup);
    const auto state = none.try_to_look();
    REQUIRE_FALSE(state.has_value());
    CHECK(state.error().message.find(".chunks") != std::string::npos);
}

TEST_CASE("kopia: a change is never more than activity") {
    Repository it(BackupKind::kopia);
    CHECK_FALSE(it.try_to_look());
    it.write("kopia.repository.f", "{}");
    CHECK(it.look().count == 0);
    it.write("xn0/_ab/cdef.f", "x");
    it.write("p12/345/67.f", "x");
    const auto state = it.look();
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].confidence == Confidence::activity);
    CHECK_FALSE(state.count);
    CHECK_FALSE(proven(state));
}
