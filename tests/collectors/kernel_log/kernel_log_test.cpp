// The collector, over files and FIFOs of /dev/kmsg records.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "collectors/collector.hpp"
#include "tests/collectors/kernel_log/totals.hpp"
#include "tests/temporary_directory.hpp"

namespace lastgood {
extern const Collector kernel_log_collector;
}

using namespace lastgood;
using test::text_of;
using test::totals;
using test::Totals;

namespace {

std::string record(uint64_t sequence, const std::string& text, const std::string& device = "",
                   unsigned priority = 3) {
    return fmt::format("{},{},{},-;{}\n{}", priority, sequence, 1000000 + sequence * 1000, text,
                       device.empty() ? "" : " SUBSYSTEM=block\n DEVICE=" + device + "\n");
}

struct Outcome {
    Totals found;
    std::string cursor;
    std::vector<Observation> observations;
};

// The result of `lastgood collect kernel_log` on a recorded host without drives.
Outcome collect(const std::string& log, const std::string& cursor = "",
                const std::string& boot = "boot-1") {
    const test::TemporaryDirectory root;
    root.write("proc/sys/kernel/random/boot_id", boot + "\n");
    root.write("proc/stat", "cpu 1 2 3\nbtime 1700000000\n");
    root.write("proc/self/mountinfo", "");
    std::filesystem::create_directories(root.at("sys/class/block"));
    std::filesystem::create_directories(root.at("sys/block"));
    root.write("dev/kmsg", log);
    root.write("now", "1700001000");
    const Host host(root.path);
    Config config;
    MemorySink sink;
    Context context{host, config, sink, "", cursor, true};
    const auto result = kernel_log_collector.run(context);
    if (!result) FAIL(result.error().message);
    return {totals(sink.observations), sink.cursor, sink.observations};
}

}  // namespace

TEST_CASE("each record is counted once, over restarts and reboots") {
    const std::string log = record(0, "Linux version 6.1") +
                            record(1, "I/O error, dev sdx, sector 1", "b65:112") +
                            record(2,
                                   "md/raid1:md0: Disk failure on sdx1, disabling "
                                   "device.\\x0amd/raid1:md0: Operation continuing on 1 devices.") +
                            record(3, "usb 1-1: new device");
    const Outcome first = collect(log);
    CHECK(text_of(first.found) == "unknown-sdx io/block=1; unknown-sdx kicked/md=1; ");
    CHECK(first.cursor == "boot-1:3");
    for (const Observation& o : first.observations)
        CHECK(o.observed_at == doctest::Approx(1700000001).epsilon(1e-9));
    CHECK(text_of(collect(log, first.cursor).found).empty());
    CHECK(collect(log, first.cursor).cursor == "boot-1:3");
    const Outcome more = collect(log + record(4, "I/O error, dev sdx, sector 1"), first.cursor);
    CHECK(text_of(more.found) == "unknown-sdx io/block=1; ");
    CHECK(more.cursor == "boot-1:4");
    const Outcome other = collect(log, "boot-0:900");
    CHECK(text_of(other.found) == text_of(first.found));
}

