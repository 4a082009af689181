// Sets of duplicity as they look when a part of them is gone.
#include <doctest/doctest.h>

#include "tests/collectors/backups/made_place.hpp"

using namespace lastgood;
using test::says;

namespace {

constexpr Timestamp now = test::MadePlace::now;
const std::string full = "duplicity-full.20261125T120000Z";
const std::string increment = "duplicity-inc.20261125T120000Z.to.20261126T120000Z";

// A full backup of yesterday with two volumes, and an increment of an hour ago.
struct Sets : test::MadePlace {
    Sets() : MadePlace(BackupKind::duplicity) {
        write(full + ".manifest.gpg", "x");
        for (const char* volume : {"1", "2"})
            write(full + ".vol" + volume + ".difftar.gpg", "x", now - 90000);
        manifest("Volume 1:\n");
        write(increment + ".vol1.difftar.gz", "x", now - 9000);
    }
    void manifest(const std::string& volumes) {
        write(increment + ".manifest", "Hostname db8\n" + volumes);
    }
};

}  // namespace

TEST_CASE("duplicity: a set counts with its manifest and all its volumes") {
    Sets it;
    CHECK(proven_newest(it.look()) == now - 3600);
    CHECK(it.look().count == 2);
    it.manifest("Volume 1:\nVolume 2:\n");  // the last volumes: their names cannot tell
    CHECK(proven_newest(it.look()) == now - 25 * 3600);
    CHECK(says(it.look(), "1 of 2 volumes"));
    it.manifest("Volume 1:\n");
    it.write(increment + ".vol1.difftar.gz", "", now - 9000);
    CHECK(proven_newest(it.look()) == now - 25 * 3600);
    CHECK(says(it.look(), "is empty"));
    it.remove(increment + ".vol1.difftar.gz");
    CHECK(proven_newest(it.look()) == now - 25 * 3600);
    CHECK(it.look().incomplete == true);
}

TEST_CASE("duplicity: without a manifest a set is made now, or was stopped") {
    Sets it;
    it.remove(increment + ".manifest");
    CHECK(it.look().in_progress == false);
    CHECK(it.look().incomplete == true);
    CHECK(proven_newest(it.look()) == now - 25 * 3600);
    it.write(increment + ".vol1.difftar.gz", "x", now - 600);
    CHECK(it.look().in_progress == true);
    CHECK(it.look().incomplete == false);
}

TEST_CASE("duplicity: a manifest that is damaged is neither a copy nor gone") {
    Sets it;
    const auto is_damaged = [&](const std::string& reason) {
        const auto state = it.look();
        CHECK_MESSAGE(says(state, increment + ".manifest: " + reason), reason);
        CHECK(state.newest_unjudged == now - 3600);
        CHECK_FALSE(state.incomplete);  // it cannot be told
        CHECK(proven_newest(state) == now - 25 * 3600);
    };
    it.write(increment + ".manifest", "");
    is_damaged("it is empty");
    it.write(increment + ".manifest", std::string(100, '\0'));
    is_damaged("it is damaged");
    it.write(increment + ".manifest", "Hostname db8\n");
    is_damaged("it is cut off");
    it.write(increment + ".manifest", "Hostname db8\nVolume 1:\n    StartingP");
    is_damaged("it is cut off");
}

TEST_CASE("duplicity: an increment is worth nothing without the whole set that it builds on") {
    Sets it;
    it.remove(full + ".vol1.difftar.gpg");
    CHECK_FALSE(proven_newest(it.look()));
    CHECK(says(it.look(), "builds on the backup of 2026-11-25"));
}
