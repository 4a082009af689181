// The account, and the collector over files of records.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "collectors/collector.hpp"
#include "collectors/explainer.hpp"
#include "collectors/kernel_log/account.hpp"
#include "collectors/kernel_log/names.hpp"
#include "tests/collectors/kernel_log/totals.hpp"
#include "tests/support.hpp"

namespace lastgood {
extern const Collector kernel_log_collector;
}

using namespace lastgood;
using test::text_of;
using test::totals;
using test::Totals;

namespace {

class Folder {
  public:
    Folder() {
        char pattern[] = "/tmp/lastgood-kernel-log-XXXXXX";
        path_ = mkdtemp(pattern);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string write(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = path_ / std::filesystem::path(name);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
        return path;
    }
    std::string path(const std::string& name = "") const {
        return path_ / std::filesystem::path(name);
    }

  private:
    std::filesystem::path path_;
};

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

// `lastgood collect kernel_log` over a recorded host without any drive.
Outcome collect(const std::string& log, const std::string& cursor = "",
                const std::string& boot = "boot-1") {
    const Folder root;
    root.write("proc/sys/kernel/random/boot_id", boot + "\n");
    root.write("proc/stat", "cpu 1 2 3\nbtime 1700000000\n");
    root.write("proc/self/mountinfo", "");
    std::filesystem::create_directories(root.path("sys/class/block"));
    std::filesystem::create_directories(root.path("sys/block"));
    root.write("dev/kmsg", log);
    root.write("now", "1700001000");
    const Host host(root.path());
    Config config;
    MemorySink sink;
    Context context{host, config, sink, "", cursor, true};
    const auto result = kernel_log_collector.run(context);
    if (!result) FAIL(result.error().message);
    return {totals(sink.observations), sink.cursor, sink.observations};
}

// A topology of one's own.
Drive drive(const std::string& id, const std::string& device, const std::string& sysfs) {
    Drive made;
    made.id = id;
    made.device = device;
    made.sysfs = sysfs;
    return made;
}

BlockDevice block(const std::string& name, const std::string& number, BlockKind kind,
                  std::vector<std::string> below = {}) {
    BlockDevice made;
    made.name = name;
    made.number = number;
    made.kind = kind;
    made.below = std::move(below);
    return made;
}

void add(Topology& topology, const Drive& made, const std::string& number) {
    topology.drives[made.id] = made;
    topology.devices[made.device] = block(made.device, number, BlockKind::drive);
    topology.devices[made.device].sysfs = made.sysfs;
}

Topology two_drives() {
    Topology topology;
    add(topology,
        drive("wwn-A", "sda", "/sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"),
        "8:0");
    add(topology,
        drive("wwn-B", "sdb", "/sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sdb"),
        "8:16");
    topology.devices["sda1"] = block("sda1", "8:1", BlockKind::partition, {"sda"});
    topology.devices["sdb1"] = block("sdb1", "8:17", BlockKind::partition, {"sdb"});
    topology.devices["md0"] = block("md0", "9:0", BlockKind::md, {"sda1", "sdb1"});
    topology.devices["dm-0"] = block("dm-0", "253:0", BlockKind::dm, {"sda1"});
    topology.devices["dm-1"] = block("dm-1", "253:1", BlockKind::dm, {"md0"});
    topology.devices["loop0"] = block("loop0", "7:0", BlockKind::loop);
    Mount mount;
    mount.number = "9:0";
    mount.root = "/";
    mount.point = "/srv";
    mount.source = "/dev/md0";
    topology.mounts.push_back(mount);
    return topology;
}

// An account over a topology that the test may change.
struct Fixture {
    Host host{"/nonexistent-root"};
    Topology topology = two_drives();
    int reads = 0;
    Seconds clock = 1000;
    HostKernelLogNames names{host,
                             [this]() -> std::optional<Topology> {
                                 ++reads;
                                 return topology;
                             },
                             [this] { return clock; }};
    KernelLogAccount account{names};
    KernelLogReader reader{[this](const KernelEvent& event, const KernelLogReader::Origin& origin) {
        account.take(event, origin);
    }};