TEST_CASE("gaps in the sequence numbers are counted as lost records") {
    CHECK(text_of(collect(record(0, "a") + record(7, "b")).found) ==
          "lastgood_kernel_log_lost_records_total=6; ");
    CHECK(text_of(collect(record(0, "a") + record(2, "b")).found) ==
          "lastgood_kernel_log_lost_records_total=1; ");
    CHECK(text_of(collect(record(11, "a"), "boot-1:9").found) ==
          "lastgood_kernel_log_lost_records_total=1; ");
    CHECK(text_of(collect(record(10, "a"), "boot-1:9").found).empty());
    CHECK(text_of(collect(record(1, "a"), "boot-0:9").found) ==
          "lastgood_kernel_log_lost_records_total=1; ");
    CHECK(text_of(collect(record(20, "a") + record(21, "b"), "boot-1:9").found) ==
          "lastgood_kernel_log_lost_records_total=10; ");
    CHECK(text_of(collect(record(20, "a"), "boot-0:9").found) ==
          "lastgood_kernel_log_lost_records_total=20; ");
    // Records that an earlier run has counted are not lost, even if they are overwritten while they
    // are read again.
    CHECK(text_of(collect(record(3, "a") + record(7, "b"), "boot-1:9").found).empty());
    CHECK(text_of(collect(record(3, "a") + record(12, "b"), "boot-1:9").found) ==
          "lastgood_kernel_log_lost_records_total=2; ");
    // Right behind what was counted before.
    CHECK(text_of(collect(record(9, "a") + record(12, "b"), "boot-1:9").found) ==
          "lastgood_kernel_log_lost_records_total=2; ");
    // The very first run: earlier records were not lost.
    CHECK(text_of(collect(record(20, "a")).found).empty());
    CHECK(text_of(collect("").found).empty());
}

TEST_CASE("records of programs and malformed records are skipped") {
    CHECK(text_of(collect(record(0, "I/O error, dev sdx, sector 1", "b8:0", 11) +
                          record(1, "ata9.00: failed command: READ DMA", "", 14) +
                          record(2, "EXT4-fs error (device sdx1): f:1: x", "", 30))
                      .found)
              .empty());
    CHECK(text_of(
              collect("garbage\n\n" + record(0, "I/O error, dev sdx, sector 1") + "3,x\n").found) ==
          "unknown-sdx io/block=1; ");
}

TEST_CASE("btrfs counters of counted records are the base after a restart") {
    const std::string log = record(
        0,
        "BTRFS error (device sdx1): bdev /dev/sdx1 errs: wr 50, rd 0, flush 0, corrupt 0, gen 0");
    const Outcome first = collect(log);
    const Outcome second = collect(log + record(1,
                                                "BTRFS error (device sdx1): bdev /dev/sdx1 errs: "
                                                "wr 53, rd 0, flush 0, corrupt 0, gen 0"),
                                   first.cursor);
    CHECK(text_of(second.found) == "unknown-sdx io/filesystem=3; ");
}

TEST_CASE(
    "a new filesystem is not blamed for what the log tells of an earlier one of that device") {
    const std::string error = "EXT4-fs error (device loop7): ext4_find_entry:1: inode #2: x";
    const auto mounted = [](const char* uuid) {
        return "EXT4-fs (loop7): mounted filesystem " + std::string(uuid) +
               " r/w with ordered data mode. Quota mode: none.";
    };
    const char* const one = "11111111-2222-3333-4444-555555555555";
    const char* const two = "66666666-2222-3333-4444-555555555555";
    const std::string attach = "loop7: detected capacity change from 0 to 131072";
    // Another filesystem on the same device; another file.
    CHECK(text_of(collect(record(0, mounted(one)) + record(1, error) + record(2, mounted(two)))
                      .found) == "");
    CHECK(text_of(collect(record(0, attach) + record(1, error) + record(2, attach)).found) == "");
    // The same filesystem again; the new one's own errors.
    const std::string damaged = "loop7 inconsistent/filesystem=1; ";
    CHECK(text_of(collect(record(0, mounted(one)) + record(1, error) + record(2, mounted(one)))
                      .found) == damaged);
    CHECK(text_of(collect(record(0, mounted(one)) + record(1, mounted(two)) + record(2, error))
                      .found) == damaged);
    CHECK(text_of(collect(record(0, attach) + record(1, error)).found) == damaged);
    // The log's beginning is lost: what was attached then was another file.
    CHECK(text_of(collect(record(0, error) + record(1, attach)).found) == "");
    // Older kernels print no UUID: on a loop device it is another file, on others the same again.
    const auto without = [](const std::string& device) {
        return "EXT4-fs (" + device + "): mounted filesystem with ordered data mode. Opts: (null)";
    };
    CHECK(text_of(
              collect(record(0, without("loop7")) + record(1, error) + record(2, without("loop7")))
                  .found) == "");
    CHECK(text_of(collect(record(0, without("loop7")) + record(1, error)).found) == damaged);
    CHECK(text_of(collect(record(0, without("sdx7")) +
                          record(1, "EXT4-fs error (device sdx7): ext4_find_entry:1: x") +
                          record(2, without("sdx7")))
                      .found) == "sdx7 inconsistent/filesystem=1; ");
}

