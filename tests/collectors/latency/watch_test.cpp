#include "collectors/latency/watch.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "core/metrics/latency.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/recorded_host.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

// A mirror of two disks, md0, whose counters a test moves on. On 24 drives: RAID of 24.
class Machine {
  public:
    explicit Machine(size_t drives) : reads_(drives), times_(drives) {
        std::string slaves;
        host.block("md0", "/sys/devices/virtual/block/md0", "9:0");
        host.file("/sys/devices/virtual/block/md0/md/sync_action", "idle\n");
        host.link("/sys/block/md0", "../devices/virtual/block/md0");
        host.file("/proc/self/mountinfo", "");
        for (size_t i = 0; i < drives; ++i) {
            const std::string name = fmt::format("sd{}", static_cast<char>('a' + i));
            const std::string sysfs =
                fmt::format("/sys/devices/pci0000:00/ata{}/block/{}", i, name);
            host.block(name, sysfs, fmt::format("8:{}", i * 16));
            host.file(sysfs + "/device/model", "EXAMPLE 4000\n");
            host.file(sysfs + "/device/wwid", fmt::format("naa.5000e5a0000000{:02x}\n", i));
            host.file(sysfs + "/inflight", "0 0\n");
            host.link("/sys/block/" + name, "../.." + sysfs.substr(4));
            host.link("/sys/devices/virtual/block/md0/slaves/" + name,
                      "../../../../.." + sysfs.substr(4));
            names.push_back(name);
        }
        host.file("/proc/pressure/io", "some total=1\nfull total=1\n");
        write();
    }

    // A minute in samples of 5 s: each drive reads 50 times a sample.
    void minute(LatencyWatch& watch, const std::vector<Seconds>& latencies) {
        for (int i = 0; i < 12; ++i) {
            for (size_t k = 0; k < names.size(); ++k) {
                reads_[k] += 50;
                times_[k] += static_cast<uint32_t>(50 * latencies[k] * 1000);
            }
            write();
            now += 5;
            const auto done = watch.sample(now, 1.79e9 + now);
            REQUIRE(done.has_value());
        }
    }
    MemorySink print(LatencyWatch& watch) const {
        MemorySink sink;
        watch.print(sink, 1.79e9 + now);
        return sink;
    }

    test::RecordedHost host;
    std::vector<std::string> names;
    Seconds now = 1000;

  private:
    void write() {
        std::string text;
        for (size_t k = 0; k < names.size(); ++k)
            text += fmt::format(" 8 {} {} {} 0 {} {} 0 0 0 0 0 {} 0 0 0 0 0 0 0\n", k * 16,
                                names[k], reads_[k], reads_[k] * 16, times_[k], times_[k]);
        // In place: the watch keeps the file open.
        FILE* file = fopen((host.root() + "/proc/diskstats").c_str(), "we");
        if (file == nullptr) {
            host.file("/proc/diskstats", text);
            return;
        }
        fwrite(text.data(), 1, text.size(), file);
        fclose(file);
    }
    std::vector<uint64_t> reads_;
    std::vector<uint32_t> times_;
};

std::string pace_of(const MemorySink& sink, size_t drive) {
    const auto all = test::select(sink.observations, metric::drive_pace);
    return drive < all.size() ? std::string(all[drive]->label("pace")) : "";
}

}  // namespace

TEST_CASE("watch: a drive of an array that reads slowly is found, with its latencies") {
    Machine machine(4);
    const Config config;
    LatencyWatch watch(machine.host.host(), config, {});
    for (int i = 0; i < 60; ++i) machine.minute(watch, {0.02, 0.02, 0.02, 0.02});
    MemorySink sink = machine.print(watch);
    for (size_t i = 0; i < 4; ++i) CHECK(pace_of(sink, i) == "usual");
    const auto latencies = test::select(sink.observations, metric::drive_io_latency_seconds);
    REQUIRE(latencies.size() == 12);  // of reads, three quantiles of each drive
    CHECK(latencies[0]->value == doctest::Approx(0.02).epsilon(0.1));
    CHECK(test::select(sink.observations, metric::drive_slow_ratio).empty());

    for (int i = 0; i < 200; ++i) machine.minute(watch, {0.02, 0.02, 0.1, 0.02});
    sink = machine.print(watch);
    CHECK(pace_of(sink, 2) == "slow");
    CHECK(pace_of(sink, 1) == "usual");
    const auto slow = test::select(sink.observations, metric::drive_slow_ratio);
    REQUIRE(slow.size() == 1);
    CHECK(slow[0]->value == doctest::Approx(5).epsilon(0.05));
    CHECK(slow[0]->label("operation") == "read");
    CHECK(slow[0]->label("against") == "on its siblings");

    // What it learned goes into the memory, and out of it.
    LatencyWatch again(machine.host.host(), config, watch.memory());
    machine.minute(again, {0.02, 0.02, 0.1, 0.02});
    CHECK(pace_of(machine.print(again), 2) == "slow");
}

TEST_CASE("watch: a rebuild of the array is no fault") {
    Machine machine(3);
    const Config config;
    LatencyWatch watch(machine.host.host(), config, {});
    machine.host.file("/sys/devices/virtual/block/md0/md/sync_action", "recover\n");
    for (int i = 0; i < 300; ++i) machine.minute(watch, {0.02, 0.1, 0.02});
    const MemorySink sink = machine.print(watch);
    for (size_t i = 0; i < 3; ++i) CHECK(pace_of(sink, i) == "not_judged");
    CHECK(test::select(sink.observations, metric::drive_pace)[0]->label("reason") ==
          "its array rebuilds");
}

TEST_CASE(
    "watch: a /proc/diskstats that cannot be read is an error, on a recorded host none is not") {
    test::RecordedHost host;
    host.file("/proc/self/mountinfo", "");
    const auto look = [&] { return test::run_on_host(*find_collector("latency"), host.root()); };
    CHECK(look().text.find("error") == std::string::npos);
    host.directory("/proc/diskstats");
    CHECK(look().text.find("error: /proc/diskstats: ") != std::string::npos);
}
