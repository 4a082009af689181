// Runs `explain` on every recorded output and compares its findings with INDEX.tsv.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "agent/commands/explain.hpp"
#include "exporters/status/text.hpp"
#include "exporters/status/view.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

struct Recording {
    std::string path, kind, expected;
    std::string text;
};

std::vector<Recording> recordings(const std::string& corpora) {
    const std::set<std::string> kinds = {"dmesg",         "mdstat",    "smartctl-json",
                                         "smartctl-text", "nvme-json", "atasmart-blob"};
    std::vector<Recording> found;
    std::istringstream lines(test::read_file(corpora + "/INDEX.tsv"));
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> columns(5);
        std::istringstream cells(line);
        for (std::string& column : columns) {
            std::getline(cells, column, '\t');
        }
        if (kinds.contains(columns[1])) {
            found.push_back(
                {columns[0], columns[1], columns[4], test::read_file(corpora + "/" + columns[0])});
        }
    }
    return found;
}

// The name that `explain` must give to a recording of this kind.
std::string_view name_of(const std::string& kind) {
    const std::map<std::string, std::string_view> names = {
        {"dmesg", "kernel log"},       {"mdstat", "mdstat"},  {"smartctl-json", "smartctl"},
        {"smartctl-text", "smartctl"}, {"nvme-json", "nvme"}, {"atasmart-blob", "libatasmart"}};
    return names.at(kind);
}

bool says(const Recording& recording, std::string_view words) {
    return recording.expected.find(words) != std::string::npos;
}

// True if INDEX.tsv has "key=0" or no such key.
bool none_of(const Recording& recording, std::string_view key) {
    const size_t at = recording.expected.find(std::string(key) + "=");
    if (at == std::string::npos) {
        return true;
    }
    const std::string value = recording.expected.substr(at + key.size() + 1);
    return value.starts_with("0") &&
           (value.size() == 1 || value.find_first_not_of("0x") == value.find_first_of("; ("));
}

std::vector<std::string> rules_of(const Report& report, Severity severity) {
    std::vector<std::string> rules;
    for (const Finding& finding : report.findings) {
        if (finding.severity == severity) {
            rules.push_back(finding.rule);
        }
    }
    return rules;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += word + " ";
    }
    return text;
}

using Reasons = std::map<std::string, std::string>;  // path → reason for the exception

// Files without information about any drive's health: explain must reject them or report the health
// as unknown, never as fine.
const Reasons no_health = {
    {"smartctl-json/netdata-type-nvme-scan.json", "a list of drives"},
    {"smartctl-json/netdata-type-sat-scan.json", "a list of drives"},
    {"smartctl-json/netdata-type-scsi-scan.json", "a list of drives"},
    {"smartctl-json/scrutiny-smartctl_scan_megaraid.json", "a list of drives"},
    {"smartctl-json/scrutiny-smartctl_scan_nvme.json", "a list of drives"},
    {"smartctl-json/scrutiny-smartctl_scan_simple.json", "a list of drives"},
    {"smartctl-text/pysmart-linux_01-_-scan-open.txt", "a list of drives"},
    {"smartctl-text/pysmart-linux_multiple_devices-_-scan-open.txt", "a list of drives"},
    {"smartctl-text/pysmart-linux_usb_nvme_asmedia_issue_97-_-scan-open.txt", "a list of drives"},
    {"smartctl-text/pysmart-mac_01-_-scan-open.txt", "a list of drives"},
    {"smartctl-text/pysmart-mac_02_issue_84-_-scan-open.txt", "a list of drives"},
    {"smartctl-text/pysmart-nvme_9_issue_72-_-scan-open.txt", "a list of drives"},
};

// Recordings with a critical finding that the index does not mention.
const Reasons critical_all_the_same = {};

// Drives with only a temperature attribute at the vendor's threshold, which healthy drives reach in
// summer: the temperature itself is judged, and was not too high.
const Reasons temperature_only = {
    {"smartctl-text/ed-hdd-st4000nm0033-9zm170-f733cc.txt", "attribute 190, 56 degrees"},
    {"smartctl-text/ed-ssd-mtfddak128mar-1j1aa-90y8649-90y8652ibm-a5b803.txt",
     "attribute 190, 18 degrees"},
    {"smartctl-text/ed-ssd-mtfddak128mar-1j1aa-90y8649-90y8652ibm-c2d1a8.txt",
     "attribute 190, 18 degrees"},
};

