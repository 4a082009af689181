// Tests what the readers remember from one look to the next.
#include "collectors/backups/look_memory.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "collectors/backups/state.hpp"
#include "tests/recorded_host.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

// The state directory of this machine's host.
struct State : test::TemporaryDirectory {
    Host host;
    State() { REQUIRE(::chmod(path.c_str(), 0755) == 0); }
    LookMemory memory(const std::string& backup = "it") const { return {host, path, backup}; }
};

}  // namespace

TEST_CASE("what a reader keeps is there at the next look, for this backup only") {
    const State state;
    auto first = state.memory();
    CHECK(first.works());
    CHECK_FALSE(first.problem());
    CHECK(first.section("restic").empty());
    first.keep("restic", {{"count", 3}});
    first.keep("newest", {{"time", 17.5}});
    REQUIRE(first.save());
    const auto second = state.memory();
    CHECK(number_in(second.section("restic"), "count") == 3);
    CHECK(number_in(second.section("newest"), "time") == 17.5);
    CHECK(state.memory("other").section("restic").empty());
    CHECK(mode_of(state.at("backups")) == 0700);
    CHECK(mode_of(state.at("backups/it.json")) == 0600);
}

TEST_CASE("only a change is written") {
    const State state;
    auto memory = state.memory();
    memory.keep("restic", {{"count", 3}});
    REQUIRE(memory.save());
    std::filesystem::remove(state.at("backups/it.json"));
    memory.keep("restic", {{"count", 3}});
    REQUIRE(memory.save());
    CHECK_FALSE(std::filesystem::exists(state.at("backups/it.json")));
}

TEST_CASE("a damaged memory is said, and starts anew") {
    const State state;
    std::filesystem::create_directory(state.at("backups"));
    REQUIRE(::chmod(state.at("backups").c_str(), 0700) == 0);
    for (const char* text : {"", "{\"restic\": {\"cou", "[1, 2]", "\xff\xfe", "17"}) {
        state.write("backups/it.json", text);
        auto memory = state.memory();
        REQUIRE(memory.problem());
        CHECK(memory.problem()->kind == ErrorKind::malformed);
        CHECK(memory.problem()->message.find("it.json") != std::string::npos);
        CHECK(memory.section("restic").empty());
        CHECK(memory.works());
        memory.keep("restic", {{"count", 3}});
        REQUIRE(memory.save());
        CHECK(number_in(state.memory().section("restic"), "count") == 3);
    }
    // A document in which the values have other types than ours.
    state.write("backups/it.json",
                R"({"restic": [1], "newest": {"time": "soon", "on": 1, "id": {}}})");
    const auto memory = state.memory();
    CHECK(memory.section("restic").empty());
    CHECK_FALSE(number_in(memory.section("newest"), "time"));
    CHECK_FALSE(flag_in(memory.section("newest"), "on"));
    CHECK(text_in(memory.section("newest"), "id").empty());
}

TEST_CASE("a damaged memory costs the last change only, and both damaged are told for long") {
    const State state;
    auto first = state.memory();
    first.keep("restic", {{"count", 3}});
    REQUIRE(first.save());
    auto second = state.memory();
    second.keep("restic", {{"count", 4}});
    REQUIRE(second.save());
    const std::string before = test::read_file(state.at("backups/it.json.before"));
    for (const char* text : {"", "{\"restic\": {\"cou", "[]"}) {
        state.write("backups/it.json", text);
        auto memory = state.memory();
        CHECK(number_in(memory.section("restic"), "count") == 3);
        CHECK_FALSE(memory.lost_at());
        CHECK(memory.problem());
        REQUIRE(memory.save());  // whole again, without a change
        CHECK_FALSE(state.memory().problem());
        CHECK(test::read_file(state.at("backups/it.json.before")) == before);
    }
    std::filesystem::remove(state.at("backups/it.json"));
    CHECK(number_in(state.memory().section("restic"), "count") == 3);
    for (const char* name : {"backups/it.json", "backups/it.json.before"}) state.write(name, "");
    auto memory = state.memory();
    REQUIRE(memory.lost_at());
    REQUIRE(memory.save());
    for (int look = 0; look < 3; ++look) {
        auto later = state.memory();
        CHECK_FALSE(later.problem());
        CHECK(later.lost_at() == memory.lost_at());
        later.keep("restic", {{"count", look}});
        REQUIRE(later.save());
    }
}

