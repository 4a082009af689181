#include "collectors/spools/count.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/temporary_directory.hpp"

using namespace lastgood;
using lastgood::test::TemporaryDirectory;

namespace {

Result<SpoolCount> count(const TemporaryDirectory& there, const std::string& pattern,
                         const CountLimits& limits = {}) {
    return count_spool(Host(), there.at(pattern), {}, limits);
}

double entries(const TemporaryDirectory& there, const std::string& pattern) {
    const auto found = count(there, pattern);
    return found ? found->entries : -1;
}

}  // namespace

TEST_CASE("an empty spool is one whose directory is there") {
    TemporaryDirectory there;
    CHECK(count(there, "spool").error().kind == ErrorKind::absent);
    std::filesystem::create_directory(there.at("spool"));
    const auto empty = count(there, "spool");
    REQUIRE(empty);
    CHECK(empty->entries == 0);
    CHECK(empty->all_names);
    CHECK(!empty->oldest_changed);
    CHECK(entries(there, "spool/*.msg") == 0);
    CHECK(count(there, "*/spool").error().kind == ErrorKind::absent);
    there.write("file", "x");
    CHECK(count(there, "file").error().kind == ErrorKind::absent);
}

TEST_CASE("entries in subdirectories count, hidden ones and links' targets do not") {
    TemporaryDirectory there;
    there.write("spool/a/1.msg", "four");
    there.write("spool/b/c/2.msg", "four");
    there.write("spool/3.tmp", "");
    there.write("spool/.4.msg", "hidden");
    there.write("elsewhere/5.msg", "x");
    there.link("spool/link", there.at("elsewhere"));
    const auto found = count(there, "spool");
    REQUIRE(found);
    CHECK(found->entries == 4);
    CHECK(found->bytes == 8 + static_cast<double>(there.at("elsewhere").size()));
    CHECK(found->sample.size() == 4);
    CHECK(entries(there, "spool/*.msg") == 0);
    CHECK(entries(there, "spool/*/*.msg") == 1);
    CHECK(entries(there, "spool/**/*.msg") == 2);
    CHECK(entries(there, "s*/[ab]") == 2);
    CHECK(entries(there, "*/b/c") == 1);
}

TEST_CASE("names of all bytes, pipes and devices are entries") {
    TemporaryDirectory there;
    there.write("spool/\x1b[2J\n\xff", "x");
    there.write("spool/" + std::string(255, 'n'), "x");
    REQUIRE(::mkfifo(there.at("spool/pipe").c_str(), 0600) == 0);
    CHECK(entries(there, "spool") == 3);
}

TEST_CASE("deep directories have a limit, and are said to be not counted") {
    TemporaryDirectory there;
    std::string deep = "spool";
    for (int i = 0; i < 20; ++i) deep += "/d";
    there.write(deep + "/1", "x");
    const auto found = count(there, "spool");
    REQUIRE(found);
    CHECK(found->entries == 0);
    CHECK(!found->all_names);
    CHECK(found->unread.has_value());
}

TEST_CASE("what may not be read is no empty spool") {
    if (::geteuid() == 0) return;  // root may read all
    TemporaryDirectory there;
    there.write("spool/a/1", "x");
    ::chmod(there.at("spool/a").c_str(), 0);
    const auto part = count(there, "spool");
    REQUIRE(part);
    CHECK(!part->all_names);
    ::chmod(there.at("spool").c_str(), 0);
    CHECK(count(there, "spool").error().kind == ErrorKind::denied);
    ::chmod(there.at("spool").c_str(), 0700);
    ::chmod(there.at("spool/a").c_str(), 0700);
}

TEST_CASE("without time it counts less, and says so") {
    TemporaryDirectory there;
    for (int i = 0; i < 200; ++i) there.write("spool/" + std::to_string(i), "x");
    const auto names_only = count(there, "spool", {.for_status = -1});
    REQUIRE(names_only);
    CHECK(names_only->entries == 200);
    CHECK(names_only->all_names);
    CHECK(!names_only->all_looked);
    CHECK(names_only->sample.size() == 64);
    const auto nothing = count(there, "spool", {.for_names = -1});
    REQUIRE(nothing);
    CHECK(!nothing->all_names);
}

TEST_CASE("watched names are found, wherever they lie") {
    TemporaryDirectory there;
    there.write("spool/incoming/A1", "x");
    const auto before = count(there, "spool");
    REQUIRE(before);
    std::filesystem::create_directory(there.at("spool/active"));
    std::filesystem::rename(there.at("spool/incoming/A1"), there.at("spool/active/A1"));
    const auto after =
        count_spool(Host(), there.at("spool"), {before->sample.begin(), before->sample.end()});
    REQUIRE(after);
    CHECK(after->present.size() == 1);
    CHECK(after->oldest_changed.value_or(0) > 1e9);
}
