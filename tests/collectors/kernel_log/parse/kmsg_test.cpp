#include "collectors/kernel_log/parse/kmsg.hpp"

#include <doctest/doctest.h>

using namespace lastgood;

TEST_CASE("kmsg: a record with SUBSYSTEM= and DEVICE=") {
    const auto record = parse_kmsg_record(
        "3,1847,93412345678,-;sd 8:0:0:0: [sdq] tag#3 FAILED Result: hostbyte=DID_OK\n"
        " SUBSYSTEM=scsi\n DEVICE=+scsi:8:0:0:0\n");
    REQUIRE(record);
    CHECK(record->facility == 0);
    CHECK(record->level == 3);
    CHECK(record->sequence == 1847);
    CHECK(record->microseconds == 93412345678u);
    CHECK(record->text == "sd 8:0:0:0: [sdq] tag#3 FAILED Result: hostbyte=DID_OK");
    CHECK(record->subsystem == "scsi");
    CHECK(record->device == "+scsi:8:0:0:0");
}

TEST_CASE("kmsg: facility, caller and a missing newline") {
    const auto user = parse_kmsg_record("11,12,13,-;I/O error, dev sdq, sector 1\n");
    REQUIRE(user);
    CHECK(user->facility == 1);
    const auto caller = parse_kmsg_record("6,12,13,c,caller=T1;text;with;semicolons\n");
    REQUIRE(caller);
    CHECK(caller->text == "text;with;semicolons");
    CHECK(caller->device.empty());
    const auto without_end = parse_kmsg_record("6,12,13,-;text");
    REQUIRE(without_end);
    CHECK(without_end->text == "text");
}

TEST_CASE("kmsg: malformed records are refused") {
    for (const char* text :
         {"", "text", "6", "6,1", "6,1,2", "6,1,2,-", "a,1,2,-;x", "-6,1,2,-;x", "6,x,2,-;x",
          "6,1,2x;y", "99999999,1,2,-;x", "6,99999999999999999999999,2,-;x"}) {
        CHECK_FALSE(parse_kmsg_record(text));
    }
}

TEST_CASE("kmsg: escapes") {
    CHECK(unescape_kmsg("a\\x0ab") == "a\nb");
    CHECK(unescape_kmsg("a\\x5cb") == "a\\b");
    CHECK(unescape_kmsg("a\\x0a") == "a\n");
    CHECK(unescape_kmsg("a\\xzz") == "a\\xzz");
    CHECK(unescape_kmsg("a\\x0") == "a\\x0");
    CHECK(unescape_kmsg("\\") == "\\");
    CHECK(unescape_kmsg("").empty());
}
