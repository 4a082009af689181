#include "agent/memory/state.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "agent/memory/history.hpp"
#include "agent/memory/store.hpp"
#include "core/metrics/drives.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

Observation errors(double increment, Timestamp at, const char* drive = "d") {
    return {&metric::drive_kernel_errors_total, drive, {{"kind", "medium"}}, increment, at};
}
const Series medium{&metric::drive_kernel_errors_total, "d", {{"kind", "medium"}}};

// Saves all changes to disk and loads them again.
void reopen(State& state, const std::string& directory) {
    {
        Store store(directory);
        REQUIRE_FALSE(store.problem().has_value());
        REQUIRE(store.take_loaded().has_value());
        store.save(state.take_changes());
    }
    Store store(directory);
    const auto saved = store.take_loaded();
    REQUIRE(saved.has_value());
    CHECK(saved->losses.empty());
    state = State();
    CHECK(state.load(saved->rows).rows == 0);
}

}  // namespace

TEST_CASE("an acceptance survives a restart, and since when its finding is over") {
    const test::RecordedHost place;
    const Acceptance one{.rule = "array_degraded",
                         .kind = SubjectKind::array,
                         .subject = "md",
                         .up_to = 1,
                         .until = 500,
                         .by = "root",
                         .reason = "x"};
    State state;
    state.accept(one);
    reopen(state, place.root());
    CHECK(state.over_since(one) == 0);
    state.set_over_since(one, 300);
    reopen(state, place.root());
    CHECK(state.acceptances().begin()->second == one);
    CHECK(state.over_since(one) == 300);
    State copy;
    copy.load(state.all_rows());
    CHECK(copy.over_since(one) == 300);
    state.set_over_since(one, 0);
    reopen(state, place.root());
    CHECK(state.over_since(one) == 0);
    CHECK(state.acceptances().size() == 1);
    state.accept(one);  // anew
    CHECK(state.over_since(one) == 0);
    CHECK(state.revoke(one.rule, one.subject));
    reopen(state, place.root());
    CHECK(state.acceptances().empty());
}

TEST_CASE("counters, cursors and ages survive a restart") {
    const test::RecordedHost place;
    State state;
    state.increment(errors(2, 100));
    state.increment(errors(3, 200));
    state.set_cursor("kernel_log", "boot:5");
    state.set_cursor("kernel_log", "boot:7");
    state.set_watched_since(50);
    CHECK(state.next_generation(60) == 11);
    CHECK(state.next_generation(1000) == 12);
    state.see(SubjectKind::drive, "d", 60);
    state.remember({&metric::drive_info, "d", {{"model", "M"}}, 1, 100});
    state.remember({&metric::drive_info, "d", {{"model", "M2"}}, 1, 110});
    RuleMemory rules;
    rules.since[{"drive_failing", "d"}] = 123;
    rules.since[{"drive_suspect", "d"}] = 124;
    state.set_rule_memory(rules);
    reopen(state, place.root());
    rules.since.erase({"drive_suspect", "d"});
    state.set_rule_memory(rules);
    reopen(state, place.root());

    CHECK(state.counters().at(medium).value == 5);
    CHECK(state.counters().at(medium).observed_at == 200);
    CHECK(state.cursor("kernel_log") == "boot:7");
    CHECK(state.cursor("other").empty());
    CHECK(state.watched_since() == 50);
    // Saved ahead: it never goes back, whatever was shown before.
    CHECK(state.next_generation(1000) == 252);
    reopen(state, place.root());
    CHECK(state.next_generation(1000) == 493);
    CHECK(state.known(SubjectKind::drive).at("d").first_seen == 60);
    REQUIRE(state.remembered().size() == 1);
    CHECK(state.remembered().begin()->first.labels == Labels{{"model", "M2"}});
    CHECK(state.rule_memory().since.size() == 1);
    CHECK(state.rule_memory().since.at({"drive_failing", "d"}) == 123);
}

