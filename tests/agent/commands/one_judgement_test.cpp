// No two screens contradict each other: status, status SUBJECT, the tables, preflight, the start
// page, /metrics and JSON, on every recorded host and on hosts made from them by one or two
// changes.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <random>
#include <sstream>

#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/preflight.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/exposition.hpp"
#include "exporters/prometheus/page.hpp"
#include "exporters/status/json.hpp"
#include "exporters/status/view.hpp"
#include "tests/agent/commands/mutated_reports.hpp"
#include "tests/agent/commands/says_fine.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

constexpr ViewOptions wide{.width = 200, .height = 0};

// What the words of screens mean. VITAL is said of a drive that is in order itself.
std::string health_of_word(const std::string& word) {
    static const std::map<std::string, std::string> meaning = {
        {"fine", "fine"},         {"asleep", "fine"},     {"no data", "fine"},
        {"accepted", "fine"},     {"warning", "warning"}, {"vital", "warning"},
        {"CRITICAL", "critical"}, {"VITAL", "critical"},  {"unknown", "unknown"},
        {"FAILED", "unknown"},    {"gone", "unknown"},    {"not read", "unknown"},
    };
    const auto found = meaning.find(word);
    return found == meaning.end() ? "no word: " + word : found->second;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// "sda" in "drive sda: not read  its health…" -> "not read"; "" if the line begins differently.
std::string word_after(const std::string& line, const std::string& start) {
    if (!line.starts_with(start)) return "";
    return line.substr(start.size(), line.find("  ", start.size()) - start.size());
}

// The cells of a table's row: they are two spaces apart.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    for (size_t at = 0; at < line.size();) {
        const size_t begin = line.find_first_not_of(' ', at);
        if (begin == std::string::npos) break;
        const size_t end = std::min(line.find("  ", begin), line.size());
        cells.push_back(line.substr(begin, end - begin));
        at = end;
    }
    return cells;
}

// The rows of the table with this title, by the name in the second column.
std::map<std::string, std::vector<std::string>> table_of(const std::string& screen,
                                                         const std::string& title) {
    std::map<std::string, std::vector<std::string>> rows;
    bool inside = false;
    for (const std::string& line : lines_of(screen)) {
        if (line.starts_with(title + " ")) inside = true;
        if (line.empty()) inside = false;
        if (!inside || line.starts_with(" ")) continue;
        const auto cells = cells_of(line);
        if (cells.size() > 1) rows[cells[1]] = cells;
    }
    return rows;
}

std::string title_of(SubjectKind kind) {
    std::string title(to_string(kind));
    std::ranges::transform(title, title.begin(), [](char c) { return static_cast<char>(c - 32); });
    return title + "S";
}

// Whether the judgement of the subject in JSON has "key":"value".
bool json_says(const std::vector<std::string>& lines, const Subject& subject, std::string_view key,
               std::string_view value) {
    const std::string start =
        fmt::format("{{\"kind\":\"{}\",\"subject\":\"{}\",", to_string(subject.kind), subject.id);
    return std::ranges::any_of(lines, [&](const std::string& line) {
        return line.starts_with(start) &&
               line.find(fmt::format(",\"{}\":\"{}\",", key, value)) != std::string::npos;
    });
}

// Everything that is said of one host.
struct Said {
    explicit Said(const NamedReport& host)
        : named(host), facts(host.report), judge(host.report, facts, host.now) {
        status = render_status(host.report, host.now, wide);
        for (const SubjectKind kind :
             {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem, SubjectKind::backup})
            tables[kind] = table_of(status, title_of(kind));
        metrics = to_exposition(host.report, true);
        std::vector<const Subject*> all;
        for (const SubjectKind kind : named_subject_kinds)
            for (const Subject* subject : facts.of(kind)) all.push_back(subject);
        const Verdict verdict = lastgood::judge(host.report, judge, false);
        health = plain_word_of(verdict.health);
        code = exit_code(verdict.health);
        json = status_to_json(host.report, judge, verdict.health, all);
        for (const std::string& line : lines_of(json))
            if (line.starts_with("{\"kind\":")) in_json.push_back(line);
    }
    const NamedReport& named;
    Facts facts;
    Judge judge;
    std::string status, metrics, json, health;
    int code = 3;
    std::vector<std::string> in_json;  // lines of judgements
    std::map<SubjectKind, std::map<std::string, std::vector<std::string>>> tables;
};

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    return text;
}

