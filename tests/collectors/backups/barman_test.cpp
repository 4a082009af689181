// Directories of barman as they look when a part of them is gone.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "tests/collectors/backups/made_place.hpp"

using namespace lastgood;
using test::says;

namespace {

constexpr Timestamp now = test::MadePlace::now;
const std::string first = "20261125T120000", second = "20261126T120000";

struct Server : test::MadePlace {
    Server() : MadePlace(BackupKind::barman) {
        record(first, "DONE", 25 * 3600);
        record(second, "DONE", 3600);
        for (const char* segment : {"1", "2"}) write(path_of(segment), "x");
    }
    static std::string path_of(const std::string& segment) {
        return "wals/0000000100000000/00000001000000000000000" + segment;
    }
    void record(const std::string& id, const std::string& status, Seconds age,
                const std::string& parent = "None") {
        write("base/" + id + "/backup.info",
              fmt::format("status={}\nbegin_time={}\nend_time={}\nsize=10\nparent_backup_id={}\n"
                          "begin_wal=000000010000000000000001\nend_wal=000000010000000000000002\n",
                          status, time(age), time(age), parent));
        write("base/" + id + "/data/base.tar", "x");
    }
    static std::string time(Seconds age) { return format_time(now - age).substr(0, 19) + "+00:00"; }
};

}  // namespace

TEST_CASE("barman: a backup counts with its data and its WAL") {
    CHECK(proven_newest(Server().look()) == now - 3600);
    for (const char* segment : {"1", "2"}) {
        Server missing;
        missing.remove(Server::path_of(segment));
        CHECK_FALSE(proven_newest(missing.look()));
        CHECK(missing.look().incomplete == true);
        Server empty;
        empty.write(Server::path_of(segment), "");
        CHECK_FALSE(proven_newest(empty.look()));
    }
    Server gone;
    gone.remove("base/" + second + "/data");
    CHECK(proven_newest(gone.look()) == now - 25 * 3600);
    CHECK(says(gone.look(), "data is gone"));
    Server emptied;
    emptied.remove("base/" + second + "/data/base.tar");
    CHECK(proven_newest(emptied.look()) == now - 25 * 3600);
}

TEST_CASE("barman: an increment is worth nothing without what it builds on") {
    Server it;
    it.record(second, "DONE", 3600, first);
    CHECK(proven_newest(it.look()) == now - 3600);
    it.record(first, "FAILED", 25 * 3600);
    CHECK_FALSE(proven_newest(it.look()));
    CHECK(it.look().count == 0);
}

TEST_CASE("barman: one that began runs for two days at most, one without its WAL waits an hour") {
    Server it;
    it.record(second, "STARTED", 47 * 3600);
    it.record(first, "DONE", 90 * 3600);
    CHECK(it.look().in_progress == true);
    CHECK(it.look().incomplete == false);
    it.record(second, "STARTED", 49 * 3600);
    CHECK(it.look().in_progress == false);
    CHECK(it.look().incomplete == true);
    it.record(second, "WAITING_FOR_WALS", 3500);
    CHECK(it.look().in_progress == true);
    it.record(second, "WAITING_FOR_WALS", 3700);
    CHECK(it.look().in_progress == false);
    CHECK(it.look().incomplete == true);
    CHECK(proven_newest(it.look()) == now - 90 * 3600);
}
