#include "collectors/arrays/parse/btrfs_text.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_devices = 4096;

// The number behind `mark`; 0 if there is none.
uint64_t number_behind(std::string_view text, std::string_view mark) {
    const size_t at = text.find(mark);
    if (at == text.npos) return 0;
    std::string_view digits = trim_start(text.substr(at + mark.size()), " \t");
    return take_number<uint64_t>(digits).value_or(0);
}

}  // namespace

std::vector<BtrfsDeviceStats> parse_btrfs_device_stats(std::string_view text) {
    std::vector<BtrfsDeviceStats> devices;
    while (!text.empty()) {
        const std::string_view whole = take_line(text);
        const std::string_view line = trim(whole, " \t\r>");
        const size_t end = line.find("].");
        if (!line.starts_with('[') || end == line.npos) continue;
        const std::string_view name = without_prefix(line.substr(1, end - 1), "/dev/");
        std::string_view key = line.substr(end + 2);
        const size_t blank = key.find_first_of(" \t");
        if (blank == key.npos) continue;
        std::string_view digits = trim(key.substr(blank));
        key = key.substr(0, blank);
        const auto count = take_number<uint64_t>(digits);
        if (!count) continue;
        const bool io = key == "write_io_errs" || key == "read_io_errs" || key == "flush_io_errs";
        if (!io && key != "corruption_errs" && key != "generation_errs") continue;
        auto found = std::ranges::find(devices, name, &BtrfsDeviceStats::device);
        if (found == devices.end()) {
            if (devices.size() >= max_devices) continue;
            found = devices.insert(found, BtrfsDeviceStats{std::string(name), 0, 0, {}, 0});
        }
        ++found->counters;
        (io ? found->io : found->wrong) += std::min(*count, uint64_t{1} << 53);
        if (*count > 0 && found->line.empty()) found->line = whole;
    }
    return devices;
}

// "UUID: …", "Error summary: csum=5", "  Corrected: 3", "  Uncorrectable: 2"; until 5.1 "scrub
// status for UUID", "… with 5 errors", "corrected errors: 0, uncorrectable errors: 5, …"
std::vector<BtrfsScrub> parse_btrfs_scrub_status(std::string_view text) {
    std::vector<BtrfsScrub> scrubs;
    while (!text.empty()) {
        const std::string_view whole = take_line(text);
        const std::string_view line = trim(whole, " \t\r>");
        for (const std::string_view mark : {"UUID:", "scrub status for ", "scrub done for "}) {
            if (!line.starts_with(mark) || scrubs.size() >= max_devices) continue;
            scrubs.emplace_back();
            scrubs.back().uuid = std::string(trim(line.substr(mark.size())).substr(0, 36));
        }
        if (scrubs.empty()) continue;
        BtrfsScrub& scrub = scrubs.back();
        const BtrfsScrub before = scrub;
        for (const std::string_view result :
             {"Error summary:", "total bytes scrubbed:", "corrected errors:"})
            scrub.has_result = scrub.has_result || line.starts_with(result);
        if (line.starts_with("Error summary:")) {
            for (const std::string_view kind :
                 {"csum=", "read=", "super=", "verify=", "csum_discards="})
                scrub.errors += number_behind(line, kind);
        } else if (line.starts_with("Corrected:")) {
            scrub.corrected = number_behind(line, "Corrected:");
        } else if (line.starts_with("Uncorrectable:")) {
            scrub.uncorrectable = number_behind(line, "Uncorrectable:");
        } else if (line.starts_with("corrected errors:")) {
            scrub.corrected = number_behind(line, "corrected errors:");
            scrub.uncorrectable = number_behind(line, "uncorrectable errors:");
        } else if (line.starts_with("total bytes scrubbed:")) {
            scrub.errors = number_behind(line, " with ");
        }
        const bool worse = scrub.uncorrectable > before.uncorrectable ||
                           (scrub.line.empty() && (scrub.errors > 0 || scrub.corrected > 0));
        if (worse) scrub.line = whole;
    }
    return scrubs;
}

}  // namespace lastgood