void check_host(const Said& said) {
    CHECK(word_after(said.status.substr(0, said.status.find('\n')), "db8: ") == upper(said.health));
    CHECK(said.json.find(fmt::format("\n\"health\":\"{}\",\n", said.health)) != std::string::npos);
    // The page is at the time of the request, the metrics are at the time of the report.
    const std::string page = page_of(said.named.report, said.named.now);
    CHECK(page.find("<title>db8: " + upper(said.health) + " - lastgood</title>") !=
          std::string::npos);
    CHECK(page.find(">" + upper(said.health) + "</span>") != std::string::npos);
    CHECK(said.metrics.find(fmt::format("\nlastgood_host_health{{state=\"{}\"}} 1\n",
                                        said.health)) != std::string::npos);
    const std::map<std::string, int> codes = {
        {"fine", 0}, {"warning", 1}, {"critical", 2}, {"unknown", 3}};
    CHECK(codes.at(said.health) == said.code);
    // The whole is never better than its worst finding.
    for (const Finding& finding : said.named.report.findings) {
        if (finding.accepted) continue;
        CHECK(said.code != 0);
        if (finding.severity == Severity::critical) CHECK(said.code == 2);
    }
}

// Checks that all say the same of the subject; returns its health.
std::string check_subject(const Said& said, const Subject& subject, const std::string& screen) {
    const std::string kind(to_string(subject.kind));
    const std::string word = word_after(screen.substr(0, screen.find('\n')),
                                        fmt::format("{} {}: ", kind, subject.name()));
    std::string health = health_of_word(word);
    CHECK(json_says(said.in_json, subject, "health", health));
    CHECK(said.metrics.find(fmt::format("\nlastgood_{}_health{{{}=\"{}\",state=\"{}\"}} 1\n", kind,
                                        kind, subject.id, health)) != std::string::npos);
    CHECK(test::says_fine(screen) == (health == "fine" && word != "accepted"));
    if (subject.kind != SubjectKind::collector) {
        const auto& row = said.tables.at(subject.kind);
        REQUIRE(row.contains(subject.name()));
        CHECK(row.at(subject.name())[0] == word);
    }
    // A finding that counts and a collector that fails are never fine; the host is told of both.
    bool problem = false;
    for (const Problem& one : said.named.report.problems) problem |= one.subject == subject.id;
    for (const Finding* finding : subject.findings) {
        if (finding->accepted) continue;
        CHECK(health != "fine");
        if (finding->severity == Severity::critical) CHECK(health == "critical");
    }
    if (problem) CHECK(health != "fine");
    if (health != "fine") CHECK(said.code != 0);
    return health;
}

bool accepted(const Subject& subject, std::string_view rule) {
    return std::ranges::any_of(subject.findings, [&](const Finding* finding) {
        return finding->accepted && finding->rule.starts_with(rule);
    });
}

void check_drive(const Said& said, const Subject& drive, const std::string& screen,
                 const std::string& health) {
    const Preflight asked = preflight(said.named.report, drive.id, said.named.now,
                                      [](std::string_view) { return Held::no; });
    const bool no_go = asked.verdict == PreflightVerdict::no_go;
    const auto cells = said.tables.at(SubjectKind::drive).at(drive.name());
    const auto pull = [&](const char* word) {
        return std::ranges::find(cells, word) != cells.end();
    };
    CHECK(pull("no") == no_go);
    CHECK(pull("ask") == !no_go);
    CHECK(json_says(said.in_json, drive, "pull", no_go ? "no" : "ask"));
    const auto row = [&](const std::string& text) {
        return screen.find("\n  pulled?    " + text) != std::string::npos;
    };
    CHECK(row("no: ") == no_go);
    CHECK(row("cannot tell: ") == (asked.verdict == PreflightVerdict::cannot_tell));
    CHECK(row("ask first: ") == (asked.verdict == PreflightVerdict::go));
    const std::string first = screen.substr(0, screen.find("\n  id"));
    if (health == "fine" && no_go) CHECK(first.find("; do not pull it") != std::string::npos);
    if (health == "fine" && asked.verdict == PreflightVerdict::cannot_tell)
        CHECK(first.find("; cannot tell whether it may be pulled") != std::string::npos);
    // What is wrong elsewhere and forbids to pull it is wrong with it.
    CHECK(asked.because.size() == asked.against.size());
    for (const std::string& reason : asked.against) {
        for (const Subject* other : said.facts.of(SubjectKind::drive)) {
            const bool names = reason.starts_with(fmt::format("if {} ", other->name()));
            if (names && other->worst && *other->worst != Severity::unknown)
                CHECK(health != "fine");
        }
        for (const Subject* array : said.facts.of(SubjectKind::array)) {
            const bool names = reason.starts_with(fmt::format("array {} ", array->name()));
            if (names && array->worst && *array->worst != Severity::unknown)
                CHECK(health != "fine");
        }
    }
    // Old, missing and bad values.
    const auto bad = [&](const Metric& metric, std::string_view rule) {
        if (drive.value(metric) == 0 && !accepted(drive, rule)) CHECK(health != "fine");
    };
    bad(metric::drive_present, "drive_gone");
    bad(metric::drive_smart_passed, "drive_failing_verdict");
    if (drive.value(metric::drive_present) != 0)
        bad(metric::drive_answering, "drive_not_answering");
    const auto read = drive.value(metric::drive_read_timestamp_seconds);
    const bool asleep = drive.label(metric::drive_power_state, "state") == "standby";
    const bool silent = drive.label(metric::drive_info, "reader") == "none";
    if (health == "fine" && !silent && !accepted(drive, "drive_")) {
        CHECK(read.has_value());
        CHECK((asleep || said.named.now - *read <= 2 * 86400));
    }
}

