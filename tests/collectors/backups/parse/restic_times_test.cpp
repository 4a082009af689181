#include "collectors/backups/parse/restic_times.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace lastgood;

namespace {

constexpr Timestamp day = 86400;
constexpr double usual = 240;  // bytes of a snapshot's file

ResticSnapshot snapshot(char digit, Timestamp modified, double size = usual) {
    return {std::string(64, digit), modified, size, {}, {}, false};
}

// A repository that changes between looks.
struct Repository {
    ResticLook look;
    std::vector<Timestamp> packs;
    ResticHistory before;
    bool looked = false;

    ResticVerdict judge() {
        auto& snapshots = look.now.snapshots;
        std::ranges::sort(look.now.indexes);
        look.packs = [&](Timestamp from, Timestamp until) {
            std::vector<Timestamp> found;
            for (const Timestamp pack : packs)
                if (from < pack && pack <= until) found.push_back(pack);
            return found;
        };
        if (!packs.empty()) look.now.packs_until = std::ranges::max(packs);
        auto verdict = judge_restic(looked ? &before : nullptr, look);
        before = verdict.history;
        before.snapshots = parse_restic_snapshots(to_text(before.snapshots));
        looked = true;
        REQUIRE(before.snapshots.size() == snapshots.size());
        return verdict;
    }
    // What a backup writes, or something that looks like one.
    void add(char digit, Timestamp at, int new_packs, bool index, double size = usual) {
        for (int i = 0; i < new_packs; ++i) packs.push_back(at - 0.02);
        if (index) {
            look.index_times.push_back(at - 0.01);
            look.now.indexes.push_back(std::string(restic_short_id, digit));
        }
        look.now.snapshots.push_back(snapshot(digit, at, size));
        look.snapshots_changed = at;
    }
    void remove(char digit, Timestamp at) {
        std::erase_if(look.now.snapshots,
                      [&](const ResticSnapshot& one) { return one.id[0] == digit; });
        look.snapshots_changed = at;
    }
};

// A night of each day up to this one, each looked at.
Repository with_backups(int days) {
    Repository repository;
    repository.judge();
    for (int i = 1; i <= days; ++i) {
        repository.add(static_cast<char>('a' + i), i * day, 2, true);
        repository.judge();
    }
    return repository;
}

}  // namespace

TEST_CASE("restic: one snapshot more and none less is a backup") {
    auto repository = with_backups(1);
    CHECK(repository.judge().backup == day);
    SUBCASE("with data") {
        repository.add('0', 2 * day, 2, true, 300);
    }
    SUBCASE("of an unchanged source") {
        repository.add('0', 2 * day, 0, false);
    }
    SUBCASE("of a source in which only directories changed") {
        repository.add('0', 2 * day, 1, true);
    }
    SUBCASE("the second of a source, which names its parent") {
        repository.add('0', 2 * day, 0, false, usual + 47);
    }
    const auto verdict = repository.judge();
    CHECK(verdict.backup == 2 * day);
    CHECK(verdict.oldest == day);
    CHECK_FALSE(verdict.perhaps);
    CHECK_FALSE(verdict.activity);
}

TEST_CASE(
    "restic: a larger or smaller file with no data of its own may be a rewrite or a recover") {
    for (const double more : {58.0, 47.0, -48.0}) {
        for (const int packs : {0, 1}) {
            auto repository = with_backups(3);
            repository.add('0', 9 * day, packs, packs > 0, usual + more);
            const auto verdict = repository.judge();
            CHECK(verdict.backup == 3 * day);
            CHECK(verdict.perhaps == 9 * day);
            CHECK(verdict.activity == 9 * day);
        }
    }
}

TEST_CASE("restic: a backup under a clock a year ahead does not hide the others") {
    for (const bool first_look : {false, true}) {
        CAPTURE(first_look);
        auto repository = with_backups(3);
        repository.look.latest = 7 * day;
        repository.add('x', 365 * day, 2, true);
        CHECK(repository.judge().backup == 3 * day);
        repository.add('e', 5 * day, 2, true);
        if (first_look) repository.looked = false;
        const auto verdict = repository.judge();
        CHECK(verdict.backup == 5 * day);
        CHECK_FALSE(verdict.activity);
        CHECK_FALSE(verdict.perhaps);
    }
    Repository alone;
    alone.look.latest = day;
    alone.add('x', 365 * day, 2, true);
    CHECK(alone.judge().backup == 365 * day);
}

TEST_CASE("restic: several more at once may be copies") {
    auto repository = with_backups(3);
    repository.add('0', 9 * day, 2, true);
    repository.add('1', 9 * day + 1, 2, true);
    auto verdict = repository.judge();
    CHECK(verdict.backup == 3 * day);
    CHECK(verdict.perhaps == 9 * day + 1);
    repository.add('2', 10 * day, 0, false);
    verdict = repository.judge();
    CHECK(verdict.backup == 10 * day);
    CHECK_FALSE(verdict.perhaps);
}

TEST_CASE("restic: what replaces a snapshot at once is as old as that was") {
    auto repository = with_backups(3);
    repository.add('0', 9 * day, 0, false, usual + 54);
    repository.remove('d', 9 * day + 0.01);
    const auto verdict = repository.judge();
    CHECK(verdict.backup == 3 * day);
    CHECK_FALSE(verdict.perhaps);
    CHECK(verdict.activity == 9 * day);
    // And it stays so.
    CHECK(repository.judge().backup == 3 * day);
    CHECK_FALSE(repository.judge().perhaps);
}

