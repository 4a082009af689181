#include "core/metrics/drives.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "collectors/drives/parse/block_stat.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/recorded_host.hpp"
#include "tests/select.hpp"

using namespace lastgood;

TEST_CASE("drives of recorded hosts match their golden files") {
    const Collector* drives = find_collector("drives");
    REQUIRE(drives != nullptr);
    for (const char* name : {"mirror-healthy", "raid10-one-lost", "read-only-by-error"})
        CHECK(test::matches_golden(fmt::format("hosts/{}/golden/drives.jsonl", name),
                                   test::run_on_host(*drives, test::host_directory(name)).text));
    const auto ran = test::run_on_host(*drives, test::host_directory("raid10-one-lost"));
    CHECK(value_of(ran.sink.observations, metric::drive_io_errors_total,
                   "wwn-0x5000e5a000000100") == 31);
    CHECK(value_of(ran.sink.observations, metric::drive_size_bytes, "wwn-0x5000e5a000000100") ==
          2000 * 1e9);
    CHECK(test::select(ran.sink.observations, metric::drive_present).size() == 3);
}

TEST_CASE("block statistics of old and new kernels") {
    const auto old_kernel = parse_block_stat("  10 1 100 5 20 2 200 6 3 7 8\n");
    REQUIRE(old_kernel);
    CHECK(old_kernel->completed == 30);
    CHECK(old_kernel->in_flight == 3);
    const auto new_kernel = parse_block_stat("10 1 100 5 20 2 200 6 0 7 8 40 0 0 0 50 9\n");
    REQUIRE(new_kernel);
    CHECK(new_kernel->completed == 120);
    CHECK(new_kernel->in_flight == 0);
    CHECK_FALSE(parse_block_stat(""));
    CHECK_FALSE(parse_block_stat("1 2 3"));
    CHECK_FALSE(parse_block_stat("1 2 3 4 5 6 7 8"));
    CHECK(parse_block_stat("1 2 3 4 5 6 7 8 9")->in_flight == 9);
    CHECK_FALSE(parse_block_stat("1 2 3 4 5 6 7 8 many 10 11"));
}

TEST_CASE("SCSI error counters are hexadecimal") {
    CHECK(parse_hexadecimal("0x1f\n") == 31);
    CHECK(parse_hexadecimal("0x0\n") == 0);
    CHECK_FALSE(parse_hexadecimal(""));
    CHECK_FALSE(parse_hexadecimal("0x"));
    CHECK_FALSE(parse_hexadecimal("0x1g"));
}

TEST_CASE("a stall lasts while requests wait and none completes") {
    StallClock clock;
    CHECK(clock.update({100, 0}, 1000) == 0);
    CHECK(clock.update({100, 2}, 1010) == 0);  // they may be new
    CHECK(clock.update({100, 2}, 1020) == 10);
    CHECK(clock.update({100, 5}, 1030) == 20);
    CHECK(clock.update({101, 4}, 1040) == 0);  // one completed
    CHECK(clock.update({101, 4}, 1050) == 10);
    CHECK(clock.update({105, 0}, 1060) == 0);
    CHECK(clock.update({105, 0}, 1070) == 0);
    CHECK(clock.update({105, 1}, 2000) == 0);
}

TEST_CASE("the slot of an enclosure is told by the link to it alone") {
    test::RecordedHost host;
    const std::string device = "/sys/devices/pci0000:00/0000:00:05.0/host0/0:0:3:0";
    host.block("sda", device + "/block/sda", "8:0");
    const auto slots = [&] {
        const auto ran = test::run_on_host(*find_collector("drives"), host.root());
        std::string found;
        for (const auto* one : test::select(ran.sink.observations, metric::drive_slot))
            found += fmt::format("{}|{} ", one->label("enclosure"), one->label("slot"));
        return found;
    };
    CHECK(slots().empty());
    host.link(device + "/enclosure_device:Slot 03",
              "../../host0/0:0:8:0/enclosure/0:0:8:0/Slot 03");  // whose files are not there
    CHECK(slots() == "0:0:8:0|Slot 03 ");
}

TEST_CASE("a single sample does not show a stall") {
    const auto stalled = [](const char* stat) {
        test::RecordedHost host;
        const std::string sysfs = "/sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vda";
        host.block("vda", sysfs, "254:0");
        host.file(sysfs + "/stat", stat);
        const auto ran = test::run_on_host(*find_collector("drives"), host.root());
        const auto found = test::select(ran.sink.observations, metric::drive_io_stalled_seconds);
        return found.empty() ? -1.0 : found[0]->value;
    };
    CHECK(stalled("10 1 100 5 20 2 200 6 0 7 8\n") == 0);
    CHECK(stalled("10 1 100 5 20 2 200 6 3 7 8\n") == -1);
    CHECK(stalled("nonsense\n") == -1);
}