    void say(std::string_view message, std::string_view device = "") {
        reader.take(message, {5, device});
    }
    std::string charged() {
        reader.flush();
        return text_of(totals(account.drain()));
    }
};

}  // namespace

TEST_CASE("btrfs calls a member by a link of udev's, also when the drive is gone") {
    Fixture fixture;
    fixture.topology.btrfs_links["disk/by-id/ata-A_1"] = "sda1";
    HostKernelLogNames names(
        fixture.host, [&]() -> std::optional<Topology> { return fixture.topology; },
        [&] { return fixture.clock; });
    KernelEvent event;
    event.device = "disk/by-id/ata-A_1";
    CHECK(names.subjects(event, "").drives == std::vector<std::string>{"wwn-A"});
    fixture.topology.btrfs_links.clear();
    for (const char* gone : {"sda", "sda1"}) fixture.topology.devices.erase(gone);
    fixture.topology.drives.erase("wwn-A");
    fixture.clock += 10;
    for (int refreshed = 0; refreshed < 2; ++refreshed) {
        names.settle();
        CHECK(names.subjects(event, "").drives == std::vector<std::string>{"wwn-A"});
    }
}

TEST_CASE("errors are charged to the drive behind every kind of name") {
    Fixture fixture;
    fixture.say("I/O error, dev sda, sector 1 op 0x0:(READ)");
    CHECK(fixture.charged() == "wwn-A io/block=1; ");
    fixture.say("Buffer I/O error on dev sdb1, logical block 1, async page read");
    CHECK(fixture.charged() == "wwn-B io/buffer=1; ");
    fixture.say("ata2.00: failed command: READ DMA");
    CHECK(fixture.charged() == "wwn-B io/ata=1; ");
    fixture.say("ata1: hard resetting link");
    CHECK(fixture.charged() == "wwn-A reset/ata=1; ");
    fixture.say("sd 1:0:0:0: rejecting I/O to offline device");
    CHECK(fixture.charged() == "wwn-B device_gone/scsi=1; ");
    fixture.say("Write-error on swap-device (8:17:4)");
    CHECK(fixture.charged() == "wwn-B io/buffer=1; ");
    fixture.say("I/O error, dev sda, sector 1", "b8:0");
    CHECK(fixture.charged() == "wwn-A io/block=1; ");
    fixture.say("md/raid1:md0: Disk failure on sdb1, disabling device.");
    CHECK(fixture.charged() == "wwn-B kicked/md=1; ");
}

TEST_CASE("a mapped device on one drive is the drive's, one on several blames none") {
    Fixture fixture;
    fixture.say("I/O error, dev dm-0, sector 1");
    CHECK(fixture.charged() == "wwn-A io/dm=1; ");
    fixture.say("I/O error, dev md0, sector 1");
    CHECK(fixture.charged() == "md0 io/block=1; ");
    fixture.say("Buffer I/O error on dev dm-1, logical block 1, async page read");
    CHECK(fixture.charged() == "dm-1 io/buffer=1; ");
    fixture.say("md/raid:md0: Cannot continue operation (2/2 failed).");
    CHECK(fixture.charged() == "md0 array_failed/md=1; ");
}

TEST_CASE("a filesystem's error blames no drive") {
    Fixture fixture;
    fixture.say(
        "EXT4-fs error (device md0): ext4_find_entry:1455: inode #2: comm ls: reading directory "
        "lblock 0");
    fixture.say("Aborting journal on device md0-8.");
    fixture.say("EXT4-fs (md0): Remounting filesystem read-only");
    CHECK(fixture.charged() ==
          "/srv inconsistent/filesystem=1; /srv journal_aborted/journal=1; /srv "
          "read_only/filesystem=1; ");
}

TEST_CASE("an array that was stopped: its last members are not to blame") {
    Fixture fixture;
    // While md takes it apart, the topology is read with one member left; then it is gone.
    fixture.topology.devices.at("md0").below = {"sdb1"};
    fixture.clock += 5;
    fixture.say("Buffer I/O error on dev md7, logical block 0, async page read");
    CHECK(fixture.charged() == "md7 io/buffer=1; ");
    fixture.topology.devices.erase("md0");
    fixture.clock += 5;
    fixture.say("I/O error, dev sdq, sector 1");
    fixture.charged();
    fixture.say("Buffer I/O error on dev md0, logical block 0, async page read");
    CHECK(fixture.charged() == "md0 io/buffer=1; ");
}

TEST_CASE("a filesystem mounted since we have looked is found when it fails") {
    Fixture fixture;
    Mount mount;
    mount.number = "0:44";  // btrfs has no device number of its own
    mount.root = "/";
    mount.point = "/srv/data";
    mount.source = "/dev/sdb";
    fixture.topology.mounts.push_back(mount);
    const int reads = fixture.reads;
    fixture.clock += 5;
    fixture.say("BTRFS error (device sdb): error writing primary super block to device 1");
    CHECK(fixture.charged().starts_with("/srv/data "));
    CHECK(fixture.reads == reads + 1);
    // One that is found nowhere does not make us look again and again.
    for (int i = 0; i < 10; ++i) fixture.say("EXT4-fs (sdq1): Remounting filesystem read-only");
    CHECK(fixture.reads <= reads + 2);
}

TEST_CASE("what is nobody's") {
    Fixture fixture;
    fixture.say("I/O error, dev loop0, sector 1");
    fixture.say("I/O error, dev fd0, sector 0");
    fixture.say("usb 1-2: reset full-speed USB device number 3 using xhci_hcd");
    CHECK(fixture.charged().empty());
    fixture.say("I/O error, dev sdx, sector 1");
    fixture.say("ata7: hard resetting link");
    CHECK(fixture.charged() == "unknown-ata7 reset/ata=1; unknown-sdx io/block=1; ");
}

TEST_CASE("a drive that is gone keeps its errors; the next one of its name has its own") {
    Fixture fixture;
    fixture.topology.drives.erase("wwn-B");
    fixture.topology.devices.erase("sdb");
    fixture.topology.devices.erase("sdb1");
    fixture.clock += 60;
    fixture.names.settle();
    fixture.say("I/O error, dev sdb, sector 1");
    fixture.say("Buffer I/O error on dev sdb1, logical block 0, async page read");
    CHECK(fixture.charged() == "wwn-B io/block=1; wwn-B io/buffer=1; ");
    add(fixture.topology,
        drive("wwn-C", "sdb", "/sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sdb"),
        "8:16");
    // The new one is there, but the kernel has not yet spoken of it: this is still about the old
    // one.
    fixture.say("I/O error, dev sdb, sector 1", "b8:16");
    CHECK(fixture.charged() == "wwn-B io/block=1; ");
    fixture.say("sd 1:0:0:0: [sdb] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)");
    fixture.say("I/O error, dev sdb, sector 2");  // at once, while its partitions are looked for
    CHECK(fixture.charged() == "wwn-C io/block=1; ");
    fixture.say("sd 1:0:0:0: [sdb] Attached SCSI disk");
    fixture.clock += 3;
    fixture.names.settle();
    fixture.say("I/O error, dev sdb, sector 1");
    CHECK(fixture.charged() == "wwn-C io/block=1; ");
}

TEST_CASE("names given anew within the backlog") {
    Fixture fixture;
    const char* const lines[] = {
        "sd 1:0:0:0: [sdb] 3907029168 512-byte logical blocks: (2.00 TB/1.82 TiB)",
        "I/O error, dev sdb, sector 1",
        "sd 1:0:0:0: [sdb] Synchronizing SCSI cache",
        "sd 1:0:0:0: [sdb] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)",
        "timeout error, dev sdb, sector 1",
    };
    for (const char* line : lines) {
        const auto event = parse_kernel_message(line);
        if (event) fixture.names.learn_backlog(*event);
    }
    for (const char* line : lines) fixture.say(line);
    CHECK(fixture.charged() == "unknown-sdb io/block=1; wwn-B timeout/block=1; ");
}

TEST_CASE("an unknown name does not make us read the topology for each of its errors") {
    Fixture fixture;
    fixture.clock += 60;
    const int before = fixture.reads;
    for (int i = 0; i < 1000; ++i) fixture.say("I/O error, dev sdx, sector 1");
    CHECK(fixture.reads - before <= 1);
    CHECK(fixture.charged() == "unknown-sdx io/block=1000; ");
}

TEST_CASE("btrfs counters: differences, not history") {
    Fixture fixture;
    fixture.say(
        "BTRFS info (device sda1): bdev /dev/sdb1 errs: wr 100, rd 5, flush 0, corrupt 7, gen 0");
    CHECK(fixture.charged().empty());
    fixture.say(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 103, rd 5, flush 0, corrupt 7, gen 0");
    CHECK(fixture.charged() == "wwn-B io/filesystem=3; ");
    fixture.say(
        "BTRFS error (device sda1): bdev /dev/sdb1 errs: wr 103, rd 5, flush 0, corrupt 9, gen 0");
    CHECK(fixture.charged() == "wwn-B checksum/filesystem=2; ");
    fixture.say(
        "BTRFS error (device sda1): bdev /dev/sda1 errs: wr 9000, rd 0, flush 0, corrupt 0, gen 0");
    CHECK(fixture.charged() == "wwn-A io/filesystem=1; ");  // how many before is not known
    fixture.say(
        "BTRFS error (device sda1): bdev (efault) errs: wr 1, rd 0, flush 0, corrupt 0, gen 0");
    CHECK(fixture.charged().empty());
}

TEST_CASE("suppressed messages of storage are counted, those of others are not") {
    Fixture fixture;
    fixture.say("blk_update_request: 25 callbacks suppressed");
    fixture.say("kauditd_printk_skb: 24 callbacks suppressed");
    CHECK(fixture.charged() == "lastgood_kernel_log_suppressed_messages_total=25; ");
}

TEST_CASE("a flood of made-up names is bounded") {
    Fixture fixture;
    for (int i = 0; i < 20000; ++i) fixture.say(fmt::format("I/O error, dev sdz{}x, sector 1", i));
    CHECK(fixture.account.drain().size() <= 5000);
}

TEST_CASE("the collector: backlog, cursor, restart, another boot") {
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

TEST_CASE("lost records") {
    CHECK(text_of(collect(record(0, "a") + record(7, "b")).found) ==
          "lastgood_kernel_log_lost_records_total=6; ");
    CHECK(text_of(collect(record(20, "a") + record(21, "b"), "boot-1:9").found) ==
          "lastgood_kernel_log_lost_records_total=10; ");
    CHECK(text_of(collect(record(20, "a"), "boot-0:9").found) ==
          "lastgood_kernel_log_lost_records_total=20; ");
    // The first time: what was before us was not lost by us.
    CHECK(text_of(collect(record(20, "a")).found).empty());
    CHECK(text_of(collect("").found).empty());
}

TEST_CASE("only the kernel is believed") {
    CHECK(text_of(collect(record(0, "I/O error, dev sdx, sector 1", "b8:0", 11) +
                          record(1, "ata9.00: failed command: READ DMA", "", 14) +
                          record(2, "EXT4-fs error (device sdx1): f:1: x", "", 30))
                      .found)
              .empty());
    CHECK(text_of(
              collect("garbage\n\n" + record(0, "I/O error, dev sdx, sector 1") + "3,x\n").found) ==
          "unknown-sdx io/block=1; ");
}

TEST_CASE("btrfs history is learned anew after a restart, not counted anew") {
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

TEST_CASE("a log that is not there is absent") {
    const Folder root;
    const Host host(root.path());
    Config config;
    MemorySink sink;
    Context context{host, config, sink, "", "", true};
    const auto result = kernel_log_collector.run(context);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::absent);
}

namespace {

// Commits with their time; the stream ends when its FIFO's writer closes.
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

TEST_CASE("a stream: a record arrives within milliseconds, a flood is coalesced") {
    using namespace std::chrono_literals;
    const Folder folder;
    const std::string path = folder.path("kmsg");
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const int keep_open = open(path.c_str(), O_RDWR | O_CLOEXEC);
    const int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    close(keep_open);
    REQUIRE(writer >= 0);
    // A read gives one record, as of /dev/kmsg, and never the half of one (pipe(7), packet mode).
    REQUIRE(fcntl(writer, F_SETFL, O_DIRECT) == 0);
    const int held = open(path.c_str(), O_RDONLY | O_NONBLOCK |
                                            O_CLOEXEC);  // no SIGPIPE before the collector opens it
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
        put(record(static_cast<uint64_t>(2 + i), "I/O error, dev sdqq, sector 1"));
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
