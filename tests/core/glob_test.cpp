#include "core/glob.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("matching one path component") {
    CHECK(matches_component("*.sql.zst", "db.sql.zst"));
    CHECK_FALSE(matches_component("*.sql.zst", "db.sql.zst.part"));
    CHECK_FALSE(matches_component("*", ".hidden"));
    CHECK(matches_component(".*", ".hidden"));
    CHECK(matches_component("db-?.gz", "db-1.gz"));
    CHECK_FALSE(matches_component("db-?.gz", "db-.gz"));
    CHECK(matches_component("db-[0-9][!a-c].gz", "db-7d.gz"));
    CHECK_FALSE(matches_component("db-[0-9][!a-c].gz", "db-7b.gz"));
    CHECK(matches_component("[]x]", "]"));
    CHECK(matches_component("a[b", "a[b"));  // without a closing bracket "[" is literal
    CHECK(matches_component("\\*", "*"));
    CHECK_FALSE(matches_component("\\*", "x"));
    CHECK(matches_component("", ""));
    CHECK_FALSE(matches_component("", "x"));
    CHECK(matches_component("a*b*c", "axxbyybzzc"));
    CHECK_FALSE(matches_component("a*b*c", "axxbyybzz"));
    CHECK(matches_component("\\.*", ".hidden"));
    CHECK(matches_component("*[[:digit:]].gz", "db-7.gz"));
    CHECK_FALSE(matches_component("*[[:digit:]].gz", "db-x.gz"));
    CHECK(matches_component("db-\xc3?.gz", "db-\xc3\xa9.gz"));  // a byte, not a character
    CHECK(matches_component("db-*[!a].gz", "db-\xff\xfe.gz"));  // not UTF-8
    CHECK_FALSE(matches_component("*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST_CASE("splitting path patterns") {
    auto pattern = split_path_pattern("/backup/db8/*.sql.zst");
    CHECK(pattern.fixed == "/backup/db8");
    CHECK(pattern.components == std::vector<std::string>{"*.sql.zst"});
    pattern = split_path_pattern("//srv/**/daily/[a-z]*/x");
    CHECK(pattern.fixed == "/srv");
    CHECK(pattern.components == std::vector<std::string>{"**", "daily", "[a-z]*", "x"});
    pattern = split_path_pattern("/backup/latest.tar");
    CHECK(pattern.fixed == "/backup");
    CHECK(pattern.components == std::vector<std::string>{"latest.tar"});
    pattern = split_path_pattern("/*.gz");
    CHECK(pattern.fixed == "/");
    pattern = split_path_pattern("/");
    CHECK(pattern.fixed == "/");
    CHECK(pattern.components.size() == 1);
}
