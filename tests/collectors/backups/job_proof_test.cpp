// What a job that ended well proves of the directories that it wrote.
#include "collectors/backups/job_proof.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/recorded_host.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp ended = 1'790'000'000;
constexpr Seconds day = 86400;

BackupState job(Timestamp end) {
    BackupState state;
    state.newest.push_back({end, Confidence::exact});
    return state;
}

BackupState directory(Timestamp time) {
    BackupState state;
    state.newest.push_back({time, Confidence::activity});
    return state;
}

StreamState stream(const std::string& name, Timestamp time) {
    return {name, "", directory(time), true};
}

bool is_proven(const BackupState& state) {
    return proven_newest(state).has_value();
}

struct Memories : test::TemporaryDirectory {
    Host host;
    Memories() { REQUIRE(::chmod(path.c_str(), 0755) == 0); }
    LookMemory memory() const { return {host, path, "it"}; }
};

}  // namespace

TEST_CASE("a good end proves the directory before it") {
    const Memories place;
    auto memory = place.memory();
    for (const auto& [time, proven] :
         {std::pair(ended - 60, true), std::pair(ended - 3 * day, true),
          std::pair(ended + 1, false)}) {
        BackupState state = directory(time);
        believe_job(state, job(ended), memory);
        CHECK(is_proven(state) == proven);
    }
    BackupState state = directory(ended - 60);
    believe_job(state, BackupState{}, memory);
    CHECK_FALSE(is_proven(state));
}

TEST_CASE("of several streams, each directory is proven by the run that made it") {
    const Memories place;
    const auto look = [&](Timestamp end, std::vector<StreamState> streams) {
        auto memory = place.memory();
        BackupState state;
        state.streams = std::move(streams);
        believe_job(state, job(end), memory);
        REQUIRE(memory.save());
        std::string proven;
        for (const StreamState& one : state.streams)
            if (is_proven(one.state)) proven += one.name;
        return proven;
    };
    // "c" may be what a failed run left.
    CHECK(look(ended, {stream("a", ended - 60), stream("b", ended + 60),
                       stream("c", ended - 2 * day)}) == "a");
    // "a" is not written each night.
    CHECK(look(ended + 3 * day, {stream("a", ended - 60), stream("b", ended + 3 * day - 60),
                                 stream("c", ended - 2 * day)}) == "ab");
    CHECK(look(ended + 3 * day, {stream("a", ended - 50)}) == "");
}

TEST_CASE("a stream with a fault is not believed") {
    const Memories place;
    auto memory = place.memory();
    BackupState state;
    state.streams = {stream("a", ended - 60)};
    state.streams[0].state.problems.push_back({ErrorKind::failed, "damaged"});
    believe_job(state, job(ended), memory);
    CHECK_FALSE(is_proven(state.streams[0].state));
}
