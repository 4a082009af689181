// What records of copies, and lists of files, make of a backup.
#include "collectors/backups/copies.hpp"

#include <doctest/doctest.h>

#include "collectors/backups/find_copies.hpp"
#include "collectors/backups/parse/name_time.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1795230900;  // 2026-11-21 03:15:00 UTC
constexpr Seconds hour = 3600, day = 24 * hour;

RecordedCopy copy_of(Seconds age, bool whole, double size = 1) {
    return {now - age, whole, size, "it", whole ? "" : "it is cut"};
}

FileStatus file(Timestamp modified, Timestamp changed) {
    FileStatus status;
    status.kind = FileKind::regular;
    status.size = 1;
    status.modified = modified;
    status.changed = changed;
    return status;
}

Copy named(const char* name, Timestamp time) {
    Copy copy;
    copy.time = time;
    copy.from_name = true;
    copy.name_time = find_time_in_name(name);
    REQUIRE(copy.name_time);
    copy.status = file(time, time);
    return copy;
}

// The two newest of three nights; the last one that is kept is of 2026-11-19.
CopyList nights(bool with_hours) {
    CopyList list(2);
    const std::string hours = with_hours ? "-030000" : "";
    for (const char* night : {"18", "19", "20"}) {
        const std::string name = "db-202611" + std::string(night) + hours + ".sql";
        list.add("/b", name,
                 named(name.c_str(), from_civil_utc(2026, 11, std::stoi(night), 3, 0, 0)));
    }
    return list;
}

}  // namespace

TEST_CASE("one copy with a wrong clock is no fault of the others") {
    for (const bool whole : {true, false}) {
        const auto state = state_of_copies(
            {copy_of(-2 * hour, whole), copy_of(hour, true, 7), copy_of(day, false)},
            Confidence::exact, now);
        CHECK(state.incomplete == false);
        CHECK(proven_newest(state) == now - hour);
        CHECK(state.size == 7);
        CHECK(state.count == (whole ? 2 : 1));
        CHECK(state.problems.empty());
    }
    const auto alone = state_of_copies({copy_of(-2 * hour, true)}, Confidence::exact, now);
    CHECK_FALSE(proven_newest(alone));
    CHECK(alone.problems.size() == 1);
}

TEST_CASE("a file that is only counted is older than those that are kept, by each of its times") {
    const auto only_counts = [](bool with_hours, const char* name, const FileStatus& status) {
        CopyList list = nights(with_hours);
        return list.only_counts(name, status, true);
    };
    const Timestamp before = from_civil_utc(2026, 11, 18, 12, 0, 0);
    CHECK(only_counts(true, "db-20261118-040000.sql", file(now, now)));
    CHECK_FALSE(only_counts(true, "db-20261120-040000.sql", file(now, now)));
    // Put back with an old time of the file: its name tells when it was made.
    CHECK_FALSE(only_counts(true, "db-20261120-040000.sql", file(before, now)));
    // Of one day, whose name does not tell which is the newer.
    CHECK_FALSE(only_counts(false, "db-20261119.sql", file(now, now)));
    CHECK(only_counts(false, "db-20261118.sql", file(now, now)));
}
