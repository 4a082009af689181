#include "collectors/witnesses/parse/counters.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("witnesses: ext4 has on the disk what it had at the mount") {
    CHECK(ext4_sighting("20865\n", "865\n") == Sighting{0, 20865, 20000});
    CHECK(ext4_sighting("20865\n", "99999\n") == Sighting{0, 20865, 0});
    for (const char* bad : {"", "x\n", "1 2\n", "-1\n", "99999999999999999999\n"}) {
        CHECK_FALSE(ext4_sighting(bad, "0\n").has_value());
        CHECK_FALSE(ext4_sighting("0\n", bad).has_value());
    }
}

TEST_CASE("witnesses: XFS may lose what the buffers of its log held") {
    const auto early = xfs_sighting("1:2\n"), late = xfs_sighting("1:20000\n"),
               next = xfs_sighting("2:8\n"), third = xfs_sighting("3:9000\n");
    REQUIRE(early);
    REQUIRE(late);
    REQUIRE(next);
    REQUIRE(third);
    CHECK(early->count < late->saved);
    CHECK(late->count < next->count);
    CHECK(late->count > next->saved);  // the end of the cycle before
    CHECK(next->count < third->saved);
    for (const char* bad : {"", "1", "1:", ":1", "1:2:3", "16777216:1", "1:268435456", "a:b"})
        CHECK_FALSE(xfs_sighting(bad).has_value());
}

TEST_CASE("witnesses: btrfs may lose a transaction") {
    CHECK(btrfs_sighting("100\n") == Sighting{0, 100, 92});
    CHECK(btrfs_sighting("3\n") == Sighting{0, 3, 0});
    CHECK_FALSE(btrfs_sighting("three\n").has_value());
}
