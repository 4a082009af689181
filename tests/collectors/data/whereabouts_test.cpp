#include "collectors/data/whereabouts.hpp"

#include <doctest/doctest.h>

#include "core/json_value.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp then = 1'700'000'000;
const Spot os{"/var/lib/mysql", "11-22", "/var/lib/mysql"};
const Spot resource{"/mnt/resource/mysql", "33-44", "/mysql"};

Sighting covered(const Spot& spot = os) {
    return {"mariadb", "MariaDB data", spot, "machine", false, {}, spot.path};
}
Sighting bare(const Spot& spot) {
    return {"mariadb", "MariaDB data", spot, "", false, {}, spot.path};
}

struct Looks {
    void operator()(const Sighting& seen, Seconds after) {
        note(known, "/var/lib/mysql", seen, then + after);
    }
    const Whereabouts& one() const { return known.at("/var/lib/mysql"); }
    WhereaboutsByPath known;
};

}  // namespace

TEST_CASE("data that no backup ever had is not remembered") {
    Looks look;
    look(bare(os), 0);
    look(bare(resource), 60);
    CHECK(look.known.empty());
}

TEST_CASE("data that was moved is told since then, until a backup has it") {
    Looks look;
    look(covered(), 0);
    CHECK(look.one().lost_at == 0);
    look(bare(resource), 900);
    look(bare(resource), 1800);
    CHECK(look.one().lost_at == then + 900);
    CHECK(look.one().to == "/mnt/resource/mysql");
    CHECK(look.one().spot == os);
    CHECK(look.one().id("/var/lib/mysql") == "mariadb /var/lib/mysql");
    SUBCASE("it is in the covers of a backup there") {
        look(covered(resource), 2700);
        CHECK(look.one().lost_at == 0);
        CHECK(look.one().spot == resource);
    }
    SUBCASE("it is moved back") {
        look(covered(), 2700);
        CHECK(look.one().lost_at == 0);
        CHECK(look.one().to.empty());
    }
    SUBCASE("it is named as what needs none") {
        Sighting waived = bare(resource);
        waived.excused = true;
        look(waived, 2700);
        CHECK(look.known.empty());
    }
}

TEST_CASE("a link tells when the data was moved") {
    Looks look;
    look(covered(), 0);
    Sighting seen = bare(resource);
    seen.link = then + 300;
    look(seen, 900);
    CHECK(look.one().lost_at == then + 300);
    SUBCASE("not one that is older than the last copy there, or from the future") {
        for (const Timestamp made : {then - 300, then + 5000}) {
            Looks other;
            other(covered(), 0);
            seen.link = made;
            other(seen, 900);
            CHECK(other.one().lost_at == then + 900);
        }
    }
}

TEST_CASE("data that backups drop is told by the first day, however long") {
    Looks look;
    look(covered(), 0);
    for (int day = 1; day <= 912; ++day) look(bare(os), day * 86400.0);
    CHECK(look.one().lost_at == then + 86400);
    CHECK(look.one().to.empty());
    look(bare(resource), 913 * 86400.0);
    CHECK(look.one().lost_at == then + 913 * 86400.0);
    CHECK(look.one().to == "/mnt/resource/mysql");
}

TEST_CASE("what is remembered is written and read; damaged values are left out") {
    Looks look;
    look(covered(), 0);
    look(bare(resource), 900);
    const auto read = parse_whereabouts(to_json(look.known), then + 1000);
    REQUIRE(read.size() == 1);
    const Whereabouts& one = read.at("/var/lib/mysql");
    CHECK(one.spot == os);
    CHECK(one.lost_at == then + 900);
    CHECK(one.covered_at == then);
    CHECK(one.to == "/mnt/resource/mysql");
    CHECK(parse_whereabouts(to_json(look.known), then - 1).empty());  // from the future
    for (const char* text :
         {"[]", "{}", R"({"paths": []})", R"({"paths": {"/a": 1}})",
          R"({"paths": {"/a": {"kind": 1, "path": "/a", "backup": "b", "covered_at": 1}}})",
          R"({"paths": {"a": {"kind": "k", "path": "/a", "backup": "b", "covered_at": 1}}})"})
        CHECK(parse_whereabouts(parse_json(text), then).empty());
}