TEST_CASE("restic: a backup, then a forget of another process, is a backup") {
    for (const int removed : {1, 2}) {
        auto repository = with_backups(4);
        repository.add('0', 9 * day, 0, false);
        for (int i = 1; i <= removed; ++i)
            repository.remove(static_cast<char>('a' + i), 9 * day + 1);
        CHECK(repository.judge().backup == 9 * day);
    }
}

TEST_CASE("restic: a tag, then a forget of others, may leave only the oldest") {
    auto repository = with_backups(4);
    repository.add('0', 9 * day, 0, false, usual + 54);
    for (const char digit : {'b', 'c', 'e'}) repository.remove(digit, 9 * day + 1);
    const auto verdict = repository.judge();
    CHECK(verdict.backup == 3 * day);
    CHECK(verdict.perhaps == 9 * day);
}

TEST_CASE("restic: packs of a prune do not prove that a tag is a backup") {
    auto repository = with_backups(3);
    repository.packs = {9 * day - 1, 9 * day - 1};
    repository.look.now.indexes = {std::string(restic_short_id, '9')};
    repository.look.index_times = {9 * day - 0.9};
    repository.add('0', 9 * day, 0, false, usual + 54);
    repository.remove('d', 9 * day + 0.01);
    CHECK(repository.judge().backup == 3 * day);
}

TEST_CASE("restic: the first look believes what wrote data and its snapshot in one process") {
    Repository repository;
    repository.add('1', day, 2, true);
    CHECK(repository.judge().backup == day);
    SUBCASE("a tag of it is as old") {
        repository.looked = false;
        repository.add('2', 9 * day, 0, false, usual + 54);
        repository.remove('1', 9 * day + 0.01);
        CHECK_FALSE(repository.judge().backup);
        CHECK(repository.judge().perhaps == 9 * day);
    }
    SUBCASE("one pack and another size may be a rewrite") {
        repository.looked = false;
        repository.add('2', 9 * day, 1, true, usual + 58);
        CHECK(repository.judge().backup == day);
    }
    SUBCASE("one pack and the same size is a backup") {
        repository.looked = false;
        repository.add('2', 9 * day, 1, true);
        CHECK(repository.judge().backup == 9 * day);
    }
    SUBCASE("several within seconds may be copies") {
        repository.looked = false;
        repository.add('2', 9 * day, 2, true);
        repository.add('3', 9 * day + 5, 2, true);
        CHECK(repository.judge().backup == day);
    }
}

TEST_CASE("restic: a copy without its times proves nothing") {
    Repository repository;
    repository.add('1', day, 2, true);
    repository.look.copied = true;
    auto verdict = repository.judge();
    CHECK(verdict.copied);
    CHECK_FALSE(verdict.backup);
    CHECK(verdict.perhaps == day);
    // rsync -r writes data, index, keys, snapshots, one after another.
    repository = {};
    repository.packs = {100.0};
    repository.look.now.snapshots = {snapshot('1', 100.9), snapshot('2', 101)};
    repository.look.index_times = {100.1, 100.2};
    repository.look.key_times = {100.5};
    verdict = repository.judge();
    CHECK(verdict.copied);
    CHECK_FALSE(verdict.backup);
}

TEST_CASE("restic: another repository in the place of the first is looked at for the first time") {
    auto repository = with_backups(3);
    repository.look.now = {};
    repository.look.index_times.clear();
    repository.add('0', 20 * day, 0, false);
    repository.add('1', 21 * day, 0, false);
    const auto verdict = repository.judge();
    CHECK_FALSE(verdict.backup);
    CHECK(verdict.perhaps == 21 * day);
}

TEST_CASE("restic: a key says when it was made") {
    const std::string key = R"({"created":"2026-11-26T12:11:47.792612915Z","kdf":"scrypt"})";
    const Timestamp created = from_civil_utc(2026, 11, 26, 12, 11, 47);
    CHECK_FALSE(is_copied_key(key, created + 1));
    CHECK(is_copied_key(key, created + day));
    CHECK(is_copied_key(key, created - day));
    CHECK_FALSE(is_copied_key(R"({"created":"2026-11-26T13:11:47.7+01:00"})", created));
    for (const char* text : {"", "{}", "[1]", "x", R"({"created":17})", R"({"created":"soon"})"})
        CHECK_FALSE(is_copied_key(text, created));
}

TEST_CASE("restic: damaged lines of the memory are left out") {
    CHECK(parse_restic_snapshots(
              "\n0123456789abcdef 1 2 - - b\n0123456789abcdef x 2 - - b\nshort 1 2 - - b\n"
              "0123456789abcdef nan 2 - - b\n0123456789abcdef 1 2 - -")
              .size() == 1);
}

TEST_CASE("names of snapshots") {
    CHECK(is_restic_id(std::string(64, 'a')));
    CHECK_FALSE(is_restic_id(std::string(64, 'g')));
    CHECK_FALSE(is_restic_id(std::string(64, 'a') + "-tmp-123"));
    CHECK_FALSE(is_restic_id(""));
}