TEST_CASE("growth counts within the window, across restarts and counter resets") {
    const test::RecordedHost place;
    State state;
    const Series sectors{&metric::drive_reallocated_sectors, "d", {}};
    for (const auto& [time, value] :
         {std::pair(100.0, 8.0), {200.0, 8.0}, {300.0, 10.0}, {400.0, 2.0}, {500.0, 5.0}})
        note_growth(state, {&metric::drive_reallocated_sectors, "d", {}, value, time}, false);
    CHECK(state.increase(sectors, 0) ==
          5);  // 2 up to 10, then from 2 to 5: the first value is not growth
    CHECK(state.increase(sectors, 350) == 3);
    CHECK(state.increase(sectors, 501) == 0);
    reopen(state, place.root());
    CHECK(state.increase(sectors, 0) == 5);
    state.prune(450);
    CHECK(state.increase(sectors, 450) == 3);
    reopen(state, place.root());
    CHECK(state.increase(sectors, 450) == 3);
}

TEST_CASE("growth after the clock was set back counts, also after a restart") {
    const test::RecordedHost place;
    State state;
    const Series sectors{&metric::drive_reallocated_sectors, "d", {}};
    for (const auto& [time, value] :
         {std::pair(1000.0, 8.0), {2000.0, 10.0}, {500.0, 13.0}, {600.0, 14.0}})
        note_growth(state, {&metric::drive_reallocated_sectors, "d", {}, value, time}, false);
    for (int restarted = 0; restarted < 2; ++restarted) {
        CAPTURE(restarted);
        CHECK(state.increase(sectors, 0) == 6);
        CHECK(state.increase(sectors, 550) == 6);
        reopen(state, place.root());
    }
    // The clock has caught up.
    note_growth(state, {&metric::drive_reallocated_sectors, "d", {}, 15, 3000}, false);
    CHECK(state.increase(sectors, 2500) == 1);
}

TEST_CASE("kernel errors are recent by their own time") {
    State state;
    for (const Observation& error : {errors(4, 1000), errors(1, 90000)}) {
        state.increment(error);
        note_growth(state, error, true);
    }
    Config config;
    std::vector<Observation> out;
    add_growth(state, config, {}, 90001, out);
    REQUIRE(out.size() == 1);
    CHECK(out[0].metric == &metric::drive_kernel_errors_recent);
    CHECK(out[0].value == 1);  // the other 4 are older than 24 h
    CHECK(out[0].observed_at == 90000);
}

TEST_CASE("forgotten subjects are also removed from disk") {
    const test::RecordedHost place;
    State state;
    state.increment(errors(1, 100));
    note_growth(state, errors(1, 100), true);
    state.increment(errors(1, 100, "other"));
    state.see(SubjectKind::drive, "d", 100);
    state.see(SubjectKind::drive, "other", 100);
    reopen(state, place.root());
    state.forget(SubjectKind::drive, "d");
    reopen(state, place.root());
    CHECK(state.known(SubjectKind::drive).size() == 1);
    CHECK(state.counters().size() == 1);
    CHECK(state.increase(medium, 0) == 0);
    // A counter of an unknown drive expires.
    state.increment(errors(1, 500, "unknown-sdx"));
    state.prune(1000);
    CHECK(state.counters().size() == 1);
}

