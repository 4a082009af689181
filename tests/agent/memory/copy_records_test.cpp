#include "agent/memory/copy_records.hpp"

#include <doctest/doctest.h>

#include "core/metrics/backups.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000;

double value_of(const std::vector<Observation>& observations, const Metric& metric) {
    double found = 0;
    for (const Observation& one : observations)
        if (one.metric == &metric) found += one.value;
    return found;
}

Config with_db8() {
    Config config;
    config.backups.emplace_back().name = "db8";
    return config;
}

}  // namespace

TEST_CASE("a record survives a restart, and the newest of each kind counts") {
    State state;
    state.record({"verified", "db8", now - 50, "root", "the first"});
    state.record({"verified", "db8", now - 20, "anna", "restic check; two = signs \x1e"});
    state.record({"restored", "db8", now - 30, "bob", ""});
    State again;
    CHECK(again.load(state.take_changes()).rows == 0);
    CHECK(again.records() == state.records());
    State whole;
    CHECK(whole.load(state.all_rows()).rows == 0);
    CHECK(whole.records() == state.records());
    State meanwhile;
    meanwhile.keep_from(state);
    CHECK(meanwhile.records() == state.records());

    std::vector<Observation> observations;
    add_copy_records(again, with_db8(), now, observations);
    CHECK(value_of(observations, metric::backup_verified_timestamp_seconds) == now - 20);
    CHECK(value_of(observations, metric::backup_restored_timestamp_seconds) == now - 30);
    CHECK(observations[0].label("by") == "bob");
    // Of a backup that is no longer configured nothing is said.
    observations.clear();
    add_copy_records(again, {}, now, observations);
    CHECK(observations.empty());
}

TEST_CASE("a record in the future is no evidence") {
    State state;
    state.record({"verified", "db8", now + 2 * 86'400, "root", ""});
    std::vector<Observation> observations;
    add_copy_records(state, with_db8(), now, observations);
    CHECK(observations.empty());
    add_copy_records(state, with_db8(), now + 86'400, observations);
    CHECK(value_of(observations, metric::backup_verified_timestamp_seconds) == now + 2 * 86'400);
}

TEST_CASE("the newer of a stamp and a record counts") {
    State state;
    state.record({"verified", "db8", now - 50, "root", ""});
    for (const double stamp : {now - 100, now - 10}) {
        std::vector<Observation> observations{
            {&metric::backup_verified_timestamp_seconds, "db8", {}, stamp, now},
            {&metric::backup_verified_timestamp_seconds, "www", {}, 0, now}};
        add_copy_records(state, with_db8(), now, observations);
        CHECK(value_of(observations, metric::backup_verified_timestamp_seconds) ==
              std::max(stamp, now - 50));
    }
}

TEST_CASE("a saved record that makes no sense is rejected") {
    const auto rejected = [](const char* key, const char* backup, const std::string& text,
                             double at) {
        State state;
        return state.load({{StateRow::Table::text, key, backup, text, at, 0, false}}).rows;
    };
    CHECK(rejected("record_verified", "db8", "root\x1e", now) == 0);
    CHECK(rejected("record_made", "db8", "root\x1e", now) == 1);
    CHECK(rejected("record_verified", "", "root\x1e", now) == 1);
    CHECK(rejected("record_verified", "db8", "root\x1e" + std::string(1000, 'x'), now) == 1);
    CHECK(rejected("record_verified", "db8", "root\x1e", -1e300) == 1);
}