// Logs without errors of a drive that show trouble all the same.
const Reasons not_clean = {
    {"dmesg/clean-4.19.107-unraid-8cb72b.log", "a btrfs with a missing member does not mount"},
};

// Recordings of problems that lead to no finding.
const Reasons harmless_all_the_same = {
    {"mdstat/ml-raid5-now-recognized-as-raid1-eb5bb9-73.txt",
     "an appliance's system mirrors: 4 of 24 bays have a drive"},
};

void check_text(const std::string& text) {
    for (std::istringstream lines(text); !lines.eof();) {
        std::string line;
        std::getline(lines, line);
        CHECK_MESSAGE(harmless(line) == line, line);
    }
}

void check_kernel_log(const Recording& recording, bool any) {
    for (const char* trouble : {"io_error[", "critical_medium_error[", "md_disk_failure"}) {
        if (says(recording, trouble) && !harmless_all_the_same.contains(recording.path))
            CHECK_MESSAGE(any, trouble);
    }
}

void check_mdstat(const Recording& recording, const Report& report) {
    if (harmless_all_the_same.contains(recording.path)) {
        CHECK(report.findings.empty());
    } else if (says(recording, "DEGRADED")) {
        CHECK(std::ranges::any_of(report.findings, [](const Finding& finding) {
            return finding.rule.starts_with("array_degraded") || finding.rule == "array_failed";
        }));
    } else if (!says(recording, "faulty=") && !says(recording, "inactive") &&
               !critical_all_the_same.contains(recording.path)) {
        CHECK(rules_of(report, Severity::critical).empty());
    }
}

void check_drive(const Recording& recording, const Report& report) {
    const bool any = !report.findings.empty();
    const bool critical = !rules_of(report, Severity::critical).empty();
    if (says(recording, "smart_passed=false")) CHECK(critical);
    // An old-age attribute gives a warning only: the drive is worn or hot, but its vendor predicts
    // no failure.
    if (says(recording, "failing_now=")) CHECK(any == !temperature_only.contains(recording.path));
    if (!none_of(recording, "critical_warning") && !says(recording, "critical_warning={"))
        CHECK(any);
    const bool healthy = !says(recording, "smart_passed=false") &&
                         !says(recording, "failing_now=") &&
                         none_of(recording, "critical_warning") && none_of(recording, "pending") &&
                         none_of(recording, "offline_unc");
    if (healthy && !critical_all_the_same.contains(recording.path)) CHECK_FALSE(critical);
}

}  // namespace

TEST_CASE("explain agrees with the index on every recorded output") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    std::map<std::string, int> seen;
    for (const Recording& recording : recordings(*corpora)) {
        CAPTURE(recording.path);
        CAPTURE(recording.expected);
        ++seen[recording.kind];
        const auto explanation = explain_text(recording.text, 1'790'000'000);
        if (!explanation) {
            CHECK_MESSAGE(no_health.contains(recording.path), explanation.error().message);
            continue;
        }
        if (no_health.contains(recording.path)) {
            CHECK(explanation_health(*explanation) == Health::unknown);
        }
        CHECK(std::ranges::any_of(explanation->parts, [&](const ExplainedPart& part) {
            return part.what.find(name_of(recording.kind)) != std::string::npos;
        }));
        const Report& report = explanation->report;
        // Each finding shows its lines; a blob has none.
        for (size_t i = 0; i < report.findings.size(); ++i)
            CHECK_MESSAGE((explanation->evidence[i].count > 0 || recording.kind == "atasmart-blob"),
                          report.findings[i].rule);
        const auto critical = rules_of(report, Severity::critical);
        const bool any = !report.findings.empty();
        CAPTURE(joined(critical));

        const auto text = render_explanation(*explanation, report.written_at, {80, 24, false});
        CAPTURE(text);
        check_text(text);
        // Neither in a healthy log nor, without a finding, in any other is a line taken for
        // trouble.
        if (recording.path.starts_with("dmesg/clean-"))
            CHECK_MESSAGE(
                (any || explanation->strange_line_count > 0) == not_clean.contains(recording.path),
                text);
        else if (recording.kind == "dmesg")
            check_kernel_log(recording, any);
        else if (recording.kind == "mdstat")
            check_mdstat(recording, report);
        else
            check_drive(recording, report);
    }
    CHECK(seen["dmesg"] > 100);
    CHECK(seen["mdstat"] > 50);
    CHECK(seen["smartctl-json"] > 100);
    CHECK(seen["smartctl-text"] > 250);
    CHECK(seen["nvme-json"] > 5);
    CHECK(seen["atasmart-blob"] > 10);
}
