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
    CHECK(right >= 32);
    CHECK(missed == 0);
}
