// What is said where no copy is found.
#include "collectors/backups/no_copies.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "collectors/backups/slots.hpp"
#include "core/files.hpp"
#include "core/metrics/backups.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'790'000'000;

BackupState with_copies(std::optional<Timestamp> newest, double count) {
    BackupState state;
    if (newest) state.newest.push_back({*newest, Confidence::inferred});
    state.count = count;
    state.incomplete = false;
    return state;
}

Topology mounted(const std::string& lines) {
    Topology topology;
    topology.mounts = parse_mountinfo("27 1 254:0 / / rw - ext4 /dev/vda1 rw\n" + lines);
    return topology;
}

// A place in the state directory, which is on "/" unless it is mounted.
struct Scene : test::TemporaryDirectory {
    Scene() {
        REQUIRE(::chmod(path.c_str(), 0755) == 0);
        std::filesystem::create_directories(path + "/nas/db");
        backup.name = "it";
        backup.kind = BackupKind::files;
        backup.location = path + "/nas/db/*.sql";
    }
    std::string mount(const std::string& source) const {
        return "28 27 0:50 / " + path + "/nas rw - nfs4 " + source + " rw\n";
    }
    // One look; the error is that of check_same_filesystem().
    Result<BackupState> look(BackupState state, const Topology& topology) const {
        LookMemory memory(host, path, backup.name);
        if (auto same = check_same_filesystem(host, topology, memory, backup, state); !same)
            return Failure(same.error());
        if (!state.streams.empty() || !remembered_streams(memory).empty())
            recall_streams(memory, state, now);
        note_gone(host, topology, memory, backup, state);
        note_newest(memory, backup, state, now);
        REQUIRE(memory.save());
        return state;
    }
    Host host;
    Backup backup;
};

}  // namespace

TEST_CASE("copies that were there and are not are gone, with the time of the newest") {
    const Scene place;
    const Topology topology = mounted("");
    const auto never = place.look(with_copies(std::nullopt, 0), topology);
    REQUIRE(never);
    CHECK_FALSE(never->gone);
    CHECK(never->newest.empty());

    REQUIRE(place.look(with_copies(now - 60, 7), topology));
    for (int i = 0; i < 2; ++i) {
        const auto gone = place.look(with_copies(std::nullopt, 0), topology);
        REQUIRE(gone);
        CHECK(gone->gone == 7);
        CHECK(proven_newest(*gone) == now - 60);
    }
    const auto back = place.look(with_copies(now - 30, 1), topology);
    REQUIRE(back);
    CHECK_FALSE(back->gone);
    CHECK(proven_newest(*back) == now - 30);
}

TEST_CASE("copies that proved nothing were there all the same") {
    const Scene place;
    const Topology topology = mounted("");
    auto unproven = with_copies(now - 60, 2);
    unproven.newest.front().confidence = Confidence::activity;
    REQUIRE(place.look(unproven, topology));
    const auto gone = place.look(with_copies(std::nullopt, 0), topology);
    REQUIRE(gone);
    CHECK(gone->gone == 2);
    CHECK(gone->newest.empty());
}

TEST_CASE("of another place nothing is known") {
    Scene place;
    const Topology topology = mounted("");
    REQUIRE(place.look(with_copies(now - 60, 7), topology));
    place.backup.location += ".gz";
    const auto none = place.look(with_copies(std::nullopt, 0), topology);
    REQUIRE(none);
    CHECK_FALSE(none->gone);
}

TEST_CASE("copies of a place that is not mounted are not gone: that cannot be told") {
    const Scene place;
    const Topology there = mounted(place.mount("nas:/x"));
    REQUIRE(place.look(with_copies(now - 60, 7), there));
    const auto unmounted = place.look(with_copies(std::nullopt, 0), mounted(""));
    REQUIRE_FALSE(unmounted);
    CHECK(unmounted.error().kind == ErrorKind::absent);
    CHECK(unmounted.error().message.find("nas is not mounted") != std::string::npos);
    const auto other = place.look(with_copies(std::nullopt, 0), mounted(place.mount("new:/y")));
    REQUIRE_FALSE(other);
    CHECK(other.error().message.find("new:/y is mounted at") != std::string::npos);
    // In a chroot, the table of mounts need not name where it lies.
    CHECK_FALSE(place.look(with_copies(std::nullopt, 0), Topology{}));
    CHECK(place.look(with_copies(now - 60, 7), there));
    // There it is empty: that is known.
    const auto emptied = place.look(with_copies(std::nullopt, 0), there);
    REQUIRE(emptied);
    CHECK(emptied->gone == 7);
}

