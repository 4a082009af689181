// Repositories of pgBackRest as they look when a part of them is gone.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdint>

#include "tests/collectors/backups/made_place.hpp"

using namespace lastgood;
using test::says;

namespace {

constexpr Timestamp now = test::MadePlace::now;
const std::string full = "20261125-120000F", next = full + "_20261126-120000I";
const std::string log_directory = "archive/main/15-1/0000000100000000/";

// Two backups, of yesterday and of an hour ago; each needs two segments.
struct Repository : test::MadePlace {
    explicit Repository(bool error = false) : MadePlace(BackupKind::pgbackrest) {
        write("backup/main/backup.info", "[backrest]\nbackrest-format=5\n\n[backup:current]\n" +
                                             record(full, 90000, 1, false) +
                                             record(next, 3600, 3, error) +
                                             "\n[db:history]\n1={}\n");
        for (const std::string& label : {full, next})
            write("backup/main/" + label + "/backup.manifest", "x");
        for (int segment = 1; segment <= 4; ++segment) write(path_of(segment), "x");
    }
    static std::string path_of(int segment) {
        return fmt::format("{}0000000100000000{:08}-{:040}.gz", log_directory, segment, 0);
    }
    static std::string record(const std::string& label, int age, int segment, bool error) {
        return fmt::format(
            "{0}={{\"backup-error\":{1},\"backup-info-size\":5,\"backup-timestamp-start\":{2},"
            "\"backup-timestamp-stop\":{2},\"backup-type\":\"full\",\"db-id\":1,"
            "\"option-archive-check\":true,"
            "\"backup-archive-start\":\"0000000100000000{3:08}\","
            "\"backup-archive-stop\":\"0000000100000000{4:08}\"}}\n",
            label, error, static_cast<int64_t>(now) - age, segment, segment + 1);
    }
};

}  // namespace

TEST_CASE("pgBackRest: its record tells, as long as what it tells of is there") {
    Repository whole;
    auto state = whole.look();
    CHECK(proven_newest(state) == now - 3600);
    CHECK(state.count == 2);
    CHECK(state.incomplete == false);
    CHECK(state.problems.empty());
    whole.remove("backup/main/" + next);
    state = whole.look();
    CHECK(proven_newest(state) == now - 90000);
    CHECK(says(state, next + " is in backup.info"));
    Repository based;
    based.remove("backup/main/" + full);  // which the newer one builds on
    state = based.look();
    CHECK(state.count == 0);
    CHECK_FALSE(proven_newest(state));
}

TEST_CASE("pgBackRest: without its WAL a backup cannot be restored") {
    for (const int segment : {3, 4}) {
        Repository it;
        it.remove(Repository::path_of(segment));
        const auto state = it.look();
        CHECK(proven_newest(state) == now - 90000);
        CHECK(state.incomplete == true);
        CHECK(state.count == 1);
        CHECK(says(state, fmt::format("0000000100000000{:08} is not in archive/", segment)));
    }
    Repository unreadable;  // whether it is there cannot be told
    unreadable.make_unreadable("archive/main/15-1/0000000100000000");
    CHECK(proven_newest(unreadable.look()) == now - 3600);
}

TEST_CASE("pgBackRest: wrong checksums in the database are no whole copy of it") {
    const auto state = Repository(true).look();
    CHECK(state.incomplete == true);
    CHECK(says(state, "wrong checksums"));
}