TEST_CASE("an unusable store reports a problem and does not stop the agent") {
    test::RecordedHost place;
    SUBCASE("the directory cannot be made") {
        place.file("/file", "");
        Store store(place.root() + "/file/state");
        CHECK(store.problem().has_value());
        store.save({{}});
        CHECK_FALSE(store.take_loaded().has_value());
    }
    SUBCASE("the file is not a database: it is put aside") {
        place.file("/state.db", std::string(8192, 'x'));
        Store store(place.root());
        CHECK_FALSE(store.problem().has_value());
        CHECK(place.host().exists("/state.db.damaged"));
    }
    SUBCASE("a newer version's database is left alone") {
        { Store store(place.root()); }
        std::fstream file(place.root() + "/state.db",
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(
            60);  // user_version, big-endian, in the database header (sqlite.org/fileformat2.html)
        file.write("\0\0\0\x63", 4);
        file.close();
        Store store(place.root());
        REQUIRE(store.problem().has_value());
        CHECK(store.problem()->find("newer") != std::string::npos);
    }
}

TEST_CASE("all_rows restores the same state") {
    const test::RecordedHost place;
    State state;
    state.set_watched_since(50);
    state.increment(errors(2, 100));
    state.note_history(medium, 2, 100, true);
    state.set_cursor("kernel_log", "boot:5");
    state.set_cursor("kernel_log", "boot:6");
    state.see(SubjectKind::drive, "d", 100);
    state.set_rule_memory({{{{"rule", "d"}, 70}}});
    State copy;
    copy.load(state.all_rows());
    CHECK(copy.watched_since() == 50);
    CHECK(copy.counters().at(medium).value == 2);
    CHECK(copy.increase(medium, 0) == 2);
    CHECK(copy.cursor("kernel_log") == "boot:6");
    CHECK(copy.known(SubjectKind::drive).at("d").first_seen == 100);
    CHECK(copy.rule_memory().since == state.rule_memory().since);
    reopen(state, place.root());
    CHECK(state.cursor("kernel_log") == "boot:6");
    CHECK(state.watched_since() == 50);
}

TEST_CASE("a database deleted or replaced while in use is recreated and gets the whole state") {
    test::RecordedHost place;
    State state;
    state.set_watched_since(50);
    auto owner = std::make_unique<Store>(place.root());
    Store& store = *owner;
    REQUIRE(store.take_loaded().has_value());
    store.save(state.take_changes(), 5);
    CHECK_FALSE(std::filesystem::exists(place.root() + "/state.db-shm"));
    REQUIRE_FALSE(store.problem().has_value());
    for (const char* name : {"/state.db", "/state.db-wal"})
        std::filesystem::remove(place.root() + name);
    SUBCASE("deleted") {}
    SUBCASE("replaced") {
        place.file("/state.db", "");
    }
    state.increment(errors(2, 100));
    state.increment(errors(2, 100, "pulled"));
    store.save(state.take_changes(), 5);
    // This change must not be lost with the database, nor what it erases come back.
    state.forget(SubjectKind::drive, "pulled");
    store.save(state.take_changes(), 5);
    std::optional<Saved> saved;
    for (int tries = 0; tries < 500 && !saved; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        saved = store.take_loaded();
    }
    REQUIRE(saved.has_value());
    CHECK(saved->rows.empty());
    CHECK_FALSE(store.problem().has_value());
    store.save(state.all_rows(), 5);
    owner.reset();
    Store other(place.root());
    const auto read = other.take_loaded();
    REQUIRE(read.has_value());
    CHECK(read->rows.size() == 3);
}

TEST_CASE("a series keeps only its newest 4096 points") {
    State state;
    const Series sectors{&metric::drive_reallocated_sectors, "d", {}};
    for (int i = 0; i < 4100; ++i) state.note_history(sectors, i, 100.0 + i, false);
    CHECK(state.increase(sectors, 0) == 4095);
    size_t points = 0, erased = 0;
    for (const StateRow& row : state.all_rows())
        if (row.table == StateRow::Table::history) ++points;
    CHECK(points == 4096);
    for (const StateRow& row : state.take_changes())
        if (row.erased) ++erased;
    CHECK(erased == 4);

    std::vector<StateRow> saved = state.all_rows();
    for (int i = 0; i < 4; ++i) {
        State earlier;
        earlier.note_history(sectors, i, 100.0 + i, false);
        for (StateRow& row : earlier.take_changes()) saved.push_back(std::move(row));
    }
    State loaded;
    CHECK(loaded.load(saved).rows == 0);
    CHECK(loaded.increase(sectors, 0) == 4095);
}

TEST_CASE("history is kept for the longest window") {
    Config config;
    config.growth_window.value = 100;
    config.kernel_log_window.value = 200;
    CHECK(history_span(config) == 200);
    config.growth_window.value = 300;
    CHECK(history_span(config) == 300);
}
