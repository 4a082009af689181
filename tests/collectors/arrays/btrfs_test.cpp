#include "collectors/arrays/btrfs.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "collectors/arrays/parse/btrfs_scrub_file.hpp"
#include "core/metrics/array_risk.hpp"
#include "core/metrics/arrays.hpp"
#include "core/report.hpp"
#include "tests/recorded_host.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

constexpr const char* id = "btrfs-aa-bb";

// A btrfs with these devices, and for each type of block groups the directories of its profiles.
test::RecordedHost btrfs(const std::vector<std::string>& devices,
                         const std::vector<std::string>& profiles) {
    test::RecordedHost host;
    host.directory("/sys/fs/btrfs/features");
    for (const std::string& device : devices)
        host.directory("/sys/fs/btrfs/aa-bb/devices/" + device);
    for (const std::string& profile : profiles)
        host.file("/sys/fs/btrfs/aa-bb/allocation/" + profile + "/total_bytes", "1\n");
    return host;
}

MemorySink observe(const test::RecordedHost& host) {
    MemorySink sink;
    observe_btrfs_arrays(host.host(), nullptr, 1000, sink);
    return sink;
}

}  // namespace

TEST_CASE("a btrfs on one device is not an array, one on two is") {
    CHECK(observe(btrfs({"sda"}, {"data/single"})).observations.empty());
    CHECK(value_of(observe(btrfs({"sda", "sdb"}, {"data/single"})).observations,
                   metric::array_members, id) == 2);
    // Of two one is missing.
    auto host = btrfs({"sda"}, {"data/raid1"});
    host.file("/sys/fs/btrfs/aa-bb/devinfo/1/missing", "0\n");
    host.file("/sys/fs/btrfs/aa-bb/devinfo/2/missing", "1\n");
    const MemorySink sink = observe(host);
    CHECK(value_of(sink.observations, metric::array_members, id) == 2);
    CHECK(value_of(sink.observations, metric::array_degraded_members, id) == 1);
}

TEST_CASE("a btrfs survives what its weakest profile survives") {
    const auto survives = [](const std::vector<std::string>& profiles) {
        const MemorySink sink = observe(btrfs({"sda", "sdb", "sdc"}, profiles));
        const auto* info = test::select(sink.observations, metric::array_info, id).at(0);
        return std::string(info->label("level")) + " " +
               std::to_string(static_cast<int>(
                   value_of(sink.observations, metric::array_survivable_failures, id)
                       .value_or(-1)));
    };
    CHECK(survives({"data/raid1", "metadata/raid1c3", "system/raid1c4"}) == "btrfs raid1 1");
    CHECK(survives({"data/single", "metadata/raid1"}) == "btrfs single 0");
    CHECK(survives({"data/raid1c3", "metadata/dup"}) == "btrfs dup 0");
    // In the middle of a conversion both are in use.
    CHECK(survives({"data/raid1", "data/raid0", "metadata/raid1"}) == "btrfs raid0 0");
    // A profile of a newer kernel: nobody knows.
    CHECK(survives({"data/raid1", "metadata/raid99"}) == "btrfs raid1 -1");
    const MemorySink unknown = observe(btrfs({"sda", "sdb"}, {"data/raid99"}));
    CHECK(value_of(unknown.observations, metric::array_readable, id) == 0);
    REQUIRE(unknown.problems.size() == 1);
    CHECK(unknown.problems[0].second.message.find("raid99") != std::string::npos);
}

TEST_CASE("btrfs at work on its devices") {
    const auto action = [](const std::string& word) {
        auto host = btrfs({"sda", "sdb"}, {"data/raid1"});
        host.file("/sys/fs/btrfs/aa-bb/exclusive_operation", word + "\n");
        const MemorySink sink = observe(host);
        std::string text;
        for (const Observation* one :
             test::select(sink.observations, metric::array_sync_action, id))
            text = std::string(one->label("action")) + ", " + std::string(one->label("phase"));
        return text;
    };
    CHECK(action("device replace") == "device replace, running");
    CHECK(action("balance paused") == "balance paused, delayed");
    CHECK(action("resize") == "");
    CHECK(action("none") == "");
}

TEST_CASE("a btrfs of which one kind of block groups cannot be listed is not understood") {
    auto host = btrfs({"sda", "sdb"}, {"data/raid1"});
    host.link("/sys/fs/btrfs/aa-bb/allocation/metadata", "metadata");  // ELOOP
    const MemorySink sink = observe(host);
    CHECK(value_of(sink.observations, metric::array_readable, id) == 0);
    CHECK_FALSE(value_of(sink.observations, metric::array_survivable_failures, id));
}

TEST_CASE("the last scrub of btrfs is known if each device was read to its end") {
    const auto line = [](int device, const char* end) {
        return fmt::format(
            "aa-bb:{}|data_extents_scrubbed:1600|read_errors:0|csum_errors:8960|"
            "uncorrectable_errors:0|corrected_errors:8960|last_physical:1372585984|"
            "t_start:1795617305|t_resumed:0|duration:9|{}\n",
            device, end);
    };
    const std::string done = "canceled:0|finished:1", status = "scrub status:1\n";
    const std::string both = status + line(1, done.c_str()) + line(2, done.c_str());
    CHECK(btrfs_scrub_end(both, 2) == 1795617314);
    CHECK_FALSE(btrfs_scrub_end(both, 3));
    CHECK_FALSE(btrfs_scrub_end(status + line(1, done.c_str()) + line(1, done.c_str()), 2));
    for (const char* end : {"canceled:1|finished:1", "canceled:0|finished:0", "canceled:0", ""})
        CHECK_FALSE(btrfs_scrub_end(status + line(1, done.c_str()) + line(2, end), 2));
    CHECK_FALSE(btrfs_scrub_end("scrub status:2\n" + line(1, done.c_str()), 1));
    CHECK_FALSE(btrfs_scrub_end("", 0));
    CHECK_FALSE(btrfs_scrub_end(both.substr(0, both.size() - 3), 2));

    auto host = btrfs({"sda", "sdb"}, {"data/raid1"});
    host.file("/sys/fs/btrfs/aa-bb/allocation/data/disk_total", "4000000000\n");
    host.file("/var/lib/btrfs/scrub.status.aa-bb", both);
    MemorySink sink;
    observe_btrfs_arrays(host.host(), nullptr, 1795617400, sink);
    CHECK(value_of(sink.observations, metric::array_last_check_timestamp_seconds, id) ==
          1795617314);
    CHECK(value_of(sink.observations, metric::array_rebuild_bytes, id) == 2e9);
    CHECK(value_of(sink.observations, metric::array_next_loss_fatal_ratio, id) == 0);
    // A clock that was set back.
    const MemorySink early = observe(host);
    CHECK_FALSE(value_of(early.observations, metric::array_last_check_timestamp_seconds, id));
}
