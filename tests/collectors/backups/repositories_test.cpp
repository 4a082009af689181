// Tests the readers of restic and borg on repositories that the test writes.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp day = 86400, now = 1795230900;

struct Repository {
    test::RecordedHost host;
    Backup backup;

    void write(const std::string& path, const std::string& text, Timestamp modified) {
        host.file(path, text);
        touch(path, modified);
    }
    void touch(const std::string& path, Timestamp modified) {
        const timespec time{
            static_cast<time_t>(modified),
            static_cast<long>((modified - static_cast<double>(static_cast<time_t>(modified))) *
                              1e9)};
        const timespec times[2] = {time, time};
        REQUIRE(::utimensat(AT_FDCWD, (host.root() + path).c_str(), times, 0) == 0);
    }
    void remove(const std::string& path) { std::filesystem::remove_all(host.root() + path); }
    std::optional<Timestamp> newest(const BackupState& state, Confidence confidence) const {
        for (const auto& one : state.newest)
            if (one.confidence == confidence) return one.time;
        return std::nullopt;
    }
};

struct Restic : Repository {
    Restic() {
        backup.kind = BackupKind::restic;
        backup.location = "/srv/restic";
        write("/srv/restic/config", "x", now - 100 * day);
        write("/srv/restic/keys/" + std::string(64, 'e'), "x", now - 100 * day);
        for (const char* directory : {"snapshots", "index", "data"})
            host.directory(std::string("/srv/restic/") + directory);
    }
    void snapshot(char digit, Timestamp at) {
        write("/srv/restic/index/" + std::string(64, digit), "x", at - 0.01);
        write("/srv/restic/snapshots/" + std::string(64, digit), "x", at);
    }
    BackupState look() const {
        LookMemory memory(host.host(), "", "it");
        auto state = look_at_restic(host.host(), backup, memory);
        REQUIRE(state.has_value());
        return *state;
    }
};

struct Borg : Repository {
    const std::string id = std::string(64, 'a');
    LookMemory memory{host.host(), "", "it"};
    Borg() {
        backup.kind = BackupKind::borg;
        backup.location = "/srv/borg";
        backup.cache_directory = "/cache";
        write("/srv/borg/config", "[repository]\nversion = 1\nid = " + id + "\n", now - 100 * day);
    }
    void committed(int number, Timestamp at) {
        for (const std::string name : {"/index.", "/data/0/"})
            write("/srv/borg" + name + std::to_string(number), "x", at);
        segments_changed(at);
    }
    void segments_changed(Timestamp at) { touch("/srv/borg/data/0", at); }
    void cache(const std::string& name, const std::string& text, Timestamp at) {
        write("/cache/" + id + "/" + name, text, at);
    }
    BackupState look() {
        auto state = look_at_borg(host.host(), backup, memory);
        REQUIRE(state.has_value());
        return *state;
    }
};

}  // namespace

TEST_CASE("restic: a snapshot's file is named by its hash; other names are unfinished files") {
    Restic restic;
    CHECK(restic.look().count == 0);
    restic.snapshot('a', now - 2 * day);
    restic.snapshot('b', now - day);
    restic.write("/srv/restic/snapshots/" + std::string(64, 'c') + "-tmp-123456", "x", now);
    restic.host.directory("/srv/restic/snapshots/" + std::string(64, 'd'));
    const BackupState state = restic.look();
    CHECK(state.count == 2);
    CHECK(state.oldest == now - 2 * day);
    CHECK(restic.newest(state, Confidence::inferred) == now - day);
    CHECK_FALSE(restic.newest(state, Confidence::activity));
    CHECK_FALSE(state.oldest_lock);
    CHECK(state.problems.empty());
    restic.write("/srv/restic/locks/" + std::string(64, 'f'), "x", now - 7200);
    restic.write("/srv/restic/locks/" + std::string(64, 'e'), "x", now - 60);
    CHECK(restic.look().oldest_lock == now - 7200);
}