TEST_CASE("of new streams few are remembered each day") {
    const State state;
    Timestamp now = 1795230900;
    const auto remembered = [&](int names) {
        BackupState seen;
        for (int i = 0; i < names; ++i)
            seen.streams.push_back({fmt::format("s{:03}", i), "", {}, true});
        auto memory = state.memory();
        recall_streams(memory, seen, now);
        REQUIRE(memory.save());
        return remembered_streams(memory).size();
    };
    CHECK(remembered(3) == 3);
    CHECK(remembered(200) == 53);
    now += 60;
    CHECK(remembered(200) == 53);
    now += 86400;
    CHECK(remembered(200) == 103);
}

TEST_CASE("a link or a directory of others in the state directory is not used") {
    const State state;
    const test::TemporaryDirectory elsewhere;
    std::filesystem::create_directory_symlink(elsewhere.path, state.at("backups"));
    auto memory = state.memory();
    CHECK_FALSE(memory.works());
    REQUIRE(memory.problem());
    CHECK(memory.problem()->kind == ErrorKind::denied);
    memory.keep("restic", {{"count", 3}});
    CHECK(memory.save());
    CHECK(std::filesystem::is_empty(elsewhere.path));

    // A link in place of the document is replaced, not followed.
    std::filesystem::remove(state.at("backups"));
    state.memory();
    elsewhere.write("victim", "{}");
    std::filesystem::create_symlink(elsewhere.at("victim"), state.at("backups/it.json"));
    memory = state.memory();
    memory.keep("restic", {{"count", 3}});
    REQUIRE(memory.save());
    CHECK(std::filesystem::file_size(elsewhere.at("victim")) == 2);
    CHECK(number_in(state.memory().section("restic"), "count") == 3);
}

TEST_CASE("a state directory that is missing is a problem, and stays missing") {
    const State state;
    const LookMemory memory(state.host, state.at("missing"), "it");
    CHECK_FALSE(memory.works());
    REQUIRE(memory.problem());
    CHECK(memory.problem()->kind == ErrorKind::absent);
    CHECK_FALSE(std::filesystem::exists(state.at("missing")));
}

TEST_CASE("for a recorded host nothing is remembered and nothing is written") {
    const test::RecordedHost recorded;
    const State state;
    LookMemory memory(recorded.host(), state.path, "it");
    CHECK_FALSE(memory.works());
    CHECK_FALSE(memory.problem());
    memory.keep("restic", {{"count", 3}});
    CHECK(memory.save());
    CHECK(std::filesystem::is_empty(state.path));
}

TEST_CASE("a newest copy that was there before and is gone has gone back") {
    const State place;
    Backup backup;
    backup.kind = BackupKind::files;
    backup.location = "/backup/*";
    constexpr Timestamp now = 1795230900, hour = 3600;
    const auto look = [&](std::optional<Timestamp> newest) {
        BackupState state;
        if (newest) state.newest = {{*newest, Confidence::inferred}};
        state.newest.push_back({now, Confidence::activity});
        auto memory = place.memory();
        note_newest(memory, backup, state, now);
        REQUIRE(memory.save());
        return state.went_back_from;
    };
    CHECK_FALSE(look(now - 9 * hour));
    CHECK_FALSE(look(now - 3 * hour));
    CHECK_FALSE(look(now - 3 * hour - 30));  // read in another way
    CHECK(look(now - 9 * hour) == now - 3 * hour - 30);
    CHECK_FALSE(look(std::nullopt));
    CHECK(look(now - 9 * hour) == now - 3 * hour - 30);  // it lasts
    CHECK_FALSE(look(now - hour));                       // until the next copy
    CHECK_FALSE(look(now + 200 * hour));                 // the future is remembered by nobody
    CHECK_FALSE(look(now - hour));
    backup.location = "/other/*";
    CHECK_FALSE(look(now - 90 * hour));
}

TEST_CASE(
    "a wrong clock leaves nothing in the memory, and two ways to read a time differ a little") {
    const State place;
    const Backup backup;
    constexpr Timestamp now = 1795230900, hour = 3600;
    const auto look = [&](Timestamp newest, Timestamp clock) {
        BackupState state;
        state.newest = {{newest, Confidence::exact}};
        auto memory = place.memory();
        note_newest(memory, backup, state, clock);
        REQUIRE(memory.save());
        return state.went_back_from;
    };
    look(now - hour, now);
    look(now + 200 * hour, now);
    CHECK(look(now - 9 * hour, now) == now - hour);
    look(now - hour, now);
    look(now + 200 * hour, now + 200 * hour);  // this clock was wrong
    CHECK_FALSE(look(now - hour, now));
    CHECK_FALSE(look(now - hour - 60, now));
    look(now - hour, now);
    CHECK(look(now - hour - 61, now) == now - hour);
}

