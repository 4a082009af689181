#include "collectors/latency/parse/diskstats.hpp"

#include <doctest/doctest.h>

#include "collectors/latency/parse/pressure.hpp"
#include "collectors/latency/parse/testing.hpp"

using namespace lastgood;

TEST_CASE("diskstats: lines of old, middle and new kernels") {
    const auto old_kernel = parse_diskstats_line(
        "   8       0 sda 1137528 102055 40321274 1194599 2489611 1895658 316274616 2080879 3 "
        "399652 3527852");
    REQUIRE(old_kernel);
    CHECK(old_kernel->device == "sda");
    const DiskCounters& old_counters = old_kernel->counters;
    CHECK(old_counters.of(Operation::read) == OperationCounters{1137528, 40321274, 1194599});
    CHECK(old_counters.of(Operation::write) == OperationCounters{2489611, 316274616, 2080879});
    CHECK(old_counters.in_flight == 3);
    CHECK(old_counters.busy_time == 399652);
    CHECK(old_counters.queue_time == 3527852);
    CHECK_FALSE(old_counters.has_discards);

    const auto middle = parse_diskstats_line(" 259 0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    REQUIRE(middle);
    CHECK(middle->counters.of(Operation::discard) == OperationCounters{12, 14, 15});
    CHECK(middle->counters.has_discards);
    CHECK_FALSE(middle->counters.has_flushes);

    const auto new_kernel =
        parse_diskstats_line(" 104 0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
    REQUIRE(new_kernel);
    CHECK(new_kernel->device == "cciss/c0d0");
    CHECK(new_kernel->counters.of(Operation::flush) == OperationCounters{16, 0, 17});
    CHECK(new_kernel->counters.has_flushes);
    // A later kernel may append columns.
    CHECK(parse_diskstats_line(" 8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19"));
}

TEST_CASE("diskstats: what is no line of a disk") {
    for (const char* text :
         {"", " ", "8 0 sda", "8 0 sda 1 2 3 4", "8 0 sda 1 2 3 4 5 6 7 8 9 10",
          "8 0 sda 1 2 3 4 5 6 7 8 9 10 x", "8 sda 1 2 3 4 5 6 7 8 9 10 11",
          "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12", "8 0 sda 1 2 3 4 5 6 7 8 9 10 99999999999999999999",
          "8 0 sda -1 2 3 4 5 6 7 8 9 10 11"})
        CHECK_FALSE(parse_diskstats_line(text));
}

namespace {

DiskCounters counters(uint64_t reads, uint64_t sectors, uint32_t time) {
    DiskCounters made;
    made.operations[0] = {reads, sectors, time};
    return made;
}

}  // namespace

TEST_CASE("work between two samples: sums of milliseconds wrap, counts do not go back") {
    const auto wrapped = work_between(counters(100, 1000, 4294967290U), counters(104, 1032, 14));
    REQUIRE(wrapped);
    CHECK(wrapped->of(Operation::read).count == 4);
    CHECK(wrapped->of(Operation::read).sectors == 32);
    CHECK(wrapped->of(Operation::read).mean() == doctest::Approx(0.005));
    CHECK(wrapped->of(Operation::write).mean() == 0);
    CHECK_FALSE(work_between(counters(100, 1000, 10), counters(99, 1000, 10)));
    CHECK_FALSE(work_between(counters(100, 1000, 10), counters(100, 999, 10)));
    // A time that went back a little is no wrap.
    CHECK_FALSE(work_between(counters(100, 1000, 10), counters(101, 1008, 9)));
}

TEST_CASE("inflight") {
    const auto both = parse_inflight("       2        7\n");
    REQUIRE(both);
    CHECK(both->reads == 2);
    CHECK(both->writes == 7);
    for (const char* text : {"", "1", "1 x", "1 2 3", "-1 2"}) CHECK_FALSE(parse_inflight(text));
}

TEST_CASE("pressure: the totals of both lines") {
    const auto both = parse_io_pressure_totals(
        "some avg10=0.05 avg60=0.21 avg300=0.33 total=281079169\n"
        "full avg10=0.00 avg60=0.03 avg300=0.18 total=38627269\n");
    REQUIRE(both);
    CHECK(both->some == doctest::Approx(281.079169));
    CHECK(both->full == doctest::Approx(38.627269));
    CHECK_FALSE(parse_io_pressure_totals(""));
    CHECK_FALSE(parse_io_pressure_totals("some avg10=0.05 total=281079169\n"));
    CHECK_FALSE(parse_io_pressure_totals("some total=x\nfull total=1\n"));
}

TEST_CASE("self-test: ATA, NVMe and SCSI say whether one runs") {
    CHECK(
        parse_self_test_running(
            R"({"ata_smart_data":{"self_test":{"status":{"value":249,"string":"in progress"}}}})") ==
        true);
    CHECK(parse_self_test_running(R"({"ata_smart_data":{"self_test":{"status":{"value":0}}}})") ==
          false);
    CHECK(parse_self_test_running(
              R"({"nvme_self_test_log":{"current_self_test_operation":{"value":2}}})") == true);
    CHECK(parse_self_test_running(
              R"({"nvme_self_test_log":{"current_self_test_operation":{"value":0}}})") == false);
    CHECK(parse_self_test_running(R"({"scsi_self_test_0":{"result":{"value":15}}})") == true);
    for (const char* text : {"", "[]", "{}", R"({"ata_smart_data":7})"})
        CHECK(parse_self_test_running(text) == std::nullopt);
}