// Whether the newest copy is proven, in time and read, by the raw values.
bool in_order(const Said& said, const Subject& backup) {
    double newest = -1e18;
    for (const Observation* one : backup.observations) {
        const bool proof =
            one->label("confidence") == "exact" || one->label("confidence") == "inferred";
        if (one->metric == &metric::backup_newest_timestamp_seconds && proof)
            newest = std::max(newest, one->value);
    }
    const double age = said.named.now - newest;
    const bool counts = std::ranges::any_of(
        backup.findings, [](const Finding* finding) { return !finding->accepted; });
    const auto limit = backup.value(metric::backup_max_age_seconds);
    const auto due = backup.value(metric::backup_due_timestamp_seconds);
    return (limit || due) && age <= limit.value_or(1e17) && newest >= due.value_or(-1e17) - 300 &&
           age >= -3600 && backup.value(metric::backup_readable) != 0 &&
           backup.value(metric::backup_incomplete) != 1 && !counts;
}

void check_filesystem(const Said& said, const Subject& filesystem, const std::string& screen,
                      const std::string& health) {
    bool any = false, named = false, accepted_one = false;
    for (const Observation* one : filesystem.observations) {
        if (one->metric != &metric::filesystem_backup) continue;
        named = true;
        const Subject* backup = said.facts.find(SubjectKind::backup, one->label("backup"));
        if (backup == nullptr) continue;
        any |= in_order(said, *backup);
        accepted_one |= accepted(*backup, "");
    }
    if (!named || filesystem.value(metric::filesystem_backed_up) != 1) return;
    const auto cells = said.tables.at(SubjectKind::filesystem).at(filesystem.name());
    const bool yes = std::ranges::find(cells, "yes") != cells.end();
    CHECK(json_says(said.in_json, filesystem, "backup", "yes") == yes);
    CHECK((screen.find("\n  backed up  yes") != std::string::npos) == yes);
    if (yes) CHECK(any);
    if (!any && !accepted_one) CHECK(health != "fine");
    for (const Subject* drive : said.facts.of(SubjectKind::drive)) {
        const Preflight asked = preflight(said.judge, *drive);
        for (const std::string& note : asked.notes)
            if (note.starts_with("newest proven backup of " + filesystem.name() + ":")) CHECK(yes);
    }
}

void check(const NamedReport& host) {
    CAPTURE(host.name);
    const Said said(host);
    check_host(said);
    for (const SubjectKind kind : named_subject_kinds) {
        for (const Subject* subject : said.facts.of(kind)) {
            CAPTURE(subject->id);
            const auto screen = render_subject(host.report, subject->id, host.now, wide);
            const std::string health = check_subject(said, *subject, screen);
            if (kind == SubjectKind::drive) check_drive(said, *subject, screen, health);
            if (kind == SubjectKind::filesystem) check_filesystem(said, *subject, screen, health);
        }
    }
    // A fold hides no drive that must stay.
    const auto folded = render_status(host.report, host.now, {.width = 200, .height = 5});
    size_t all = 0, shown = 0;
    for (const auto& [name, cells] : said.tables.at(SubjectKind::drive))
        all += std::ranges::find(cells, "no") != cells.end() ? 1 : 0;
    for (const auto& [name, cells] : table_of(folded, "DRIVES"))
        shown += std::ranges::find(cells, "no") != cells.end() ? 1 : 0;
    if (shown < all) CHECK(folded.find(" must stay") != std::string::npos);
}