TEST_CASE("of a place that cannot be read the whole is as old as its oldest stream was") {
    const State place;
    Backup backup;
    constexpr Timestamp now = 1795230900, hour = 3600;
    BackupState state;
    for (const auto& [name, age] : {std::pair("a", 9), {"b", 90}, {"c", 1}}) {
        state.streams.push_back({name, "", {}, true});
        state.streams.back().state.newest = {{now - age * hour, Confidence::exact}};
    }
    auto memory = place.memory();
    note_newest(memory, backup, state, now);
    CHECK(known_newest(memory, backup) == now - 90 * hour);
    CHECK(known_newest(memory, backup, "a") == now - 9 * hour);
    CHECK_FALSE(known_newest(memory, backup, "d"));
}

TEST_CASE("each stream goes back by itself; a new one takes nothing back") {
    const State place;
    const Backup backup;
    constexpr Timestamp now = 1795230900, hour = 3600;
    const auto stream = [](const std::string& name, Timestamp newest) {
        StreamState one;
        one.name = name;
        one.state.newest = {{newest, Confidence::exact}};
        return one;
    };
    const auto look = [&](std::vector<StreamState> streams) {
        BackupState state;
        state.streams = std::move(streams);
        summarise_streams(state);
        auto memory = place.memory();
        note_newest(memory, backup, state, now);
        REQUIRE(memory.save());
        return state;
    };
    look({stream("a", now - hour)});
    const auto wider = look({stream("a", now - hour), stream("b", now - 90 * hour)});
    CHECK_FALSE(wider.went_back_from);
    CHECK_FALSE(wider.streams[0].state.went_back_from);
    CHECK_FALSE(wider.streams[1].state.went_back_from);
    const auto back = look({stream("a", now - 9 * hour), stream("b", now - 90 * hour)});
    CHECK(back.streams[0].state.went_back_from == now - hour);
    CHECK_FALSE(back.streams[1].state.went_back_from);
}

TEST_CASE("a stream that was not found is missed only where all could be read") {
    const State place;
    const auto look = [&](const std::vector<std::string>& names, std::optional<ErrorKind> problem) {
        BackupState state;
        for (const std::string& name : names) state.streams.push_back({name, "", {}, true});
        if (problem) state.problems.push_back({*problem, "x"});
        auto memory = place.memory();
        recall_streams(memory, state, 1795230900);
        REQUIRE(memory.save());
        REQUIRE(state.streams.size() == 2);
        CHECK(state.streams[0].readable);
        return state.streams[1].readable;
    };
    look({"a", "b"}, std::nullopt);
    CHECK(look({"a"}, std::nullopt));
    CHECK(look({"a"}, ErrorKind::malformed));  // a copy is damaged
    for (const ErrorKind kind : {ErrorKind::denied, ErrorKind::failed, ErrorKind::timed_out})
        CHECK_FALSE(look({"a"}, kind));
}

TEST_CASE("new streams neither push out the known ones nor are all of a crowd remembered") {
    const State place;
    Timestamp now = 1795230900;
    const auto look = [&](const std::vector<std::string>& names) {
        BackupState state;
        for (const std::string& name : names) {
            state.streams.push_back({name, "", {}, true});
            state.streams.back().state.count = 1;
        }
        auto memory = place.memory();
        recall_streams(memory, state, now);
        REQUIRE(memory.save());
        return state;
    };
    const auto count_remembered = [&] { return remembered_streams(place.memory()).size(); };
    const auto some = [](int count) {
        std::vector<std::string> names;
        for (int i = 0; i < count; ++i) names.push_back(fmt::format("a{}", i));
        names.insert(names.end(), {"beta", "zeta"});
        return names;
    };
    const auto watched = [](const BackupState& state, std::string_view name) {
        return std::ranges::count(state.streams, name, &StreamState::name) == 1;
    };
    look(some(0));
    const auto crowd = look(some(600));
    CHECK(crowd.streams.size() == most_streams);
    CHECK(watched(crowd, "zeta"));
    CHECK(watched(crowd, "beta"));
    REQUIRE(crowd.problems.size() == 1);
    CHECK(crowd.problems[0].message.find("602 streams, of which 500") != std::string::npos);
    CHECK(count_remembered() == 2);
    CHECK(look(some(0)).streams.size() == 2);
    look(some(80));
    look(some(80));
    CHECK(count_remembered() == 52);  // the others on the next days
    now += 2 * 86400;
    look(some(80));
    CHECK(count_remembered() == 82);
    CHECK(watched(look({"beta"}), "zeta"));  // it is missed
}
