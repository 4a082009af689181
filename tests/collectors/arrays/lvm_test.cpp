#include "collectors/arrays/lvm.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "core/metrics/arrays.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/recorded_host.hpp"
#include "tests/select.hpp"

using namespace lastgood;

TEST_CASE("LVM: a RAID 1 volume that has lost a leg") {
    const Collector* collector = find_collector("arrays");
    REQUIRE(collector != nullptr);
    const auto ran = test::run_on_host(*collector, test::host_directory("lvm-leg-lost"));
    CHECK(test::matches_golden("hosts/lvm-leg-lost/golden/arrays.jsonl", ran.text));
    const char* id = "dm-uuid-LVM-EXAMPLEvgEXAMPLEvgEXAMPLEvgEXAMPlvEXAMPLEdata";
    const auto value = [&](const Metric& metric) {
        return value_of(ran.sink.observations, metric, id);
    };
    CHECK(value(metric::array_present) == 1);
    CHECK(value(metric::array_degraded_members) == 1);
    CHECK(value(metric::array_survivable_failures) == 0);
    CHECK(value(metric::array_fatal_members) == 1);
    std::set<std::pair<std::string, std::string>> members;
    for (const Observation* one : test::select(ran.sink.observations, metric::array_member, id))
        members.emplace(one->label("state"), one->label("drive"));
    CHECK(members ==
          std::set<std::pair<std::string, std::string>>{{"in_sync", "wwn-0x5000e5a000000001"},
                                                        {"faulty", "wwn-0x5000e5a000000002"},
                                                        {"missing", ""}});
}

TEST_CASE("LVM: without a RAID volume dmsetup is not run") {
    const Host host(test::host_directory("mirror-healthy"));
    const auto topology = Topology::read(host);
    REQUIRE(topology);
    const auto found = read_lvm_arrays(host, *topology);
    REQUIRE(found);
    CHECK(found->empty());
}

TEST_CASE("a dmsetup that fails is an error") {
    test::RecordedHost place;
    std::filesystem::copy(
        test::host_directory("lvm-leg-lost"), place.root(),
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
    const Host host(place.root());
    const auto topology = Topology::read(host);
    REQUIRE(topology);
    CHECK(read_lvm_arrays(host, *topology).has_value());
    place.file("/commands/dmsetup status --noflush --target raid.status", "1\n");
    const auto found = read_lvm_arrays(host, *topology);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find("dmsetup") != std::string::npos);
}