TEST_CASE("a missing log is absent, not failed") {
    const test::TemporaryDirectory root;
    const Host host(root.path);
    Config config;
    MemorySink sink;
    Context context{host, config, sink, "", "", true};
    const auto result = kernel_log_collector.run(context);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::absent);
}

namespace {

// Records when increments are committed.
class TimingSink : public Sink {
  public:
    void add(Observation) override {}
    void increment(Observation observation) override { pending += observation.value; }
    void commit(std::string_view) override {
        ++commits;
        if (pending > 0) arrivals.emplace_back(std::chrono::steady_clock::now(), pending);
        pending = 0;
    }
    void problem(std::string_view, const Error&) override {}
    double pending = 0;
    int commits = 0;
    std::vector<std::pair<std::chrono::steady_clock::time_point, double>> arrivals;
};

}  // namespace

TEST_CASE("a stream commits one record within 100 ms and coalesces a flood") {
    using namespace std::chrono_literals;
    const test::TemporaryDirectory folder;
    const std::string path = folder.at("kmsg");
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const int keep_open = open(path.c_str(), O_RDWR | O_CLOEXEC);
    const int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    close(keep_open);
    REQUIRE(writer >= 0);
    // As with /dev/kmsg, each read gives one whole record (pipe(7), packet mode).
    REQUIRE(fcntl(writer, F_SETFL, O_DIRECT) == 0);
    // Prevents SIGPIPE until the collector has opened the FIFO.
    const int held = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const Host host("/");
    Config config;
    config.kernel_log_source = path;
    TimingSink sink;
    std::thread collector([&] {
        Context context{host, config, sink, "", "", false};
        const auto result = kernel_log_collector.run(context);
        CHECK(result);
    });
    std::this_thread::sleep_for(300ms);
    const auto put = [&](const std::string& text) {
        size_t done = 0;
        while (done < text.size()) {
            const ssize_t size = write(writer, text.data() + done, text.size() - done);
            if (size <= 0) break;
            done += static_cast<size_t>(size);
        }
    };
    close(held);
    const auto sent = std::chrono::steady_clock::now();
    put(record(1, "I/O error, dev sdqq, sector 1"));
    std::this_thread::sleep_for(500ms);
    const auto flood = std::chrono::steady_clock::now();
    constexpr int floods = 100000;
    for (int i = 0; i < floods; ++i) {
        put(record(2 + static_cast<uint64_t>(i), "I/O error, dev sdqq, sector 1"));
    }
    const auto flooded = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(300ms);
    close(writer);
    collector.join();
    REQUIRE(sink.arrivals.size() >= 2);
    CHECK(sink.arrivals[0].second == 1);
    CHECK(sink.arrivals[0].first - sent < 100ms);
    double sum = 0;
    for (const auto& arrival : sink.arrivals) sum += arrival.second;
    CHECK(sum == floods + 1);
    const auto span = flooded - flood + 300ms;
    CHECK(static_cast<double>(sink.commits) <=
          std::chrono::duration<double>(span).count() / 0.05 + 6);
}

TEST_CASE("a malformed cursor counts as none") {
    for (const char* cursor : {"rubbish", "boot-1:", "boot-1:9x", "boot-1:-9", ":"}) {
        CAPTURE(cursor);
        CHECK(text_of(collect(record(20, "a"), cursor).found).empty());
        CHECK(collect(record(20, "a"), cursor).cursor == "boot-1:20");
    }
}
