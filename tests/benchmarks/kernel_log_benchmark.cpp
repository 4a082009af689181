// Measures how many lines of a kernel log `lastgood explain` reads per second of processor time:
//   kernel_log_benchmark [MEGABYTES [FILE]]
// FILE is repeated up to the size. Without FILE the log is made up; 1 line in 50 is an error.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "collectors/explainer.hpp"

namespace {

std::string made_up_log(size_t size) {
    constexpr const char* irrelevant[] = {
        "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready",
        "audit: type=1130 audit(1700000000.123:45): pid=1 uid=0 auid=4294967295 msg='unit=cron'",
        "br0: port 3(veth1a2b3c4) entered forwarding state",
        "[UFW BLOCK] IN=eth0 OUT= MAC=00:00:00:00:00:00 SRC=192.0.2.7 DST=192.0.2.9 PROTO=TCP",
        "sd 0:0:0:0: [sda] Write cache: enabled, read cache: enabled, doesn't support DPO or FUA",
        "usb 1-4: New USB device found, idVendor=0000, idProduct=0001, bcdDevice= 1.00",
        "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
        "systemd[1]: Started Daily apt download activities.",
        "device veth1a2b3c4 entered promiscuous mode",
        "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
    };
    std::string text;
    text.reserve(size + 200);
    for (size_t i = 0; text.size() < size; ++i) {
        const char* message = irrelevant[i % std::size(irrelevant)];
        if (i % 50 == 49)
            message =
                "I/O error, dev sdq, sector 4096 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class "
                "2";
        const double uptime = static_cast<double>(i) * 0.01;
        if (i % 2 == 0) {
            text += fmt::format("[{:12.6f}] {}\n", uptime, message);
        } else {
            text += fmt::format("Nov 14 10:{:02}:{:02} host kernel: [{:12.6f}] {}\n", i / 60 % 60,
                                i % 60, uptime, message);
        }
    }
    return text;
}

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
    const size_t megabytes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200;
    const size_t size = std::clamp<size_t>(megabytes, 1, 4000) * 1000 * 1000;
    std::string text;
    if (argc > 2) {
        std::ifstream file(argv[2], std::ios::binary);
        const std::string once{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
        if (once.empty()) {
            fmt::print(stderr, "{}: empty or not readable\n", argv[2]);
            return 1;
        }
        while (text.size() < size) text += once;
    } else {
        text = made_up_log(size);
    }
    const auto lines = static_cast<double>(std::count(text.begin(), text.end(), '\n'));
    lastgood::ExplainSink sink;
    const double begin = processor_seconds();
    const auto result = lastgood::kernel_log_explainer.explain(text, 1700000000, sink);
    const double spent = processor_seconds() - begin;
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().message);
        return 1;
    }
    fmt::print("{:.2f} million lines/s ({:.0f} MB/s, {:.0f} lines in {:.3f} s, {} observations)\n",
               lines / spent / 1e6, static_cast<double>(text.size()) / spent / 1e6, lines, spent,
               sink.observations.size());
    return 0;
}
