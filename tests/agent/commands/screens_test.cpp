// Properties of every screen, on all recorded hosts: lines fit, nothing that identifies is cut, and
// no two screens contradict each other.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/judgement.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/utf8.hpp"
#include "exporters/prometheus/exposition.hpp"
#include "exporters/status/tables.hpp"
#include "exporters/status/text.hpp"
#include "exporters/status/view.hpp"
#include "tests/agent/commands/recorded_reports.hpp"
#include "tests/agent/commands/says_fine.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

constexpr size_t all_widths[] = {60, 72, 80, 100, 120, 200};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// A line may be wider than the screen only if one of its words, indented as findings are, is; or if
// it is a command, which must be copied as one line.
void check_fits(const std::string& text, size_t width) {
    bool is_command = false;
    for (const std::string& line : lines_of(text)) {
        if (std::exchange(is_command, line.ends_with(':'))) continue;
        size_t longest = 0;
        std::istringstream words(line);
        for (std::string word; words >> word;) longest = std::max(longest, display_width(word));
        CHECK_MESSAGE((display_width(line) <= width || longest + 16 > width), line);
    }
}

// The words of the text stand in the screen whole, one after the other; line breaks and other
// columns may lie between them.
bool shows(const std::string& screen, const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (screen.find(word) == std::string::npos) return false;
    }
    return true;
}

std::string normal(std::string text) {
    std::ranges::replace(text, '_', ' ');
    std::ranges::replace(text, ',', ' ');
    return harmless(text);
}

const Subject* subject_of(const Facts& facts, const Finding& finding) {
    return facts.find(finding.kind, finding.subject);
}

// The row of a table that begins with this state and name; "" if there is none.
std::string row_of(const std::string& screen, const std::string& state, const std::string& name) {
    for (const std::string& line : lines_of(screen)) {
        if (!line.starts_with(state + " ")) continue;
        const size_t begin = std::min(line.find_first_not_of(' ', state.size()), line.size());
        const std::string rest = line.substr(begin);
        if (rest == name || rest.starts_with(name + " ")) return line;
    }
    return "";
}

}  // namespace

TEST_CASE("the whole status shows every name, serial and state at any width") {
    for (const NamedReport& one : recorded_reports()) {
        const Facts facts(one.report);
        const Judge judgements(one.report, facts, one.now);
        for (const size_t width : all_widths) {
            CAPTURE(one.name);
            CAPTURE(width);
            const auto screen = render_status(one.report, one.now, {width, 0, false});
            check_fits(screen, width);
            CHECK(screen.find('\033') == std::string::npos);
            for (const Finding& finding : one.report.findings) {
                const Subject* subject = facts.find(finding.kind, finding.subject);
                REQUIRE(subject != nullptr);  // of many like it, only the name is shown
                CHECK_MESSAGE(
                    (shows(screen, harmless(finding.summary)) || shows(screen, subject->name())),
                    finding.summary);
            }
            for (const SubjectKind kind : {SubjectKind::drive, SubjectKind::array,
                                           SubjectKind::filesystem, SubjectKind::backup}) {
                for (const Subject* subject : facts.of(kind)) {
                    const State state =
                        state_of(*subject, judgements.of(*subject), judgements.now());
                    CHECK_MESSAGE(shows(screen, subject->name()), subject->name());
                    CHECK_MESSAGE(shows(screen, state.word), state.word);
                    for (const char* key : {"serial", "model"}) {
                        const auto value = harmless(subject->label(metric::drive_info, key));
                        CHECK_MESSAGE(shows(screen, value), value);
                    }
                }
            }
        }
    }
}

TEST_CASE("the screen of a subject shows every identity, member and state at any width") {
    for (const NamedReport& one : recorded_reports()) {
        const Facts facts(one.report);
        for (const SubjectKind kind : named_subject_kinds) {
            for (const Subject* subject : facts.of(kind)) {
                for (const size_t width : all_widths) {
                    CAPTURE(one.name);
                    CAPTURE(width);
                    CAPTURE(subject->id);
                    const auto screen =
                        render_subject(one.report, subject->id, one.now, {width, 0, false});
                    check_fits(screen, width);
                    CHECK(shows(screen, harmless(subject->id)));
                    for (const Observation* fact : subject->observations) {
                        const bool identity = fact->metric->type == MetricType::info;
                        if (!identity && fact->metric != &metric::array_member) continue;
                        for (const auto& label : fact->labels) {
                            // clang 14 captures no structured bindings
                            const std::string &key = label.first, &value = label.second;
                            const bool reworded = key == "rotational" || key == "drive" ||
                                                  (key == "reader" && value == "none");
                            const std::string shown = identity ? harmless(value) : normal(value);
                            CHECK_MESSAGE((reworded || shows(screen, shown)), key, " ", value);
                        }
                        const Subject* drive = facts.find(SubjectKind::drive, fact->label("drive"));
                        if (drive == nullptr) continue;
                        CHECK(shows(screen, drive->name()));
                        CHECK(shows(screen, harmless(drive->label(metric::drive_info, "serial"))));
                    }
                }
            }
        }
    }
}

