// Times that a wrong clock left: at a boot without a clock's battery (1970), or by a clock that was
// decades ahead for a while.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "agent/memory/state.hpp"
#include "core/metrics/drives.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp today = 1'800'000'000, in_2099 = 4'080'000'000, in_1970 = 600;
constexpr Seconds day = 86'400;
const Series errors{&metric::drive_kernel_errors_total, "d", {{"kind", "medium"}}};

// What a restart would load.
State saved(const std::vector<StateRow>& first, State& state) {
    std::vector<StateRow> rows = first;
    for (const StateRow& change : state.take_changes()) {
        std::erase_if(rows, [&](const StateRow& row) { return row.key() == change.key(); });
        if (!change.erased) rows.push_back(change);
    }
    State loaded;
    loaded.load(rows);
    return loaded;
}

}  // namespace

TEST_CASE("impossible times become now, unless the clock itself is impossible") {
    CHECK(plausible_time(today - 300 * day, today) == today - 300 * day);
    CHECK(plausible_time(today + day / 2, today) == today + day / 2);
    CHECK(plausible_time(in_2099, today) == today);
    CHECK(plausible_time(in_1970, today) == today);
    CHECK(plausible_time(0, today) == 0);  // never
    CHECK(plausible_time(today, in_1970) == today);
    CHECK(plausible_time(in_1970, in_1970 + 5) == in_1970);
}

TEST_CASE("errors that a clock decades ahead dated are not recent for ever") {
    State state;
    state.note_history(errors, 1, in_2099, true);
    state.note_history(errors, 2, today, true);  // the clock is right again
    state.note_history(errors, 3, today + 1, true);
    REQUIRE(state.increase(errors, in_2099 - 1) == 3);
    const auto before = state.all_rows();
    state.take_changes();
    state.mend_times(std::identity{}, today);
    CHECK(state.increase(errors, today - 1) == 3);
    CHECK(state.increase(errors, today + day) == 0);
    State loaded = saved(before, state);
    CHECK(loaded.increase(errors, today - 1) == 3);
    CHECK(loaded.increase(errors, today + day) == 0);
    CHECK(loaded.all_rows().size() == before.size());
    loaded.prune(today + day);
    CHECK(loaded.increase(errors, 0) == 0);
}

TEST_CASE("findings, drives and the time of watching get possible beginnings") {
    State state;
    RuleMemory memory;
    memory.since = {{{"a", "d"}, in_1970}, {{"b", "d"}, in_2099}, {{"c", "d"}, today - day}};
    state.set_rule_memory(memory);
    state.set_watched_since(in_1970);
    state.see(SubjectKind::drive, "d", in_2099);
    state.increment({&metric::drive_kernel_errors_total, "d", {}, 1, in_2099});
    state.take_changes();
    const auto before = state.all_rows();
    state.mend_times(std::identity{}, today);
    for (const State& one : {state, saved(before, state)}) {
        CHECK(one.rule_memory().since.at({"a", "d"}) == today);
        CHECK(one.rule_memory().since.at({"b", "d"}) == today);
        CHECK(one.rule_memory().since.at({"c", "d"}) == today - day);
        CHECK(one.watched_since() == today);
        CHECK(one.known(SubjectKind::drive).at("d").first_seen == today);
        CHECK(one.counters().begin()->second.observed_at == today);
        CHECK(one.counters().begin()->second.value == 1);
    }
}

TEST_CASE("times that are right change nothing on disk") {
    State state;
    state.note_history(errors, 1, today - 5, true);
    state.set_watched_since(today - 9);
    state.take_changes();
    state.mend_times(std::identity{}, today);
    CHECK(state.take_changes().empty());
}

// The clock of a host without a battery is behind at each boot, until it is set.
TEST_CASE("what was recorded becomes no newer by a clock that was behind") {
    State state;
    state.record({"verified", "db", today - 40 * day, "root", "by hand"});
    const Timestamp behind = today - 85 * day;
    state.mend_times(std::identity{}, behind);
    CHECK(state.records().begin()->second.at == today - 40 * day);
    state.mend_times([&](Timestamp one) { return one <= behind + 1 ? one + 85 * day : one; },
                     today);
    CHECK(state.records().begin()->second.at == today - 40 * day);
}