TEST_CASE("copies that are all cut are not gone, and an empty place is not remembered as theirs") {
    const Scene place;
    REQUIRE(place.look(with_copies(now - 60, 3), Topology()));  // no mount is known
    auto cut = with_copies(std::nullopt, 0);
    cut.incomplete = true;
    const auto still_there = place.look(cut, Topology());
    REQUIRE(still_there);
    CHECK_FALSE(still_there->gone);
    for (const std::string& mount : {std::string(), place.mount("nas:/x")}) {
        const auto gone = place.look(with_copies(std::nullopt, 0), mounted(mount));
        REQUIRE(gone);
        CHECK(gone->gone == 3);
    }
}

TEST_CASE("streams that are all gone are gone as a whole") {
    const Scene place;
    BackupState state;
    for (const char* name : {"a", "b"})
        state.streams.push_back({name, "", with_copies(now - (*name == 'a' ? 9 : 5), 2), true});
    summarise_streams(state);
    const Topology topology = mounted("");
    REQUIRE(place.look(state, topology));
    state.streams.pop_back();
    summarise_streams(state);
    auto one = place.look(state, topology);
    REQUIRE(one);
    CHECK_FALSE(one->gone);
    REQUIRE(one->streams.size() == 2);
    CHECK(one->streams[1].state.gone == 2);
    CHECK(proven_newest(one->streams[1].state) == now - 5);
    auto all = place.look(with_copies(std::nullopt, 0), topology);
    REQUIRE(all);
    CHECK(all->gone == 4);
    CHECK(proven_newest(*all) == now - 9);
}

TEST_CASE("only a place that is empty proves that there was never a copy") {
    const Scene place;
    const auto none = with_copies(std::nullopt, 0);
    const auto others = [&] { return other_files(place.host, place.backup, none); };
    CHECK_FALSE(others());
    std::filesystem::create_directory(place.path + "/nas/db/lost+found");
    CHECK_FALSE(others());
    for (const char* name : {"/b.xz", "/a.gz"})
        REQUIRE(write_file(place.path + "/nas/db" + name, "x", Synced::no, 0600));
    REQUIRE(others());
    CHECK(others()->count == 2);
    CHECK(others()->example == "a.gz");
    CHECK_FALSE(other_files(place.host, place.backup, with_copies(now, 1)));
    Backup repository = place.backup;
    repository.location = place.path + "/nas/db";
    repository.kind = BackupKind::vzdump;
    CHECK(other_files(place.host, repository, none));
    repository.kind = BackupKind::restic;
    CHECK_FALSE(other_files(place.host, repository, none));
}

TEST_CASE("slots and streams that do not fit are told as one") {
    Backup backup;
    backup.name = "vms";
    backup.plan.slots[1] = {"vm1", "101"};
    std::vector<StreamState> streams;
    for (const char* name : {"vm1", "vm2", "vm3", "vm4", "vm5", "vm6", "vm7"})
        streams.push_back({name, "", {}, true});
    const auto unknown = slots_without_stream(backup.plan, streams);
    CHECK(unknown == std::vector<std::string>{"101"});
    MemorySink sink;
    observe_slots(sink, backup, streams, unknown, now);
    REQUIRE(sink.observations.size() == 2);
    CHECK(sink.observations[0].value == 6);
    CHECK(sink.observations[0].label("streams") == "vm2, vm3, vm4, vm5, vm6 and 1 more");
    CHECK(sink.observations[1].value == 1);
    CHECK(sink.observations[1].label("slots") == "101");
    CHECK(slots_without_stream({}, streams).empty());
}

TEST_CASE("whole copies that go while the newest is broken are counted from when it was whole") {
    const Scene place;
    const auto lost = [&](double count, bool incomplete) {
        BackupState state = with_copies(now - 60, count);
        state.incomplete = incomplete;
        state.incomplete_copies = incomplete ? 1 : 0;
        LookMemory memory(place.host, place.path, "it");
        note_lost_copies(memory, state);
        REQUIRE(memory.save());
        return state.whole_copies_lost;
    };
    CHECK(lost(2, true) == 0);  // before the first look nothing is known
    CHECK_FALSE(lost(7, false));
    CHECK(lost(7, true) == 0);
    CHECK(lost(5, true) == 2);
    CHECK(lost(4, true) == 3);
    CHECK_FALSE(lost(5, false));
    CHECK(lost(4, true) == 1);
}
