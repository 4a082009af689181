#include "core/metrics/witnesses.hpp"

#include <doctest/doctest.h>

#include "collectors/collector.hpp"
#include "collectors/witnesses/sources.hpp"
#include "tests/recorded_host.hpp"

using namespace lastgood;

namespace {

std::vector<Observation> collect(const test::RecordedHost& host) {
    const Config config;
    MemorySink sink;
    Context context{host.host(), config, sink, "", "", false};
    REQUIRE(find_collector("witnesses")->run(context).has_value());
    CHECK(sink.problems.empty());
    return sink.observations;
}

}  // namespace

TEST_CASE("witnesses: ext4 with its UUID is witnessed; without one it is not") {
    test::RecordedHost host;
    host.file("/now", "1790000000\n");
    host.file("/proc/filesystems", "\text4\n");
    host.file("/proc/self/mountinfo", "30 1 8:1 / /srv rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
    host.block("sda", "/sys/devices/pci0000:00/ata1/block/sda", "8:0");
    host.block("sda1", "/sys/devices/pci0000:00/ata1/block/sda/sda1", "8:1", true);
    host.file("/sys/fs/ext4/sda1/lifetime_write_kbytes", "20865\n");
    host.file("/sys/fs/ext4/sda1/session_write_kbytes", "865\n");
    CHECK(collect(host).empty());
    host.file("/run/udev/data/b8:1", "E:ID_FS_UUID=11111111-2222-4333-8444-555555555555\n");
    const auto seen = collect(host);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].metric == &metric::filesystem_rolled_back);
    CHECK(seen[0].subject == "/srv");
    CHECK(seen[0].label("witness") == "lifetime_writes");
    CHECK(seen[0].value == 0);
}

TEST_CASE("witnesses: a host without filesystems, or one recorded without mounts, is fine") {
    test::RecordedHost host;
    CHECK(collect(host).empty());
}

TEST_CASE("witnesses: what was read of a device that came to another filesystem is not told") {
    const auto at = [](const char* line) { return parse_mountinfo(line); };
    const auto before = at("40 27 7:0 / /srv rw - ext4 /dev/loop0 rw\n");
    CHECK(is_still_mounted(before, before.front()));
    CHECK(is_still_mounted(at("40 27 7:0 / /srv ro - ext4 /dev/loop0 ro\n"), before.front()));
    CHECK_FALSE(is_still_mounted({}, before.front()));
    CHECK_FALSE(is_still_mounted(at("40 27 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"), before.front()));
    CHECK_FALSE(is_still_mounted(at("41 27 7:0 / /srv rw - ext4 /dev/loop0 rw\n"), before.front()));
    CHECK_FALSE(is_still_mounted(at("40 27 7:1 / /srv rw - ext4 /dev/loop1 rw\n"), before.front()));
}
