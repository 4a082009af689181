// Tests what the streams of a backup make of the whole.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <utility>

#include "collectors/backups/state.hpp"

using namespace lastgood;

namespace {

StreamState stream(std::string name, std::optional<NewestCopy> newest, double count = 1) {
    StreamState one{std::move(name), "", {}, true};
    if (newest) one.state.newest.push_back(*newest);
    one.state.count = count;
    one.state.incomplete = false;
    return one;
}

}  // namespace

TEST_CASE("the newest copy of the whole is the oldest of its streams' newest") {
    BackupState state;
    state.streams.push_back(stream("db2", NewestCopy{200, Confidence::exact}, 3));
    state.streams.push_back(stream("db1", NewestCopy{100, Confidence::inferred}, 2));
    state.streams[0].state.size = 7;
    state.streams[1].state.oldest = 50;
    summarise_streams(state);
    CHECK(state.streams[0].name == "db1");
    REQUIRE(state.newest.size() == 1);
    CHECK(state.newest[0].time == 100);
    CHECK(state.newest[0].confidence == Confidence::inferred);
    CHECK(state.count == 5);
    CHECK(state.size == 7);
    CHECK(state.oldest == 50);
    CHECK(state.incomplete == false);

    // Activity proves nothing, for the whole neither.
    state.streams.push_back(stream("db3", NewestCopy{300, Confidence::activity}));
    state.streams.back().state.incomplete.reset();
    summarise_streams(state);
    CHECK(state.newest[0].confidence == Confidence::activity);
    CHECK_FALSE(state.incomplete);

    state.streams.push_back(stream("db4", std::nullopt, 0));
    state.streams.back().state.incomplete = true;
    summarise_streams(state);
    CHECK(state.newest.empty());
    CHECK(state.incomplete == true);
}

TEST_CASE("of a stream's times, one that proves a copy counts before a newer one that does not") {
    BackupState state;
    state.streams.push_back(stream("a", NewestCopy{300, Confidence::activity}));
    state.streams[0].state.newest.push_back({100, Confidence::inferred});
    for (int order = 0; order < 2; ++order) {
        summarise_streams(state);
        CHECK(state.newest[0].time == 100);
        CHECK(state.newest[0].confidence == Confidence::inferred);
        std::swap(state.streams[0].state.newest[0], state.streams[0].state.newest[1]);
    }
}

TEST_CASE("the number of copies of the whole is known only if that of each stream is") {
    BackupState state;
    state.streams = {stream("a", NewestCopy{100, Confidence::exact}), stream("b", std::nullopt)};
    summarise_streams(state);
    CHECK(state.count == 2);
    state.streams[0].state.count.reset();
    summarise_streams(state);
    CHECK_FALSE(state.count);
    state.streams.clear();
    summarise_streams(state);
    CHECK(state.count == 0);
}

TEST_CASE("names of streams are harmless and unique") {
    BackupState state;
    for (const char* name : {"a\x1b", "a\x01", "", "b"})
        state.streams.push_back(stream(name, NewestCopy{100, Confidence::exact}));
    summarise_streams(state);
    REQUIRE(state.streams.size() == 4);
    CHECK(state.streams[0].name == "?");
    CHECK(state.streams[1].name == "a?");
    CHECK(state.streams[2].name == "a?~2");
}
