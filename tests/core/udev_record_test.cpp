#include "core/udev_record.hpp"

#include <doctest/doctest.h>

#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

// As written by udev 252: links, their priority, initialisation time, properties, tags.
constexpr const char* written =
    "S:disk/by-id/wwn-0x5000c500a1b2c3d4\nS:disk/by-diskseq/"
    "9\nL:-100\nI:1845026\nE:ID_MODEL=EXAMPLE_HDD_4000\n"
    "E:ID_FS_LABEL=a=b\nE:EMPTY=\nG:systemd\nQ:systemd\nV:1\n";

}  // namespace

TEST_CASE("parse_udev_record reads properties and links") {
    const UdevRecord record = parse_udev_record(written);
    CHECK(record.property("ID_MODEL") == "EXAMPLE_HDD_4000");
    CHECK(record.property("ID_FS_LABEL") == "a=b");
    CHECK(record.property("EMPTY").empty());
    CHECK(record.property("ID_MODE").empty());
    CHECK(record.properties.size() == 3);
    CHECK(record.links ==
          std::vector<std::string>{"disk/by-id/wwn-0x5000c500a1b2c3d4", "disk/by-diskseq/9"});
}

TEST_CASE("truncated, empty and missing udev records") {
    CHECK(parse_udev_record("E:ID_MODEL=EXAM").property("ID_MODEL") == "EXAM");
    CHECK(parse_udev_record("E:ID_MODEL").properties.empty());
    CHECK(parse_udev_record("").properties.empty());
    test::RecordedHost host;
    CHECK(read_udev_record(host.host(), "8:0").properties.empty());
    host.file("/run/udev/data/b8:0", written);
    CHECK(read_udev_record(host.host(), "8:0").property("ID_MODEL") == "EXAMPLE_HDD_4000");
    CHECK(read_udev_record(host.host(), "8:1").links.empty());
}
