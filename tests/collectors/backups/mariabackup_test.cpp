// Directories of mariabackup as they look when a part of them is gone.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "tests/collectors/backups/made_place.hpp"

using namespace lastgood;
using test::says;

namespace {

constexpr Timestamp now = test::MadePlace::now;

struct Copies : test::MadePlace {
    Copies() : MadePlace(BackupKind::mariabackup) {}
    // `from`: 0 of a full one.
    void copy(const std::string& name, Seconds age, int from, int to, const char* partial = "N") {
        write(name + "/ibdata1", "x");
        write(name + "/xtrabackup_info",
              fmt::format("end_time = {}\npartial = {}\n", format_time(now - age).substr(0, 19),
                          partial));
        write(name + "/xtrabackup_checkpoints",
              fmt::format("backup_type = {}\nfrom_lsn = {}\nto_lsn = {}\n",
                          from == 0 ? "full-backuped" : "incremental", from, to));
    }
};

}  // namespace

TEST_CASE("mariabackup: a copy of some databases, or without its ibdata1, is not whole") {
    Copies it;
    it.copy("a", 9000, 0, 100);
    CHECK(proven_newest(it.look()) == now - 9000);
    it.copy("b", 3600, 0, 200, "Y");
    CHECK(proven_newest(it.look()) == now - 9000);
    CHECK(says(it.look(), "partial = Y"));
    it.copy("b", 3600, 0, 200);
    CHECK(proven_newest(it.look()) == now - 3600);
    it.remove("b/ibdata1");
    CHECK(proven_newest(it.look()) == now - 9000);
    CHECK(it.look().incomplete == true);
}

TEST_CASE("mariabackup: an increment needs a whole chain up to where it begins") {
    const auto newest = [](int base_to, const char* base_partial, bool with_base) {
        Copies it;
        if (with_base) it.copy("full", 9000, 0, base_to, base_partial);
        it.copy("one", 6000, 100, 150);
        it.copy("two", 3000, 150, 200);
        return proven_newest(it.look());
    };
    CHECK(newest(100, "N", true) == now - 3000);
    CHECK(newest(99, "N", true) == now - 9000);  // what lies between is in none
    CHECK_FALSE(newest(100, "Y", true));
    CHECK_FALSE(newest(100, "N", false));
}
