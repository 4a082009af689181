// Every recorded kernel log, compared with INDEX.tsv.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "collectors/kernel_log/parse/event.hpp"
#include "collectors/kernel_log/parse/reader.hpp"
#include "collectors/kernel_log/parse/text.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

using Counts = std::map<std::string, std::string>;

struct Row {
    std::string path, expected;
};

std::vector<Row> rows(const std::string& directory) {
    std::vector<Row> found;
    std::istringstream index(test::read_file(directory + "/INDEX.tsv"));
    for (std::string line; std::getline(index, line);) {
        std::vector<std::string> fields;
        std::istringstream columns(line);
        for (std::string field; std::getline(columns, field, '\t');) fields.push_back(field);
        if (fields.size() < 2 || fields[1] != "dmesg") continue;
        found.push_back({fields[0], fields.size() > 4 ? fields[4] : ""});
    }
    return found;
}

std::string port_of(std::string_view device) {
    return std::string(device.substr(0, device.find('.')));
}

// Counts the messages under the keys of INDEX.tsv.
std::string in_index_words(const BtrfsCounters& counters) {
    return fmt::format("(wr {} rd {} flush {} corrupt {} gen {})", counters.write, counters.read,
                       counters.flush, counters.corruption, counters.generation);
}

using Add = std::function<void(const char* what, std::string_view device)>;

// Counts a message of a layer that INDEX.tsv has words for.
void count_event(const KernelEvent& event, std::string_view message, const Add& add,
                 Counts& counts) {
    switch (event.layer) {
        case KernelLayer::block:
            if (event.text == "I/O error") add("io_error", event.device);
            if (event.text == "critical medium error") add("critical_medium_error", event.device);
            if (event.text == "critical target error") add("critical_target_error", event.device);
            break;
        case KernelLayer::buffer:
            if (message.starts_with("Buffer")) add("buffer_io", event.device);
            break;
        case KernelLayer::ata:
            if (event.part == KernelEventPart::command) {
                add("ata_failed_cmd", port_of(event.device));
            }
            if (event.kind == KernelEventKind::ata_exception) {
                add("ata_exception", port_of(event.device));
            }
            if (event.kind == KernelEventKind::reset) add("link_reset", port_of(event.device));
            break;
        case KernelLayer::nvme:
            if (event.kind == KernelEventKind::timeout) add("nvme_timeout", event.device);
            break;
        case KernelLayer::md:
            if (event.kind == KernelEventKind::kicked) add("md_disk_failure", event.device);
            if (event.kind == KernelEventKind::non_fresh) add("md_nonfresh", event.device);
            if (event.kind == KernelEventKind::corrected) add("md_read_corrected", event.device);
            if (event.kind == KernelEventKind::uncorrected) {
                add("md_read_uncorrectable", event.device);
            }
            break;
        case KernelLayer::filesystem:
            if (event.kind == KernelEventKind::btrfs_counters)
                counts[fmt::format("btrfs_errs_last[{}]", event.text)] =
                    in_index_words(event.btrfs);
            if (event.kind == KernelEventKind::inconsistent &&
                message.starts_with("EXT4-fs error")) {
                add("ext4_error", event.filesystem);
            }
            break;
        case KernelLayer::scsi:
        case KernelLayer::usb:
        case KernelLayer::mmc:
        case KernelLayer::dm:
        case KernelLayer::bcache:
        case KernelLayer::zfs:
        case KernelLayer::controller:
        case KernelLayer::journal:
        case KernelLayer::other:
            break;
    }
}

Counts count(const std::string& text) {
    std::map<std::string, uint64_t> numbers;
    Counts counts;
    std::string suppressed;
    const auto add = [&numbers](const char* what, std::string_view device) {
        ++numbers[std::string(what) + "[" + std::string(device) + "]"];
    };
    for_each_kernel_message(text, [&](std::string_view message, const KernelLogLine&) {
        const auto parsed = parse_kernel_message(message);
        if (!parsed) return;
        const KernelEvent& event = *parsed;
        if (event.kind == KernelEventKind::suppressed) {
            suppressed += (suppressed.empty() ? "" : "+") + std::to_string(event.count);
            return;
        }
        count_event(event, message, add, counts);
    });
    for (const auto& [key, number] : numbers) counts[key] = std::to_string(number);
    if (!suppressed.empty()) counts["suppressed"] = suppressed;
    return counts;
}

// Parses "io_error[sda]=3; some lines rate-limited: 25+3 callbacks suppressed"; free text is
// skipped.
Counts parse_expected(const std::string& text) {
    Counts counts;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ';');) {
        const size_t begin = part.find_first_not_of(' ');
        if (begin == std::string::npos) continue;
        part = part.substr(begin);
        const std::string limited = "some lines rate-limited: ";
        if (part.starts_with(limited)) {
            counts["suppressed"] =
                part.substr(limited.size(), part.find(' ', limited.size()) - limited.size());
            continue;
        }
        const size_t equals = part.rfind("]=");
        if (equals == std::string::npos) continue;
        std::string value = part.substr(equals + 2);
        if (!value.starts_with('(')) value = value.substr(0, value.find(' '));
        counts[part.substr(0, equals + 1)] = value;
    }
    return counts;
}

// Keys that are not compared, with the reason that the recorded file shows.
const std::map<std::string, std::set<std::string>> exceptions = {
    // btrfs names a missing device "<missing disk>"; the index has only names without blanks.
    {"dmesg/btrfs-missing-device-blocks-mount-after-repl-b615e4197.log",
     {"btrfs_errs_last[<missing disk>]"}},
};

// The index lists at most six suppressions.
std::string first_six(const std::string& numbers) {
    size_t end = 0;
    for (int i = 0; i < 6 && end != std::string::npos; ++i) end = numbers.find('+', end + (i > 0));
    return numbers.substr(0, end);
}

bool excepted(const std::string& path, const std::string& key) {
    const auto found = exceptions.find(path);
    return found != exceptions.end() && found->second.contains(key);
}

}  // namespace

TEST_CASE("counts of recorded kernel logs match INDEX.tsv") {
    const auto directory = test::corpora_directory();
    if (!directory) return;
    const auto logs = rows(*directory);
    REQUIRE(logs.size() > 50);
    size_t compared = 0;
    for (const Row& row : logs) {
        const Counts counted = count(test::read_file(*directory + "/" + row.path));
        const Counts expected = parse_expected(row.expected);
        INFO(row.path);
        for (const auto& entry : expected) {  // clang 14 cannot capture structured bindings
            const auto& key = entry.first;
            const auto& value = entry.second;
            if (excepted(row.path, key)) continue;
            INFO(key);
            const auto found = counted.find(key);
            std::string actual = found == counted.end() ? "" : found->second;
            if (key == "suppressed") actual = first_six(actual);
            CHECK(actual == value);
            ++compared;
        }
        // Nothing else is counted.
        if (expected.empty()) continue;
        for (const auto& entry : counted) {
            const auto& key = entry.first;
            const auto& value = entry.second;
            if (excepted(row.path, key)) continue;
            INFO(key << " = " << value);
            CHECK(expected.contains(key));
        }
    }
    CHECK(compared > 200);
}