// Hosts to change: with healthy drives and a fresh backup of everything on another host.
std::vector<NamedReport> bases() {
    auto reports = recorded_reports();
    std::erase_if(reports, [](const NamedReport& one) { return !one.name.ends_with("(fresh)"); });
    for (NamedReport& one : reports) {
        for (Observation& fact : one.report.observations)
            if (fact.metric == &metric::drive_reallocated_sectors) fact.value = 0;
        one.report.observations.push_back({&metric::backup_failure_domain,
                                           "nightly-of-everything",
                                           {{"domain", "off-host"}},
                                           1,
                                           one.now});
    }
    return reports;
}

NamedReport changed(const NamedReport& base, const Change& change) {
    NamedReport copy = base;
    copy.name += ", " + change.name;
    change.apply(copy);
    return copy;
}

Hold hold_of(size_t i) {
    return i % 2 == 0 ? Hold::for_long : Hold::just_began;
}

}  // namespace

TEST_CASE("no screen contradicts another one on a recorded host") {
    for (const NamedReport& one : recorded_reports()) {
        if (one.name.ends_with("(long names)")) continue;
        check(one);
        const auto saved = parse_report(Said(one).json);
        REQUIRE(saved);
        CHECK(saved->observations == one.report.observations);
        CHECK(saved->findings == one.report.findings);
    }
}

TEST_CASE("no screen contradicts another one after a change") {
    size_t count = 0;
    for (const NamedReport& base : bases()) {
        for (const Change& change : changes_of(base)) {
            NamedReport copy = changed(base, change);
            find_again(copy, hold_of(count++), Accepted::nothing);
            check(copy);
        }
    }
    CHECK(count > 500);
}

TEST_CASE("no screen contradicts another one when findings are accepted") {
    size_t count = 0;
    for (const NamedReport& base : bases()) {
        for (const Change& change : changes_of(base)) {
            NamedReport copy = changed(base, change);
            find_again(copy, Hold::for_long,
                       ++count % 2 == 0 ? Accepted::one : Accepted::everything);
            if (!copy.report.findings.empty()) check(copy);
        }
    }
}

TEST_CASE("an accepted finding changes nothing but what it says") {
    size_t not_fine = 0;
    for (const NamedReport& base : bases()) {
        for (const Change& change : changes_of(base)) {
            NamedReport copy = changed(base, change);
            CAPTURE(copy.name);
            find_again(copy, Hold::just_began, Accepted::nothing);
            NamedReport other = copy;
            const Facts facts(copy.report);
            for (const SubjectKind kind : named_subject_kinds) {
                for (const Subject* subject : facts.of(kind)) {
                    Finding finding{"another", Severity::critical, kind, subject->id, "S.", {}};
                    finding.accepted = Acceptance{};
                    other.report.findings.push_back(finding);
                }
            }
            const Facts others(other.report);
            const Judge with(other.report, others, other.now),
                without(copy.report, facts, copy.now);
            for (const SubjectKind kind : named_subject_kinds) {
                for (const Subject* subject : facts.of(kind)) {
                    CAPTURE(subject->id);
                    const Health health = without.of(*subject).health;
                    not_fine += health == Health::fine ? 0 : 1;
                    CHECK(with.of(*others.find(kind, subject->id)).health == health);
                }
            }
        }
    }
    CHECK(not_fine > 500);
}

TEST_CASE("no screen contradicts another one whatever rule holds") {
    for (const NamedReport& base : bases())
        if (base.name.starts_with("mirror") || base.name.starts_with("raid10"))
            for (const NamedReport& one : with_each_finding(base)) check(one);
}

TEST_CASE("no screen contradicts another one after two changes") {
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same hosts on each run
    for (const NamedReport& base : bases()) {
        const auto changes = changes_of(base);
        const auto any = [&]() -> const Change& { return changes[random() % changes.size()]; };
        for (size_t i = 0; i < 40; ++i) {
            NamedReport copy = changed(changed(base, any()), any());
            find_again(copy, hold_of(i), static_cast<Accepted>(i % 3));
            check(copy);
        }
    }
}
