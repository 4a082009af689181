// Archived and waiting write-ahead log of PostgreSQL.
#include "collectors/backups/wal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

struct Archive {
    test::RecordedHost host;

    void write(const std::string& path, time_t modified) {
        host.file(path, "x");
        const timespec times[2] = {{modified, 0}, {modified, 0}};
        REQUIRE(::utimensat(AT_FDCWD, (host.root() + path).c_str(), times, 0) == 0);
    }
    std::optional<Timestamp> newest() const {
        const auto found = newest_wal(host.host(), "/a");
        REQUIRE(found.has_value());
        return *found;
    }
    std::optional<Timestamp> waiting(const std::string& place) {
        host.file("/proc/self/mountinfo",
                  "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                  "23 22 0:40 / /net rw - nfs4 nas:/v rw\n");
        const auto topology = Topology::read(host.host());
        REQUIRE(topology.has_value());
        return oldest_waiting_wal(host.host(), *topology, {place});
    }
};

}  // namespace

TEST_CASE("the names of whole segments") {
    CHECK(is_wal_segment("000000010000000000000003"));
    CHECK(is_wal_segment("0000000100000000000000AF-0123456789abcdef0123456789abcdef01234567.gz"));
    CHECK(is_wal_segment("000000010000000000000003.zst"));
    CHECK_FALSE(is_wal_segment("000000010000000000000003.partial"));
    CHECK_FALSE(is_wal_segment("000000010000000000000003.00000028.backup"));
    CHECK_FALSE(is_wal_segment("00000002.history"));
    CHECK_FALSE(is_wal_segment("00000001000000000000000g"));
    CHECK_FALSE(is_wal_segment("0000000100000000000000"));
    CHECK_FALSE(is_wal_segment(""));
}

TEST_CASE("the newest segment is the one with the last name, not the last time") {
    Archive archive;
    archive.write("/a/0000000100000000/000000010000000000000002", 900);
    archive.write("/a/0000000100000001/000000010000000100000001", 500);
    archive.write("/a/0000000100000001/000000010000000100000001.00000028.backup", 950);
    archive.write("/a/0000000100000001/000000010000000100000002.partial", 960);
    archive.write("/a/xlog.db", 999);
    CHECK(archive.newest() == 500);
    SUBCASE("a directory without a segment is passed over") {
        archive.write("/a/0000000200000001/000000020000000100000002.00000028.backup", 700);
        CHECK(archive.newest() == 500);
    }
    SUBCASE("a new timeline") {
        archive.write("/a/0000000200000001/000000020000000100000002", 600);
        CHECK(archive.newest() == 600);
    }
}

TEST_CASE("pgBackRest's directories are ordered by their number, not by the version") {
    Archive archive;
    archive.write("/a/9.6-1/0000000100000000/000000010000000000000002-ab.gz", 900);
    archive.write("/a/15-2/0000000100000000/000000010000000000000001-cd.gz", 500);
    CHECK(archive.newest() == 500);
}

TEST_CASE("an archive without a segment, and none at all") {
    Archive archive;
    archive.host.directory("/a");
    CHECK(archive.newest() == std::nullopt);
    archive.host.directory("/a/15-1");
    CHECK(archive.newest() == std::nullopt);
    CHECK(newest_wal(archive.host.host(), "/b").error().kind == ErrorKind::absent);
    BackupState state;
    note_wal(archive.host.host(), "/b", state);
    CHECK(state.problems.empty());
    archive.host.link("/circle", "circle");  // it cannot be read
    note_wal(archive.host.host(), "/circle", state);
    CHECK(state.problems.size() == 1);
}

TEST_CASE("the oldest segment that waits") {
    Archive archive;
    const std::string status = "/pg/15/main/pg_wal/archive_status/";
    archive.write("/pg/15/main/global/pg_control", 1);
    CHECK(archive.waiting("/pg") == std::nullopt);
    archive.write(status + "000000010000000000000002.done", 100);
    CHECK(archive.waiting("/pg/15/main") == std::nullopt);
    archive.write(status + "000000010000000000000003.ready", 300);
    archive.write(status + "000000010000000000000004.ready", 200);
    archive.write(status + "00000002.history.ready", 50);
    CHECK(archive.waiting("/pg/15/main") == 300);
    CHECK(archive.waiting("/pg/15") == 300);
    CHECK(archive.waiting("/pg") == 300);
    archive.write("/pg/16/main/global/pg_control", 1);
    for (const auto& [age, oldest] : {std::pair(250, 250), {350, 300}}) {
        archive.write("/pg/16/main/pg_wal/archive_status/000000010000000000000003.ready", age);
        CHECK(archive.waiting("/pg") == oldest);
    }
    CHECK(archive.waiting("/") == std::nullopt);  // too far above
    CHECK(archive.waiting("/nowhere") == std::nullopt);
}

TEST_CASE("nobody looks for databases on a network mount") {
    Archive archive;
    archive.write("/net/main/global/pg_control", 1);
    archive.write("/net/main/pg_wal/archive_status/000000010000000000000003.ready", 300);
    CHECK(archive.waiting("/net/main") == std::nullopt);
    CHECK(archive.waiting("/net") == std::nullopt);
}
