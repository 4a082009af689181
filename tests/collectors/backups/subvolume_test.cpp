// Tests what a subvolume of btrfs proves. tests/end_to_end/test_btrbk.py reads real ones.
#include "collectors/backups/subvolume.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/temporary_directory.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1795694400;

Subvolume received_copy() {
    return {.read_only = true, .received = true, .created = now - 3600, .changed = now - 3500};
}

Subvolume local_snapshot() {
    return {.read_only = true, .is_snapshot = true, .created = now - 3600, .changed = now - 3600};
}

}  // namespace

TEST_CASE("a copy is received to its end and read-only; a snapshot is read-only") {
    CHECK(why_not_whole(received_copy(), true).empty());
    CHECK(why_not_whole(received_copy(), false).empty());
    CHECK(why_not_whole(local_snapshot(), false).empty());
}

TEST_CASE("among received copies a snapshot that was not received is a cut one") {
    CHECK(why_not_whole(local_snapshot(), true).find("Received UUID") != std::string::npos);
    Subvolume full = received_copy();
    full.received = false;
    CHECK_FALSE(why_not_whole(full, false).empty());
}

TEST_CASE("what is writable or empty proves nothing") {
    for (Subvolume subvolume : {received_copy(), local_snapshot()}) {
        subvolume.empty = true;
        CHECK_FALSE(why_not_whole(subvolume, false).empty());
        subvolume.empty = false;
        subvolume.read_only = false;
        CHECK_FALSE(why_not_whole(subvolume, false).empty());
    }
}

TEST_CASE("a copy arrives while it is written to") {
    CHECK_FALSE(may_be_arriving(received_copy(), now));
    CHECK_FALSE(may_be_arriving(local_snapshot(), now));
    Subvolume arriving{.created = now - 7200, .changed = now - 40};
    CHECK(may_be_arriving(arriving, now));
    arriving.changed = now - 1000;
    CHECK_FALSE(may_be_arriving(arriving, now));
}

TEST_CASE("a plain directory is no subvolume, and a missing one is absent") {
    const test::TemporaryDirectory directory;
    const Host host;
    CHECK(read_subvolume(host, directory.path).error().kind == ErrorKind::malformed);
    CHECK(read_subvolume(host, directory.at("missing")).error().kind == ErrorKind::absent);
}
