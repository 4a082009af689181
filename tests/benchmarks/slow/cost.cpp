#include <fcntl.h>
#include <fmt/core.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/latency/watch.hpp"
#include "tests/benchmarks/slow/parts.hpp"

namespace lastgood::simulation {

namespace {

constexpr size_t drives = 24;
constexpr int samples = 720;  // an hour

void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::trunc) << text;
}

// A host with 24 drives in one array, each with four partitions; its drives are busy.
class MadeHost {
  public:
    MadeHost() {
        if (mkdtemp(root_.data()) == nullptr) std::abort();
        const std::string& root = root_;
        write(root + "/proc/self/mountinfo", "");
        write(root + "/proc/pressure/io",
              "some avg10=0.00 avg60=0.00 avg300=0.00 total=281079169\n"
              "full avg10=0.00 avg60=0.00 avg300=0.00 total=386272\n");
        for (size_t i = 0; i < drives; ++i) {
            const std::string sysfs = fmt::format("/sys/devices/pci0/ata{}/block/{}", i, name(i));
            for (const auto& [file, text] :
                 {std::pair<std::string, std::string>{"dev", fmt::format("8:{}\n", i * 16)},
                  {"size", "7814037168\n"},
                  {"removable", "0\n"},
                  {"queue/rotational", "1\n"},
                  {"inflight", "       1        2\n"},
                  {"device/model", "EXAMPLE\n"},
                  {"device/wwid", fmt::format("naa.5000e5a0000000{:02x}\n", i)}})
                write(root + sysfs + "/" + file, text);
            for (const char* folder : {"/sys/block/", "/sys/class/block/"}) {
                std::filesystem::create_directories(root + folder);
                const std::string up = std::string(folder) == "/sys/block/" ? ".." : "../..";
                std::filesystem::create_symlink(up + sysfs.substr(4), root + folder + name(i));
            }
        }
        next();
    }
    ~MadeHost() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    MadeHost(const MadeHost&) = delete;
    MadeHost& operator=(const MadeHost&) = delete;
    const std::string& root() const { return root_; }
    // Moves all counters on.
    void next() {
        ++step_;
        std::string text;
        for (size_t i = 0; i < drives; ++i)
            for (int part = 0; part <= 4; ++part) {
                const uint64_t done = 1000000000 + step_ * 500;
                text += fmt::format(
                    " {:3} {:7} {}{} {} 123 {} {} {} 456 {} {} 3 {} {} 17 0 136 5 {} 99\n", 8,
                    i * 16, name(i), part == 0 ? "" : std::to_string(part), done, done * 16,
                    static_cast<uint32_t>(done * 7), done, done * 32,
                    static_cast<uint32_t>(done * 9), static_cast<uint32_t>(step_ * 2500),
                    static_cast<uint32_t>(step_ * 5000), step_);
            }
        std::ofstream(root() + "/proc/diskstats", std::ios::trunc) << text;
    }

  private:
    static std::string name(size_t i) { return fmt::format("sd{}", static_cast<char>('a' + i)); }
    std::string root_ = std::filesystem::temp_directory_path() / "slow-benchmark-XXXXXX";
    uint64_t step_ = 0;
};

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Instructions of this process, with those of the kernel for it if that may be counted; -1: the
// machine does not count them.
class Instructions {
  public:
    Instructions() {
        perf_event_attr attributes{};
        attributes.size = sizeof(attributes);
        attributes.type = PERF_TYPE_HARDWARE;
        attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
        fd_ = static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0UL));
    }
    ~Instructions() {
        if (fd_ >= 0) close(fd_);
    }
    Instructions(const Instructions&) = delete;
    Instructions& operator=(const Instructions&) = delete;
    double now() const {
        uint64_t count = 0;
        if (fd_ < 0 || read(fd_, &count, sizeof(count)) != sizeof(count)) return -1;
        return static_cast<double>(count);
    }

  private:
    int fd_ = -1;
};

}  // namespace

void print_cost() {
    MadeHost made;
    const Host host(made.root());
    const Config config;
    LatencyWatch watch(host, config, {});
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const Instructions counter;
    double seconds = 0, instructions = 0;
    {
        LineSink sink(null);
        for (int i = 0; i < samples; ++i) {
            made.next();
            const double time = processor_seconds(), count = counter.now();
            if (!watch.sample(5.0 * i + 1, 1.79e9 + 5 * i)) return;
            if (i % 12 == 0) {
                watch.print(sink, 1.79e9 + 5 * i);
                sink.commit("");
            }
            seconds += processor_seconds() - time;
            instructions += counter.now() - count;
        }
    }
    close(null);
    fmt::print("{} drives with {} partitions: {:.0f} us of processor time a sample", drives,
               4 * drives, 1e6 * seconds / samples);
    if (counter.now() >= 0) fmt::print(", {:.0f} instructions", instructions / samples);
    fmt::print(": {:.4f} % of a core\n", 100 * seconds / samples / 5);
}

}  // namespace lastgood::simulation
