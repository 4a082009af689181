// A saved state that is damaged, foreign or gone, and rows that make no sense.
#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "agent/memory/acceptances.hpp"
#include "agent/memory/history.hpp"
#include "agent/memory/losses.hpp"
#include "agent/memory/snapshot.hpp"
#include "agent/memory/state.hpp"
#include "agent/memory/store.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "tests/support.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr const char* errors = "lastgood_drive_kernel_errors_total";
const std::string kind = "kind=io";

StateRow counter(const std::string& labels, double value, double at) {
    return {StateRow::Table::counter, errors, "d", labels, value, at, false};
}

// The loaded rows again, as the store would get them.
std::vector<StateRow> kept(const State& state) {
    std::vector<StateRow> rows = state.all_rows();
    std::erase_if(rows, [](const StateRow& row) { return row.table == StateRow::Table::text; });
    return rows;
}

class Place : public test::TemporaryDirectory {
  public:
    const std::string database = at("state.db");

    // A state with a counter, as an agent leaves it.
    void fill() const {
        Store store(path);
        const auto saved = store.take_loaded();
        REQUIRE(saved.has_value());
        State state;
        state.set_watched_since(50);
        state.increment({&metric::drive_kernel_errors_total, "d", {{"kind", "io"}}, 2, 100});
        store.save(state.all_rows(), 5);
        REQUIRE_FALSE(store.problem().has_value());
    }
    Saved open() const {
        Store store(path);
        CHECK(store.problem().value_or("") == "");
        const auto saved = store.take_loaded();
        REQUIRE(saved.has_value());
        return *saved;
    }
    void execute(const std::string& statement) const {
        sqlite3* file = nullptr;
        REQUIRE(sqlite3_open(database.c_str(), &file) == SQLITE_OK);
        CHECK(sqlite3_exec(file, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(file);
    }
    void expect_loss(Loss what, std::string_view words) const {
        const Saved saved = open();
        REQUIRE(saved.losses.size() == 1);
        CHECK(saved.losses[0].first == what);
        CHECK_MESSAGE(saved.losses[0].second.find(words) != std::string::npos,
                      saved.losses[0].second);
    }
    size_t files() const {
        return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
    }
};

}  // namespace

TEST_CASE("rows that make no sense are rejected, erased and never seen again") {
    const std::string history = kind + "\x1e" + "100.000000";
    const std::string long_text(5000, 'x');
    const std::vector<StateRow> wrong = {
        counter(kind, inf, 100),
        counter(kind, -inf, 100),
        counter(kind, no_number, 100),
        counter(kind, 1e300, 100),
        counter(kind, -1, 100),
        counter(kind, 1, inf),
        counter(kind, 1, -1),
        counter(kind, 1, 1e12),
        counter("colour=red", 1, 100),
        counter("kind=io\x1ekind=io", 1, 100),
        counter("kind=" + long_text, 1, 100),
        counter("kind=i\xd0o", 1, 100),
        {StateRow::Table::counter, errors, "", kind, 1, 100, false},
        {StateRow::Table::counter, errors, long_text, kind, 1, 100, false},
        {StateRow::Table::counter, "lastgood_drive_info", "d", "", 1, 100, false},
        {StateRow::Table::counter, "lastgood_of_nobody_total", "d", "", 1, 100, false},
        {StateRow::Table::remembered, "lastgood_drive_info", "d", "model=M", no_number, 100, false},
        {StateRow::Table::remembered, "lastgood_drive_info", "d", "model=M", 1, 1e300, false},
        {StateRow::Table::history, errors, "d", history, -1e300, 100, false},
        {StateRow::Table::history, errors, "d", history, 1, no_number, false},
        {StateRow::Table::history, errors, "d", kind, 1, 100, false},
        {StateRow::Table::rule_since, "drive_failing", "d", "", inf, 0, false},
        {StateRow::Table::known, "drive", "d", "", -inf, 100, false},
        {StateRow::Table::known, "drive", "", "", 100, 100, false},
        {StateRow::Table::known, "nonsense", "d", "", 100, 100, false},
        {StateRow::Table::text, "watched_since", "", "", 1e300, 0, false},
        {StateRow::Table::text, "cursor", "kernel_log", long_text, 0, 0, false},
        {StateRow::Table::text, "lost", "nonsense", "", 100, 0, false},
        {StateRow::Table::accepted, "array_degraded", "md",
         "array\x1e"
         "inf\x1eroot\x1ewhy",
         500, 0, false},
        {StateRow::Table::accepted, "array_degraded", "md",
         "array\x1e"
         "1x\x1eroot\x1ewhy",
         500, 0, false},
        {StateRow::Table::accepted, "array_degraded", "md",
         "array\x1e"
         "1\x1eroot\x1ewhy",
         inf, 0, false},
        {StateRow::Table::accepted, "array_degraded", "md", "nonsense", 500, 0, false},
    };
    const StateRow version{StateRow::Table::text, "version", "", LASTGOOD_VERSION, 0, 0, false};
    for (size_t i = 0; i < wrong.size(); ++i) {
        CAPTURE(i);
        State state;
        CHECK(state.load({version, wrong[i]}).rows == 1);
        CHECK(kept(state).empty());
        CHECK(state.watched_since() == 0);
        CHECK(state.cursor("kernel_log").empty());
        const auto changes = state.take_changes();
        REQUIRE(changes.size() == 1);
        CHECK(changes[0].erased);
        CHECK(changes[0].key() == wrong[i].key());
        CHECK(changes[0].number1 == 0);  // the store takes no other numbers than finite ones
        CHECK(changes[0].number2 == 0);
    }
    State state;
    std::vector<StateRow> all = wrong;
    all.push_back(version);
    all.push_back(counter(kind, 3, 100));
    CHECK(state.load(all).rows == wrong.size());
    REQUIRE(kept(state).size() == 1);
    CHECK(kept(state)[0].number1 == 3);
}

TEST_CASE("metrics of another version are skipped, not lost") {
    const StateRow unknown{
        StateRow::Table::counter, "lastgood_of_tomorrow_total", "d", "", 1, 100, false};
    State state;
    CHECK(state.load({unknown}).rows == 0);
    CHECK(kept(state).empty());
    // They stay in the store, for that version.
    for (const StateRow& change : state.take_changes()) CHECK_FALSE(change.erased);
}

TEST_CASE("a counter stays within the limit, whatever is added") {
    State state;
    const Observation much{&metric::drive_kernel_errors_total, "d", {{"kind", "io"}}, 9e18, 100};
    for (int i = 0; i < 100; ++i) {
        CHECK(state.increment(much));
        note_growth(state, much, true);
    }
    CHECK(state.counters().begin()->second.value == value_limit);
    CHECK(state.increase({much.metric, much.subject, much.labels}, 0) <= value_limit);
    State copy;
    CHECK(copy.load(state.all_rows()).rows == 0);
    CHECK(copy.counters().begin()->second.value == value_limit);
}

TEST_CASE("a collector that invents subjects does not fill the memory") {
    State state;
    size_t taken = 0;
    for (int i = 0; i < 50'010; ++i)
        if (state.increment({&metric::drive_kernel_errors_total, fmt::format("d{}", i), {}, 1, 5}))
            ++taken;
    CHECK(taken == 50'000);
    CHECK(state.counters().size() == 50'000);
    CHECK(state.increment({&metric::drive_kernel_errors_total, "d7", {}, 1, 5}));
    for (int i = 0; i < 50'010; ++i) state.see(SubjectKind::drive, fmt::format("d{}", i), 5);
    CHECK(state.known(SubjectKind::drive).size() == 50'000);
}

TEST_CASE("labels with any characters survive a restart") {
    const Labels labels{{"kind",
                         "a\x1e"
                         "b=c\x1f\x1e"},
                        {"layer",
                         "\x1f"
                         "e\x1f"
                         "f"}};
    State state;
    state.increment({&metric::drive_kernel_errors_total, "d\x1e", labels, 1, 5});
    State copy;
    CHECK(copy.load(state.all_rows()).rows == 0);
    CHECK(copy.counters().begin()->first.labels == labels);
}

TEST_CASE("a new database has lost nothing; one that is filled has its rows") {
    const Place place;
    Saved saved = place.open();
    CHECK(saved.rows.empty());
    CHECK(saved.losses.empty());
    CHECK(place.open().losses.empty());  // never used
    place.fill();
    saved = place.open();
    CHECK(saved.rows.size() == 3);
    CHECK(saved.losses.empty());
}

TEST_CASE("a database that is gone or empty is noticed once it had state") {
    const Place place;
    place.fill();
    SUBCASE("gone") {
        std::filesystem::remove(place.database);
    }
    SUBCASE("empty") {
        place.write("state.db", "");
    }
    SUBCASE("without rows") {
        for (const char* table : {"counter", "text"})
            place.execute(fmt::format("DELETE FROM {}", table));
    }
    place.expect_loss(Loss::missing, "all of it is lost");
}

TEST_CASE("a damaged database is kept under another name, and at most three of them") {
    const Place place;
    for (int i = 0; i < 5; ++i) {
        place.fill();
        place.write("state.db", std::string(4096, static_cast<char>('a' + i)));
        place.expect_loss(Loss::damaged, "state.db.damaged");
        CHECK(std::filesystem::exists(place.at("state.db.damaged")));
    }
    CHECK(std::filesystem::exists(place.at("state.db.damaged.3")));
    CHECK_FALSE(std::filesystem::exists(place.at("state.db.damaged.4")));
    CHECK(place.files() <= 5);  // these three, state.db and state.db.kept
    // The oldest made room.
    std::string kept_ones;
    for (const char* name : {"state.db.damaged", "state.db.damaged.2", "state.db.damaged.3"})
        kept_ones += test::read_file(place.at(name)).at(0);
    std::ranges::sort(kept_ones);
    CHECK(kept_ones == "cde");
}

TEST_CASE("a page that is overwritten is damage") {
    const Place place;
    {
        Store store(place.path);
        REQUIRE(store.take_loaded().has_value());
        State state;
        for (int i = 0; i < 2000; ++i)
            state.see(SubjectKind::drive, fmt::format("drive {} with a long name", i), 100);
        store.save(state.all_rows(), 20);
    }
    const auto size = std::filesystem::file_size(place.database);
    REQUIRE(size > 65536);
    std::fstream file(place.database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 8192 * 4096));
    file << std::string(4096, '\xa5');
    file.close();
    place.expect_loss(Loss::damaged, "state.db.damaged");
}

TEST_CASE("a key that is overwritten in its place is damage: no statement finds its row again") {
    const Place place;
    {
        Store store(place.path);
        REQUIRE(store.take_loaded().has_value());
        State state;
        for (int i = 0; i < 20; ++i) state.see(SubjectKind::drive, fmt::format("drive {}", i), 100);
        store.save(state.all_rows(), 20);
    }
    std::string bytes = test::read_file(place.database);
    const size_t at = bytes.find("drive 10");
    REQUIRE(at != bytes.npos);
    bytes[at] = 'z';
    place.write("state.db", bytes);
    place.expect_loss(Loss::damaged, "state.db.damaged");
}

TEST_CASE("another program's database is moved away untouched") {
    const Place place;
    std::string statements = "CREATE TABLE cookies(a); INSERT INTO cookies VALUES (7)";
    SUBCASE("its tables") {}
    SUBCASE("a table of the same name") {
        statements = "CREATE TABLE counter(a); INSERT INTO counter VALUES (7)";
    }
    SUBCASE("its application id, and our tables") {
        place.fill();
        statements = "PRAGMA application_id=4711";
    }
    SUBCASE("a schema version above ours") {
        statements += "; PRAGMA user_version=9";
    }
    place.execute(statements);
    const auto size = std::filesystem::file_size(place.database);
    place.expect_loss(Loss::foreign, "another program's database");
    CHECK(std::filesystem::file_size(place.at("state.db.foreign")) == size);
    place.fill();
    CHECK(place.open().losses.empty());
}

TEST_CASE("a newer lastgood's database stays where it is") {
    const Place place;
    place.fill();
    place.execute("PRAGMA user_version=2");
    const Store store(place.path);
    CHECK(store.problem().value_or("").find("written by a newer lastgood") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(place.at("state.db.foreign")));
}

TEST_CASE("a table that is missing, and values of another type, are lost; the rest is not") {
    const Place place;
    place.fill();
    SUBCASE("a table") {
        place.execute("DROP TABLE text");
        place.expect_loss(Loss::damaged, "without the table text");
    }
    SUBCASE("a table of another build's columns") {
        place.execute(
            "ALTER TABLE accepted RENAME COLUMN over_since TO unused_number; "
            "INSERT INTO accepted VALUES ('r','s','drive','1',1)");
        place.expect_loss(Loss::damaged, "the table accepted has other columns");
        CHECK(place.open().rows.size() == 3);
    }
    SUBCASE("values") {
        place.execute("INSERT INTO counter VALUES ('m','s','l','words',1), (x'00','s','l',1,1)");
        place.expect_loss(Loss::rows, "2 rows of values of another type");
        CHECK(place.open().rows.size() == 3);
    }
    CHECK(place.open().losses.empty());  // told once
}

TEST_CASE("the database of 0.1.0 has lost nothing") {
    const Place place;
    place.fill();
    place.execute(
        "DROP TABLE accepted; DELETE FROM text WHERE name='version'; "
        "PRAGMA application_id=0");
    CHECK(place.open().losses.empty());
}

TEST_CASE("a loss is told across restarts until its acceptance ends") {
    State state;
    state.note_loss(Loss::damaged, "the file was rubbish", 1000);
    State copy;
    CHECK(copy.load(state.all_rows()).rows == 0);
    Config config;
    const auto judged = [&](Timestamp now) {
        const auto observations = observe_all({}, copy, config, {}, now);
        RuleMemory memory = copy.rule_memory();
        auto findings = evaluate(all_rules(), observations, now, memory);
        copy.set_rule_memory(std::move(memory));
        end_acceptances(copy, observations, now);
        std::erase_if(findings, [](const Finding& one) { return one.rule != "state_lost"; });
        return findings;
    };
    REQUIRE(judged(2000).size() == 1);
    std::vector<Problem> problems;
    add_losses(copy, judged(2000), problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].message == "the file was rubbish");

    copy.accept({.rule = "state_lost",
                 .kind = SubjectKind::host,
                 .subject = "",
                 .up_to = judged(2000)[0].value,
                 .until = 5000,
                 .by = "root",
                 .reason = "known"});
    REQUIRE(judged(3000).size() == 1);
    CHECK(judged(3000)[0].accepted.has_value());
    problems.clear();
    add_losses(copy, judged(3000), problems);
    CHECK(problems.empty());

    SUBCASE("it is forgotten with its acceptance") {
        judged(5001);
        CHECK(judged(5002).empty());
        State again;
        again.load(copy.all_rows());
        CHECK(again.losses().empty());
    }
    SUBCASE("a later one speaks again, and stays") {
        copy.note_loss(Loss::rows, "3 saved rows made no sense", 4000);
        REQUIRE(judged(4500).size() == 1);
        CHECK_FALSE(judged(4500)[0].accepted.has_value());
        judged(5001);
        CHECK(judged(5002).size() == 1);
        CHECK(copy.losses().size() == 1);
    }
}

TEST_CASE("an agent that has watched before and finds nothing has lost its state") {
    const Saved nothing;
    State state;
    CHECK(note_losses(state, {nothing, false, false}, {}, 5).empty());
    CHECK(state.losses().empty());
    CHECK(note_losses(state, {nothing, false, true}, {}, 5).size() == 1);
    CHECK(state.losses().contains(Loss::missing));
}

TEST_CASE("while the agent runs a deleted file is no loss, a damaged one is told") {
    State state;
    const Saved deleted{{}, {{Loss::missing, "it is gone"}}};
    CHECK(note_losses(state, {deleted, true, true}, {}, 5).size() == 1);
    CHECK(state.losses().empty());
    const Saved damaged{{}, {{Loss::damaged, "it is rubbish"}}};
    CHECK(note_losses(state, {damaged, true, true}, {}, 5).size() == 1);
    CHECK(state.losses().contains(Loss::damaged));
}