TEST_CASE("no two screens contradict each other") {
    for (const NamedReport& one : recorded_reports()) {
        CAPTURE(one.name);
        const Facts facts(one.report);
        const Judge judgements(one.report, facts, one.now);
        const Health host = judge(one.report, one.now).health;
        const auto screen = render_status(one.report, one.now, {200, 0, false});
        CHECK((host == Health::fine) ==
              (lines_of(screen).front().find(": FINE ") != std::string::npos));
        for (const SubjectKind kind : named_subject_kinds) {
            for (const Subject* subject : facts.of(kind)) {
                CAPTURE(subject->id);
                const Judgement judgement = judgements.of(*subject);
                CHECK(worse(host, judgement.health) == host);
                const State state = state_of(*subject, judgement, one.now);
                const auto own = render_subject(one.report, subject->id, one.now, {200, 0, false});
                CHECK(lines_of(own).front().find(": " + state.word + "  ") != std::string::npos);
                CHECK((judgement.health == Health::fine) == test::says_fine(own));
                if (kind != SubjectKind::collector &&
                    subject->name().find(' ') == std::string::npos)
                    CHECK(row_of(screen, state.word, subject->name()) != "");
            }
        }
        for (const Finding& finding : one.report.findings) {
            const Subject* subject = subject_of(facts, finding);
            REQUIRE(subject != nullptr);
            const Health health = health_of(finding.severity);
            CHECK(worse(judgements.of(*subject).health, health) == judgements.of(*subject).health);
        }
        const auto metrics = to_exposition(one.report, true);
        CHECK((metrics.find("\nlastgood_finding{") != std::string::npos) ==
              !one.report.findings.empty());
    }
}

TEST_CASE("a filesystem is backed up only if one of its backups is fine") {
    for (const NamedReport& one : recorded_reports()) {
        CAPTURE(one.name);
        const Facts facts(one.report);
        const Judge judgements(one.report, facts, one.now);
        const bool fine = std::ranges::any_of(facts.of(SubjectKind::backup), [&](auto* backup) {
            return judgements.of(*backup).health == Health::fine;
        });
        for (const Subject* filesystem : facts.of(SubjectKind::filesystem)) {
            const Cover cover = judgements.cover_of(*filesystem);
            CAPTURE(cover.word);
            if (!filesystem->first(metric::filesystem_backed_up)) continue;
            CHECK((cover.word != "yes" || fine));
            if (cover.word == "yes" || cover.word == "no") continue;
            CHECK(judgements.of(*filesystem).health != Health::fine);
        }
    }
}

TEST_CASE("a drive that holds the only copy of something is not fine") {
    for (const NamedReport& one : recorded_reports()) {
        const Facts facts(one.report);
        const Judge judgements(one.report, facts, one.now);
        for (const Subject* array : facts.of(SubjectKind::array)) {
            if (array->value(metric::array_degraded_members).value_or(0) == 0) continue;
            for (const Membership* membership : judgements.relations().members_of(*array)) {
                if (membership->fatal != true || membership->drive == nullptr) continue;
                CAPTURE(one.name);
                CHECK(judgements.of(*membership->drive).health == Health::critical);
            }
        }
    }
}

TEST_CASE("the drive that a degraded RAID 10 depends on says so") {
    const auto reports = recorded_reports();
    const auto host = std::ranges::find(reports, "raid10-one-lost", &NamedReport::name);
    REQUIRE(host != reports.end());
    const auto screen = render_subject(host->report, "sda", host->now, {200, 24, false});
    CHECK(screen.starts_with("drive sda: VITAL  it must not fail or be pulled: array md127 has"));
    CHECK(screen.find("write error") != std::string::npos);
    CHECK(screen.find("24 corrected read errors") != std::string::npos);
    CHECK(screen.find("2 bad-block ranges") != std::string::npos);
    CHECK(screen.find("requests that failed since it was attached   31") != std::string::npos);
    CHECK(render_subject(host->report, "sdc", host->now, {80, 24, false})
              .starts_with("drive sdc: not read"));
}

TEST_CASE("what could not be read is unknown, neither fine nor never") {
    const auto reports = recorded_reports();
    const auto screen_of = [&](const char* name) {
        const auto host = std::ranges::find(reports, name, &NamedReport::name);
        REQUIRE(host != reports.end());
        return render_status(host->report, host->now, {100, 0, false});
    };
    CHECK(row_of(screen_of("mirror-healthy (hung)"), "unknown", "/") != "");
    const auto unread =
        row_of(screen_of("mirror-healthy (unread)"), "unknown", "nightly-of-everything");
    CHECK(unread.find("unknown", 10) != std::string::npos);
    CHECK(unread.find("never") == std::string::npos);
    CHECK(row_of(screen_of("mirror-healthy (unread)"), "unknown", "/").find("unreadable") !=
          std::string::npos);
    CHECK(row_of(screen_of("mirror-healthy (late)"), "CRITICAL", "/").find("stale (9 d)") !=
          std::string::npos);
    CHECK(row_of(screen_of("mirror-healthy (fresh)"), "fine", "/").find("yes") !=
          std::string::npos);
}
