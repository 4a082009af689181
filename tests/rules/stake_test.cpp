// What an alert about a backup says before its steps, as promtool renders it.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>

#include "rules/rule.hpp"
#include "tests/rules/promtool.hpp"

using namespace lastgood;

namespace {

// The description of the alert that "pg" is too old, up to its steps, with these further series.
std::string stake_with(const std::string& series, const std::string& expected) {
    const auto all = all_rules();
    const auto rule = std::ranges::find(all, "backup_lock_old", &Rule::name);
    REQUIRE(rule != all.end());
    Rule short_rule = *rule;
    short_rule.summary = "S.";
    short_rule.advice = "A.\nB.";
    const std::string test = fmt::format(
        "rule_files:\n  - {{rules}}\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n"
        "    input_series:\n"
        "      - series: 'lastgood_backup_lock_timestamp_seconds{{instance=\"db8\",job=\"j\","
        "backup=\"pg\"}}'\n        values: '-90000 -90000'\n"
        "      - series: 'lastgood_backup_info{{instance=\"db8\",job=\"j\",backup=\"pg\","
        "covers=\"/srv, /home\",location=\"/b/*.gz\"}}'\n        values: '1 1'\n{}"
        "    alert_rule_test:\n      - eval_time: 0s\n        alertname: LastgoodBackupLockOld\n"
        "        exp_alerts:\n          - exp_labels:\n              severity: warning\n"
        "              instance: db8\n              job: j\n              backup: pg\n"
        "              covers: \"/srv, /home\"\n              location: \"/b/*.gz\"\n"
        "            exp_annotations:\n              summary: \"db8: S.\"\n"
        "              runbook_url: \"http://db8/rules#backup_lock_old\"\n"
        "              description: {}\n",
        series, test::quote("Data: /srv, /home\nCopies: /b/*.gz\n" + expected + "\n1. A.\n2. B."));
    return test::promtool_test(to_prometheus_yaml(std::vector{short_rule}), test).value_or("");
}

std::string one(const std::string& name, const std::string& labels) {
    return fmt::format(
        "      - series: '{}{{instance=\"db8\",job=\"j\",{}}}'\n        values: '1 1'\n", name,
        labels);
}

std::string has(const std::string& backup, const std::string& more = "") {
    return one("lastgood_data_backup", "data=\"postgresql\",backup=\"" + backup + "\"" + more);
}

std::string is_fine(const std::string& backup, const std::string& state = "fine") {
    return one("lastgood_backup_health", "backup=\"" + backup + "\",state=\"" + state + "\"");
}

}  // namespace

TEST_CASE("an alert names the data, its copies, and where fine copies are") {
    if (!test::promtool_is_there()) return;
    const std::string none = "No other fine copy of it is known.";
    CHECK(stake_with("", none) == "");
    CHECK(stake_with(has("pg") + has("pg-nas") + is_fine("pg-nas"),
                     "Fine copies elsewhere: pg-nas") == "");
    CHECK(stake_with(has("pg") + has("pg-nas") + is_fine("pg-nas", "warning"), none) == "");
    CHECK(stake_with(has("pg") + has("part", ",part=\"/srv/a\"") + is_fine("part"), none) == "");
    // Copies of its copies, and its original.
    CHECK(stake_with(
              one("lastgood_backup_copy_of", "backup=\"off\",original=\"pg\"") + is_fine("off"),
              "Fine copies elsewhere: off") == "");
    CHECK(stake_with(
              one("lastgood_backup_copy_of", "backup=\"pg\",original=\"first\"") + is_fine("first"),
              "Fine copies elsewhere: first") == "");
}