TEST_CASE("restic: a directory that may change again unseen, or a wrong clock, is read again") {
    Restic restic;
    restic.snapshot('a', now - 2 * day);
    restic.snapshot('b', now - day);
    const auto look_at = [&](Timestamp clock, LookMemory& memory) {
        restic.host.file("/now", std::to_string(static_cast<long long>(clock)));
        const Host host(restic.host.root());  // reads the clock's file
        const auto state = look_at_restic(host, restic.backup, memory);
        REQUIRE(state.has_value());
        return *state;
    };
    const auto changed = [](const LookMemory& memory) {
        return memory.section("restic").at("snapshots_changed").get<double>();
    };
    LookMemory memory(restic.host.host(), "", "it");
    const Timestamp written = restic.host.host().status("/srv/restic/snapshots").value().changed;
    CHECK(restic.newest(look_at(written + 1, memory), Confidence::inferred) == now - day);
    CHECK(changed(memory) == 0);
    look_at(written + 3600, memory);
    CHECK(changed(memory) == written);
    // What was seen while the clock was wrong.
    auto section = memory.section("restic");
    section["backup"] = written + 900 * day;
    memory.keep("restic", section);
    CHECK(restic.newest(look_at(written + 3600, memory), Confidence::inferred) == now - day);
}

TEST_CASE("restic: a memory that lost its snapshots makes no new ones of the old") {
    Restic restic;
    const std::string name(64, 'a');
    restic.write("/srv/restic/snapshots/" + name, "x", now - day);
    LookMemory memory(restic.host.host(), "", "it");
    const auto newest = [&] {
        const auto state = look_at_restic(restic.host.host(), restic.backup, memory);
        REQUIRE(state.has_value());
        return restic.newest(*state, Confidence::inferred);
    };
    CHECK_FALSE(newest());
    auto section = memory.section("restic");
    section["snapshots"] = "";
    memory.keep("restic", section);
    CHECK_FALSE(newest());
}

TEST_CASE("restic: packs prove a backup after a prune has replaced its index") {
    Restic restic;
    const std::string name(64, 'a');
    restic.write("/srv/restic/snapshots/" + name, "x", now - day);
    restic.write("/srv/restic/index/" + name, "x", now - 3600);
    restic.write("/srv/restic/data/aa/" + name + "-tmp-1", "x", now - day - 0.1);  // unfinished
    CHECK_FALSE(restic.newest(restic.look(), Confidence::inferred));
    CHECK(restic.newest(restic.look(), Confidence::activity) == now - day);
    restic.write("/srv/restic/data/aa/" + name, "x", now - day - 0.1);
    CHECK_FALSE(restic.newest(restic.look(), Confidence::inferred));  // a rewrite writes one, too
    restic.write("/srv/restic/data/bb/" + std::string(64, 'b'), "x", now - day - 5);
    CHECK(restic.newest(restic.look(), Confidence::inferred) == now - day);
}

TEST_CASE("borg: an empty repository has no copy") {
    Borg borg;
    borg.committed(1, now - day);
    CHECK(borg.look().count == 0);
    CHECK(borg.look().newest.empty());
    borg.committed(3, now - day);
    CHECK_FALSE(borg.look().count);
    CHECK(borg.newest(borg.look(), Confidence::activity) == now - day);
}

TEST_CASE("borg: only the files cache proves a create") {
    Borg borg;
    borg.committed(5, now - day);
    const auto newest = [&] {
        borg.memory.keep("borg", nlohmann::json::object());  // the first look
        return borg.newest(borg.look(), Confidence::inferred);
    };
    CHECK_FALSE(newest());
    CHECK(borg.look().problems.size() == 1);  // the cache is not on this host
    borg.cache("README", "x", now - 3 * day);
    borg.cache("chunks", "x", now);
    CHECK_FALSE(newest());
    // An empty "files" is made with the cache, or by a create that has nothing to remember.
    borg.cache("files", "", now - 3 * day + 0.25);
    CHECK_FALSE(newest());
    borg.cache("files", "", now - 2 * day);
    CHECK(newest() == now - 2 * day);
    borg.cache("files.home", "x", now - 1.5 * day);
    CHECK(newest() == now - 1.5 * day);
    borg.cache("files.tmp", "x", now - 60);
    borg.cache("files.home.tmp", "x", now - 60);
    CHECK(newest() == now - 1.5 * day);
}

TEST_CASE("borg: a create that this repository has no commit of was into another copy of it") {
    for (const auto& [later, own] : {std::pair(300, true), {301, false}}) {
        Borg borg;
        borg.committed(5, now - 2 * day);
        borg.cache("files", "x", now - 2 * day + later);
        CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 2 * day + (own ? later : 0));
    }
}

