#include "collectors/backups/parse/restic_times.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace lastgood;

namespace {

constexpr Timestamp day = 86400;

ResticVerdict judge(const ResticTimes& times, const std::vector<Timestamp>& packs = {}) {
    return judge_restic(times, [&](Timestamp snapshot) {
        return std::ranges::any_of(packs, [&](Timestamp pack) {
            return pack >= snapshot - restic_window && pack <= snapshot + restic_slack;
        });
    });
}

}  // namespace

TEST_CASE("snapshots that came with an index are backups") {
    const auto verdict = judge({{1 * day, 2 * day}, {1 * day - 0.01, 2 * day - 30}, {10}});
    CHECK(verdict.backup == 2 * day);
    CHECK(verdict.oldest == 1 * day);
    CHECK_FALSE(verdict.activity);
}

TEST_CASE("a tag writes only a snapshot and proves no backup") {
    // The snapshot of day 2 was rewritten on day 9.
    const auto verdict = judge({{1 * day, 9 * day}, {1 * day, 2 * day}, {10}}, {1 * day, 2 * day});
    CHECK(verdict.backup == 1 * day);
    CHECK(verdict.activity == 9 * day);
}

TEST_CASE("if all snapshots were retagged, no backup is proven") {
    const auto verdict = judge({{9 * day, 9 * day + 1}, {1 * day, 2 * day}, {10}}, {1 * day});
    CHECK_FALSE(verdict.backup);
    CHECK(verdict.activity == 9 * day + 1);
}

TEST_CASE("packs prove backups after a prune has replaced the indexes") {
    const auto verdict =
        judge({{1 * day, 2 * day}, {2 * day + 7200}, {10}}, {1 * day, 2 * day - 5});
    CHECK(verdict.backup == 2 * day);
    CHECK_FALSE(verdict.activity);
}

TEST_CASE("a tag after a prune is not a backup") {
    const auto verdict = judge({{9 * day}, {8 * day}, {10}}, {1 * day, 2 * day, 8 * day});
    CHECK_FALSE(verdict.backup);
    CHECK(verdict.activity == 9 * day);
}

TEST_CASE("a copy without times is not taken for a backup") {
    // rsync -r writes data, index, keys, snapshots, one after another.
    const auto verdict = judge({{100.9, 101.0}, {100.1, 100.2}, {100.5}}, {100.0});
    CHECK(verdict.copied);
    CHECK_FALSE(verdict.backup);
    CHECK(verdict.activity == 101.0);
    // A change of the password after the last backup is not such a copy.
    CHECK_FALSE(judge({{1 * day, 2 * day}, {1 * day, 2 * day}, {3 * day}}).copied);
}

TEST_CASE("an empty repository") {
    const auto verdict = judge({{}, {}, {10}});
    CHECK_FALSE(verdict.backup);
    CHECK_FALSE(verdict.activity);
    CHECK_FALSE(verdict.oldest);
    CHECK_FALSE(verdict.copied);
}

TEST_CASE("names of a repository's files") {
    CHECK(is_restic_id(std::string(64, 'a')));
    CHECK_FALSE(is_restic_id(std::string(64, 'g')));
    CHECK_FALSE(is_restic_id(std::string(64, 'a') + "-tmp-123"));
    CHECK_FALSE(is_restic_id(""));
}
