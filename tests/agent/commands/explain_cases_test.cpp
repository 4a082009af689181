// Scores `explain` on strangers' bug reports: each has a verdict and names that must come out.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "agent/commands/explain.hpp"
#include "tests/support.hpp"

using namespace lastgood;

namespace {

struct Case {
    std::string path, verdicts;  // "critical", "warning or critical"
    std::vector<std::string> names;
};

// The value of "key=…;" in the last column of INDEX.tsv.
std::string field(const std::string& text, const std::string& key) {
    const size_t at = text.find(key + "=");
    if (at == std::string::npos) return {};
    const size_t begin = at + key.size() + 1;
    return text.substr(begin, text.find(';', begin) - begin);
}

std::vector<Case> cases_of(const std::string& corpora, const std::string& index) {
    std::vector<Case> cases;
    std::istringstream lines(test::read_file(corpora + index));
    std::string line;
    std::getline(lines, line);  // the names of the columns
    while (std::getline(lines, line)) {
        const size_t last = line.rfind('\t');
        if (last == std::string::npos) continue;
        Case one{line.substr(0, line.find('\t')), field(line.substr(last), "verdict"), {}};
        std::istringstream names(field(line.substr(last), "names"));
        for (std::string name; std::getline(names, name, ',');) one.names.push_back(name);
        cases.push_back(one);
    }
    return cases;
}

std::string word_of(Health health) {
    switch (health) {
        case Health::fine:
            return "fine";
        case Health::warning:
            return "warning";
        case Health::critical:
            return "critical";
        case Health::unknown:
            return "unknown";
    }
    return "unknown";
}

// "": right; else what is wrong. A name may lie in the subject of a finding or in its summary.
std::string judge(const std::string& text, const Case& one) {
    const auto explanation = explain_text(text, 1'790'000'000);
    if (!explanation) return "not recognised";
    const std::string verdict = word_of(explanation_health(*explanation));
    if (one.verdicts.find(verdict) == std::string::npos) return "verdict " + verdict;
    for (const std::string& name : one.names) {
        const bool named =
            std::ranges::any_of(explanation->report.findings, [&](const Finding& finding) {
                return (finding.subject + " " + finding.summary).find(name) != std::string::npos;
            });
        if (!named) return "does not name " + name;
    }
    return {};
}

}  // namespace

TEST_CASE("strangers' bug reports are explained rightly") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    size_t right = 0, missed = 0;
    std::string wrong;
    const auto cases = cases_of(*corpora + "/", "public-cases/INDEX.tsv");
    for (const Case& one : cases) {
        const std::string why = judge(test::read_file(*corpora + "/" + one.path), one);
        if (why.empty())
            ++right;
        else
            wrong += one.path + ": " + why + "\n";
        // What is not understood may be unknown, but a report of trouble is never fine.
        if (one.verdicts != "fine" && why == "verdict fine") ++missed;
    }
    CHECK(cases.size() >= 35);
    MESSAGE(right, " of ", cases.size(), " right\n", wrong);
    CHECK(right >= 35);
    CHECK(missed == 0);
}

TEST_CASE("each kind of text that was once missed is explained") {
    const auto corpora = test::corpora_directory();
    if (!corpora) return;
    const std::vector<Case> cases = {
        {"A1-dmesg-then-smartctl", "critical", {"sdc"}},
        {"A2-mdstat-then-dmesg", "critical", {"sdb"}},
        {"A3-long-dmesg-then-smart-FAILED", "critical", {}},
        {"B1-dmesgH-comma", "critical", {"sdb"}},
        {"B2-german-month", "critical", {"sdb"}},
        {"B3-indented-line", "critical", {"sda"}},
        {"C1-thin", "critical", {"dm-2"}},
        {"C2-ext4", "critical", {"sda6"}},
        {"C3-ext4-count", "warning", {"mmcblk0p2"}},
        {"C4-btrfs", "critical", {"sda1"}},
        {"C5-xfs", "critical", {"dm-0"}},
        {"C6-md-degraded", "critical", {"md126"}},
        {"C7-zio", "warning or critical", {"sdb"}},
        {"C8-megaraid", "critical", {"PD 02"}},
        {"C9-mptbase", "warning or critical", {"ioc0"}},
        {"C10-asc5d", "critical", {"sdb"}},
        {"C11-nvme-cap", "critical", {"nvme0n1"}},
        {"D1-smartd", "critical", {"sdb"}},
        {"E1-sr0", "fine", {}},
        {"E2-fd0", "fine", {}},
        {"F1-name", "warning", {"sdwt"}},
        {"F2-trunc", "warning or critical", {}},
        {"G1-nvme-removed", "critical", {"nvme2"}},
        {"H1-nvme-section", "critical", {}},
        {"I1-mdstat-nomap", "critical", {"md3"}},
        {"J1-freebsd", "unknown", {}},  // another system's log: shown, not understood
        {"K1-cardreader", "fine", {}},
        {"K2-atapass", "fine", {}},
        {"L1-late-kernel-line", "critical", {}},
    };
    for (const Case& one : cases) {
        const std::string path = *corpora + "/public-kinds/" + one.path + ".txt";
        const std::string wrong = judge(test::read_file(path), one);
        CHECK_MESSAGE(wrong.empty(), one.path, ": ", wrong);
    }
}