TEST_CASE("borg: without a commit of this repository there is no newer backup") {
    Borg borg;
    borg.committed(5, now - 2 * day);
    borg.cache("files", "x", now - 2 * day + 1);
    CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 2 * day + 1);
    borg.cache("files", "y", now - 2 * day + 200);  // of a create into another copy of it
    CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 2 * day + 1);
}

TEST_CASE(
    "borg: a checkpoint that was seen is in doubt after the next commit, and proves nothing") {
    Borg borg;
    borg.committed(5, now - 2 * day);
    borg.cache("files", "x", now - 2 * day + 1);
    borg.look();
    borg.host.directory("/srv/borg/lock.exclusive");
    borg.touch("/srv/borg/lock.exclusive", now - 7200);
    borg.cache("files", "y", now - 3600);
    CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 2 * day + 1);
    borg.remove("/srv/borg/lock.exclusive");
    borg.committed(7, now - 1800);
    const BackupState state = borg.look();
    CHECK_FALSE(borg.newest(state, Confidence::inferred));
    CHECK(state.perhaps == now - 3600);
}

TEST_CASE("borg: an older state that was put back is without what was proven of the newer one") {
    Borg borg;
    borg.committed(5, now - 2 * day);
    borg.committed(7, now - 3600);
    borg.cache("files", "x", now - 3599);
    CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 3599);
    for (const char* name : {"/srv/borg/index.7", "/srv/borg/data/0/7"}) borg.remove(name);
    borg.segments_changed(now - 2 * day);
    borg.host.directory("/srv/borg/lock.exclusive");
    borg.touch("/srv/borg/lock.exclusive", now - 100);
    borg.cache("files", "y", now - 50);
    CHECK_FALSE(borg.newest(borg.look(), Confidence::inferred));
}

TEST_CASE("borg: segments that went after the last commit leave a create in doubt") {
    Borg borg;
    borg.committed(5, now - 2 * day);
    borg.cache("files", "x", now - 2 * day + 1);
    CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 2 * day + 1);

    SUBCASE("after a checkpoint") {
        borg.committed(7, now - 3600);
        borg.cache("files", "y", now - 3599);
        borg.segments_changed(now - 1800);
        for (int look = 0; look < 2; ++look) {
            const BackupState state = borg.look();
            CHECK(borg.newest(state, Confidence::inferred) == now - 2 * day + 1);
            CHECK(state.perhaps == now - 3599);
            CHECK_FALSE(state.incomplete);
            CHECK(state.problems.size() == 1);
        }
        borg.committed(9, now - 60);  // the next one ends well
        borg.cache("files", "z", now - 59);
        const BackupState state = borg.look();
        CHECK(borg.newest(state, Confidence::inferred) == now - 59);
        CHECK_FALSE(state.perhaps);
        CHECK(state.incomplete == false);
    }
    SUBCASE("without a checkpoint what was proven stays") {
        borg.segments_changed(now - 1800);
        const BackupState state = borg.look();
        CHECK(borg.newest(state, Confidence::inferred) == now - 2 * day + 1);
        CHECK_FALSE(state.perhaps);
        CHECK(state.problems.empty());
    }
    SUBCASE("a create that was killed after a checkpoint: the last good one grows old") {
        borg.committed(7, now - 3600);
        borg.cache("files", "y", now - 3599);
        borg.write("/srv/borg/data/0/8", "x", now - 1800);
        for (int look = 0; look < 2; ++look) {
            const BackupState state = borg.look();
            CHECK(state.incomplete == true);
            CHECK(borg.newest(state, Confidence::inferred) == now - 2 * day + 1);
            borg.remove("/srv/borg/data/0/8");
            borg.segments_changed(now - 900);
        }
    }
    SUBCASE("a look between a commit and its files cache") {
        borg.host.directory("/srv/borg/lock.exclusive");
        borg.touch("/srv/borg/lock.exclusive", now - 7200);
        borg.committed(7, now - 3600);
        CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 2 * day + 1);
        borg.remove("/srv/borg/lock.exclusive");
        borg.cache("files", "y", now - 3599);
        CHECK(borg.newest(borg.look(), Confidence::inferred) == now - 3599);
    }
}
