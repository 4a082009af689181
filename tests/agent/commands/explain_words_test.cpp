#include "agent/commands/explain_words.hpp"

#include <doctest/doctest.h>

#include "rules/rule.hpp"
#include "rules/text.hpp"

using namespace lastgood;

namespace {

// The finding of a rule about a subject of which the text tells nothing but its device name.
Finding finding_of(const Rule& rule, std::string_view advice, std::string_view id) {
    const TextValues values{rule.subject, id, {}, 3};
    Finding finding;
    finding.rule = rule.name;
    finding.summary = render_for_host(rule.summary, values);
    finding.steps = steps_of(advice);
    for (std::string& step : finding.steps) step = render_for_host(step, values);
    fit_to_saved_text(finding);
    return finding;
}

bool can_be_in_a_text(const Rule& rule) {
    return !rule.prometheus_only &&
           (rule.subject == SubjectKind::drive || rule.subject == SubjectKind::array ||
            rule.subject == SubjectKind::filesystem);
}

}  // namespace

TEST_CASE("no finding of a saved text sends its reader to this host or to this day") {
    for (const Rule& rule : all_rules()) {
        if (!can_be_in_a_text(rule)) continue;
        CAPTURE(rule.name);
        std::vector<std::string_view> all = {rule.advice};
        for (const auto& instead : rule.instead) all.push_back(instead.advice);
        for (const std::string_view advice : all) {
            const Finding finding = finding_of(rule, advice, "sdb");
            std::string text = finding.summary;
            for (const std::string& step : finding.steps) text += "\n" + step;
            CAPTURE(text);
            for (const char* word :
                 {"lastgood ", "journalctl", "SERIAL", "recent", "serial unknown", "model unknown",
                  "24 hours", "7 days", "  ", ".."})
                CHECK_MESSAGE(text.find(word) == std::string::npos, word);
            CHECK(text.find("\n\n") == std::string::npos);
        }
    }
}

TEST_CASE("a step keeps what helps anywhere") {
    Finding finding;
    finding.summary = "Drive unknown-drive (model unknown, serial unknown) has 3 recent errors.";
    finding.steps = {"Check now that a fresh backup holds its data: lastgood status",
                     "See where: journalctl -k -g sdb",
                     "Ask before you pull it: lastgood preflight sdb",
                     "Test it: smartctl -t long /dev/sdb", "Replace it (serial unknown)."};
    fit_to_saved_text(finding);
    CHECK(finding.summary == "The drive has 3 errors.");
    CHECK(finding.steps == std::vector<std::string>{"Check now that a fresh backup holds its data.",
                                                    "Test it: smartctl -t long /dev/sdb",
                                                    "Replace it."});
}

TEST_CASE("a filesystem that the text does not name has no odd name") {
    Finding finding;
    finding.summary = "Filesystem unknown (type unknown on unknown device) is damaged.";
    fit_to_saved_text(finding);
    CHECK(finding.summary == "A filesystem that is not named here is damaged.");
}

TEST_CASE("a device-mapper volume is not called an array without redundancy") {
    Finding finding;
    finding.subject = "dm-3";
    finding.summary =
        "Array dm-3 (level unknown) had 2 recent errors that its redundancy did not repair.";
    fit_to_saved_text(finding);
    CHECK(finding.summary == "Volume dm-3 had 2 errors.");
    finding.subject = "md3";
    finding.summary = "Array md3 had 2 errors that its redundancy did not repair.";
    fit_to_saved_text(finding);
    CHECK(finding.summary == "Array md3 had 2 errors that its redundancy did not repair.");
}

TEST_CASE("a UUID is said once") {
    Finding finding;
    finding.subject = "11111111-2222-3333-4444-555555555555";
    finding.summary = "Filesystem " + finding.subject + " (btrfs on " + finding.subject +
                      ") is damaged or stopped itself: 60 recent kernel errors.";
    fit_to_saved_text(finding);
    CHECK(finding.summary ==
          "Filesystem 11111111-2222-3333-4444-555555555555 (btrfs) is damaged or "
          "stopped itself: 60 kernel errors.");
}
