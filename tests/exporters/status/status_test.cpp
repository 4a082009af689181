#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <tuple>

#include "core/facts.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "exporters/status/text.hpp"
#include "exporters/status/view.hpp"
#include "tests/exporters/reports.hpp"
#include "tests/support.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

const ViewOptions screen{80, 24, false};

std::string golden(const char* name) {
    return fmt::format("exporters/golden/{}", name);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

void check_fits(const std::string& text, size_t width) {
    for (const std::string& line : lines_of(text)) {
        CHECK_MESSAGE(display_width(line) <= width, line);
    }
}

void check_harmless(const std::string& text) {
    for (const std::string& line : lines_of(text)) {
        CHECK_MESSAGE(harmless(line) == line, line);
    }
}

Acceptance accepted_until(Timestamp time) {
    Acceptance one;
    one.by = "root";
    one.until = time;
    return one;
}

std::string status(const Report& report, Seconds later = 0) {
    return render_status(report, report_time + later, screen);
}

}  // namespace

TEST_CASE("a healthy host fits on one screen, with the time since when it is watched") {
    const auto text = status(healthy_host());
    CHECK(matches_golden(golden("healthy_host.txt"), text));
    CHECK(lines_of(text).size() < 24);
    CHECK(text.starts_with("db8: FINE  4 drives"));
    CHECK(text.find("watched since 2026-08-01") != std::string::npos);
    CHECK(exit_code(judge(healthy_host(), report_time).health) == 0);
    check_fits(text, 80);
}

TEST_CASE("24 healthy drives are folded; each unusual one is listed") {
    const auto text = status(healthy_host(24));
    CHECK(matches_golden(golden("healthy_24_drives.txt"), text));
    CHECK(lines_of(text).size() < 24);
    CHECK(text.find("24 drives, all fine") != std::string::npos);

    Report report = healthy_host(24);
    report.findings.push_back({"drive_suspect",
                               Severity::warning,
                               SubjectKind::drive,
                               "wwn-0x5000c5000000000k",
                               "drive sdk is suspect",
                               {"Order a new one."},
                               report_time - 60});
    const auto one = status(report);
    CHECK(matches_golden(golden("one_of_24_drives.txt"), one));
    CHECK(one.find("23 more drives, all fine") != std::string::npos);
    CHECK(one.find("warning  sdk") != std::string::npos);
    // Height 0: nothing is folded.
    CHECK(render_status(report, report_time, {80, 0, false}).find("sdx") != std::string::npos);
}

TEST_CASE("screens are as in the golden files") {
    const std::pair<const char*, Report> screens[] = {
        {"failing_drive.txt", failing_drive()},     {"degraded_array.txt", degraded_array()},
        {"stale_backup.txt", stale_backup()},       {"sleeping_drive.txt", sleeping_drive()},
        {"empty_host.txt", empty_host()},           {"virtual_machine.txt", virtual_machine()},
        {"unreadable_host.txt", unreadable_host()}, {"hostile_names.txt", hostile_names()}};
    for (const auto& one : screens) {  // clang 14 captures no structured bindings
        const char* const file = one.first;
        const Report& report = one.second;
        CAPTURE(file);
        const auto text = status(report);
        CHECK(matches_golden(golden(file), text));
        check_fits(text, 80);
        check_harmless(text);
    }
}

TEST_CASE("each verdict has its exit code") {
    const auto health = [](const Report& report, Seconds later = 0) {
        return judge(report, report_time + later).health;
    };
    CHECK(health(failing_drive()) == Health::critical);
    CHECK(health(degraded_array()) == Health::critical);
    CHECK(health(sleeping_drive()) == Health::fine);
    CHECK(health(virtual_machine()) == Health::fine);
    CHECK(health(empty_host()) == Health::unknown);
    CHECK(health(unreadable_host()) == Health::unknown);
    CHECK(health(healthy_host(), 85) == Health::fine);
    CHECK(health(healthy_host(), 100) == Health::unknown);
    CHECK(health(healthy_host(), -200) == Health::unknown);
    CHECK(health(failing_drive(), 100) == Health::unknown);
    Report warned = healthy_host();
    warned.findings.push_back({"x", Severity::warning, SubjectKind::host, "", "x", {}, 0});
    CHECK(health(warned) == Health::warning);
    warned.findings[0].severity = Severity::unknown;
    CHECK(health(warned) == Health::unknown);
    CHECK(exit_code(Health::fine) == 0);
    CHECK(exit_code(Health::warning) == 1);
    CHECK(exit_code(Health::critical) == 2);
    CHECK(exit_code(Health::unknown) == 3);
}

TEST_CASE("the attribute that reached its limit is marked in the table of its drive") {
    Report report = healthy_host();
    const std::string drive = "wwn-0x5000c5000000000b";
    const auto add = [&](const char* id, const char* name, double value, double worst,
                         double threshold) {
        for (const auto& [kind, number] :
             {std::pair("raw", 5.0), std::pair("normalized", value), std::pair("worst", worst),
              std::pair("threshold", threshold)})
            report.observations.push_back({&metric::drive_attribute,
                                           drive,
                                           {{"id", id}, {"kind", kind}, {"name", name}},
                                           number,
                                           report_time});
    };
    add("9", "Power_On_Hours", 70, 70, 0);
    add("184", "End-to-End_Error", 95, 95, 99);
    add("190", "Airflow_Temperature_Cel", 62, 45, 45);
    add("199", "UDMA_CRC_Error_Count", 200, 200, 0);
    report.observations.push_back({&metric::drive_attributes_at_limit,
                                   drive,
                                   {{"attributes", "184 End-to-End_Error"}, {"type", "old_age"}},
                                   1,
                                   report_time});
    for (const size_t width : {60U, 80U, 100U, 120U}) {
        CAPTURE(width);
        const std::string text = render_subject(report, "sdb", report_time, {width, 24, false});
        CHECK(text.find("at limit   184 End-to-End_Error (old age)") != std::string::npos);
        // Each mark stands behind its attribute and before the next one.
        size_t at = text.find("Power_On_Hours");
        for (const char* next : {"End-to-End_Error  ", "at its limit", "Airflow_Temperature_Cel",
                                 "was at its limit", "UDMA_CRC_Error_Count"}) {
            CAPTURE(next);
            const size_t found = text.find(next, at);
            REQUIRE(found != std::string::npos);
            at = found;
        }
        CHECK(text.find("at its limit", at) == std::string::npos);
        check_fits(text, width);
    }
}

TEST_CASE("the screen says how many drives answered behind each RAID controller") {
    for (Report report : {healthy_host(), failing_drive()}) {
        CHECK(status(report).find("answered behind") == std::string::npos);
        for (const auto& [host, driver, count] :
             {std::tuple("host2", "3w-9xxx", 3), std::tuple("host3", "aacraid", 1)})
            report.observations.push_back({&metric::controller_drives,
                                           "",
                                           {{"controller", host}, {"driver", driver}},
                                           static_cast<double>(count),
                                           report_time});
        CHECK(
            status(report).find(
                "          3 drives answered behind controller host2 (3w-9xxx); 1 drive answered\n"
                "          behind controller host3 (aacraid)\n") != std::string::npos);
    }
}

TEST_CASE("a host with a drive that was not read is not fine") {
    Report report = healthy_host();
    std::erase_if(report.observations, [](const Observation& observation) {
        return observation.metric == &metric::drive_read_timestamp_seconds &&
               observation.subject == "wwn-0x5000c5000000000c";
    });
    CHECK(judge(report, report_time).health == Health::unknown);
    CHECK(status(report).find("not read") != std::string::npos);
}

TEST_CASE("a dead agent comes first on the screen, and its old findings are marked as past") {
    const auto text = status(failing_drive(), 3 * 3600);
    CHECK(matches_golden(golden("dead_agent.txt"), text));
    CHECK(text.starts_with("db8: UNKNOWN"));
    CHECK(text.find("3 h") != std::string::npos);
    const auto healthy_text = render_status(healthy_host(), report_time + 3 * 3600, {80, 24, true});
    CHECK(healthy_text.find("\033[32m") == std::string::npos);
    for (const std::string& line : lines_of(healthy_text)) {
        CHECK_MESSAGE(!line.starts_with("fine "), line);
    }
    // The agent was killed a moment ago: the report is still fresh.
    ViewOptions gone = screen;
    gone.agent_gone = true;
    const auto killed = render_status(healthy_host(), report_time, gone);
    CHECK(killed.starts_with("db8: UNKNOWN"));
    CHECK(killed.find("not running") != std::string::npos);
    CHECK(judge(healthy_host(), report_time, true).health == Health::unknown);
    const Error absent{ErrorKind::absent, "no such file"};
    CHECK(matches_golden(golden("no_report.txt"),
                         render_no_report(absent, "/run/lastgood/report.json", screen)));
}

TEST_CASE("a dead agent is sent no signal: its number may be another's") {
    Report report = failing_drive();
    report.findings[0].steps = {"Apply it: kill -HUP 4711"};
    CHECK(status(report).find("kill -HUP 4711") != std::string::npos);
    const auto later = status(report, 3 * 3600);
    CHECK(later.find("4711") == std::string::npos);
    CHECK(later.find("Apply it: the agent does that when it starts.") != std::string::npos);
}

TEST_CASE("advice about a dead agent names systemctl only where there is a service") {
    const Error absent{ErrorKind::absent, "no such file"};
    ViewOptions options = screen;
    options.agent_gone = true;
    for (const bool has_service : {true, false}) {
        CAPTURE(has_service);
        options.has_service = has_service;
        for (const std::string& text : {render_status(healthy_host(), report_time, options),
                                        render_no_report(absent, "/r", options)}) {
            CHECK((text.find("systemctl") != text.npos) == has_service);
            CHECK((text.find("journalctl") != text.npos) == has_service);
            CHECK((text.find(": lastgood run\n") != text.npos) == !has_service);
        }
    }
}

TEST_CASE("the headline of a host without drives, arrays, filesystems and backups is whole") {
    Report report = empty_host();
    report.findings.push_back(
        {"x", Severity::warning, SubjectKind::collector, "smart", "It fails.", {}, 0});
    CHECK(lines_of(status(report)).front() == "db8: WARNING  1 warning; report 4 s old");
}

TEST_CASE("colour adds only escape sequences") {
    const auto plain = status(failing_drive());
    auto colour = render_status(failing_drive(), report_time, {80, 24, true});
    CHECK(colour != plain);
    for (size_t at; (at = colour.find('\033')) != std::string::npos;) {
        colour.erase(at, colour.find('m', at) - at + 1);
    }
    CHECK(colour == plain);
    CHECK(plain.find('\033') == std::string::npos);
}

TEST_CASE("lines fit narrow and wide terminals") {
    for (const size_t width : {size_t{60}, size_t{100}, size_t{132}, size_t{300}}) {
        for (const Report& report : {healthy_host(), failing_drive(), stale_backup()}) {
            check_fits(render_status(report, report_time, {width, 24, false}), width);
        }
    }
}

TEST_CASE("a subject is found by each of its names") {
    const Report report = failing_drive();
    const auto by_id = render_subject(report, "wwn-0x5000c5000000000b", report_time, screen);
    CHECK(matches_golden(golden("subject_drive.txt"), by_id));
    for (const char* word : {"sdb", "/dev/sdb", "EX001001", "ex001001", "sdb1", "/dev/sdb2"}) {
        CAPTURE(word);
        CHECK(render_subject(report, word, report_time, screen) == by_id);
    }
    CHECK(render_subject(report, "md0", report_time, screen).find("array md0") == 0);
    CHECK(render_subject(report, "/dev/md0", report_time, screen).find("array md0") == 0);
    CHECK(render_subject(report, "/var/lib/mysql", report_time, screen)
              .find("filesystem /var/lib/mysql") == 0);
    CHECK(render_subject(report, "db8", report_time, screen).find("backup db8") == 0);
    CHECK(render_subject(report, "smart", report_time, screen).find("collector smart") == 0);
    CHECK(render_subject(report, "sd", report_time, screen).empty());
    CHECK(render_subject(report, "", report_time, screen).empty());
    CHECK(matches_golden(golden("subject_dead_agent.txt"),
                         render_subject(report, "db8", report_time + 7200, screen)));
    check_harmless(render_subject(hostile_names(), "sda", report_time, screen));
}

TEST_CASE("a collector shows why its last run failed") {
    Report report = failing_drive();
    report.problems.push_back({"smart", "", "smartctl is not installed", report_time});
    report.problems.push_back({"arrays", "", "not about this one", report_time});
    const std::string shown = render_subject(report, "smart", report_time, screen);
    CHECK(shown.find("smartctl is not installed") != shown.npos);
    CHECK(shown.find("not about this one") == shown.npos);
}

TEST_CASE("the error that a finding is about stands with it, once") {
    Report report = healthy_host();
    report.observations.push_back({&metric::collector_success, "tape", {}, 0, report_time});
    report.findings.push_back({"collector_failing",
                               Severity::unknown,
                               SubjectKind::collector,
                               "tape",
                               "Collector tape fails.",
                               {"See the error: lastgood status tape"},
                               0});
    report.problems.push_back({"tape", "", "exit status 1", report_time});
    const std::string whole = status(report);
    CHECK(whole.find("Collector tape fails.\n          Error: exit status 1\n") != whole.npos);
    CHECK(whole.find("exit status 1") == whole.rfind("exit status 1"));
    const std::string shown = render_subject(report, "tape", report_time, screen);
    CHECK(shown.find("exit status 1") != shown.npos);

    // Once it is accepted, the error keeps nothing from being fine.
    report.findings[0].accepted = accepted_until(report_time + 1);
    CHECK(judge(report, report_time).health == Health::fine);
    CHECK(render_subject(report, "tape", report_time, screen)
              .starts_with("collector tape: accepted  1 finding is accepted, see below"));
}

TEST_CASE("what is accepted is not called fine") {
    Report report = degraded_array();
    REQUIRE(report.findings.size() == 1);
    report.findings[0].accepted = accepted_until(report_time + 30 * 86400);
    const std::string whole = status(report);
    CHECK(whole.starts_with("db8: FINE  1 accepted in 3 drives"));
    CHECK(whole.find("\naccepted  md0") != whole.npos);
    CHECK(render_subject(report, "md0", report_time, screen)
              .starts_with("array md0: accepted  1 finding is accepted, see below"));
    // Not even one of its members may fail: the screen goes on to say so.
    CHECK(whole.find("0 more") != whole.npos);

    Report stale = stale_backup();
    for (Finding& finding : stale.findings)
        finding.accepted = accepted_until(report_time + 30 * 86400);
    const std::string backups = status(stale);
    CHECK(backups.find("\naccepted  sites   912 d") != backups.npos);
    CHECK(backups.find("md0 was read through 12 d ago; 2\n") != backups.npos);
}

TEST_CASE("an array that has failed survives nothing, and none of its members is dispensable") {
    Report report = healthy_host();
    for (Observation& one : report.observations)
        if (one.metric == &metric::array_survivable_failures) one.value = 0;
    report.observations.push_back(
        {&metric::array_failed, "md-uuid-00000000:00000000:00000000:00000000", {}, 1, report_time});
    const std::string shown = render_subject(report, "md0", report_time, screen);
    CHECK(shown.find("survives   nothing: its data is out of reach") != shown.npos);
    CHECK(shown.find("may fail without loss") == shown.npos);
}

TEST_CASE("a container of external metadata is not broken because mdstat calls it inactive") {
    Report report = healthy_host();
    for (const auto* level : {"container", "raid1"}) {
        Report one = report;
        one.observations.push_back({&metric::array_info,
                                    "md127",
                                    {{"device", "md127"}, {"level", level}},
                                    1,
                                    report_time});
        one.observations.push_back(
            {&metric::array_state, "md127", {{"state", "inactive"}}, 1, report_time});
        one.observations.push_back({&metric::array_failed, "md127", {}, 0, report_time});
        CHECK(render_subject(one, "md127", report_time, screen)
                  .starts_with(std::string(level) == "container" ? "array md127: fine"
                                                                 : "array md127: unknown"));
    }
}

TEST_CASE("a filesystem beside an array's partition does not stand on the array") {
    Report report;
    report.written_at = report_time;
    const auto add = [&](const Metric& metric, const char* subject, Labels labels) {
        report.observations.push_back({&metric, subject, std::move(labels), 1, report_time});
    };
    add(metric::drive_info, "wwn-a", {{"device", "sda"}});
    add(metric::drive_use, "wwn-a", {{"device", "sda1"}, {"name", "/boot"}, {"use", "filesystem"}});
    add(metric::array_info, "md-a", {{"device", "md0"}, {"level", "raid1"}});
    add(metric::array_member, "md-a", {{"device", "sda2"}, {"drive", "wwn-a"}});
    add(metric::filesystem_info, "/boot", {{"device", "sda1"}, {"fstype", "ext4"}});
    add(metric::filesystem_drive, "/boot", {{"drive", "wwn-a"}});
    const auto lies_on = [&](std::string_view where) {
        return render_subject(report, "/boot", report_time, screen)
                   .find(fmt::format("lies on    {}\n", where)) != std::string::npos;
    };
    CHECK(lies_on("sda"));
    // The same partition: nothing else tells of the array.
    for (auto& [key, value] : report.observations[1].labels)
        if (key == "device") value = "sda2";
    CHECK(lies_on("md0 -> sda"));
}

TEST_CASE("what nobody reported about a backup is not read and not never made") {
    Report report = healthy_host();
    report.observations.push_back(
        {&metric::backup_info, "tape", {{"kind", "observed"}}, 1, report_time});
    report.observations.push_back({&metric::backup_readable, "tape", {}, 1, report_time});
    report.observations.push_back({&metric::backup_reported_by_others, "tape", {}, 1, report_time});
    const std::string shown = render_subject(report, "tape", report_time, screen);
    CHECK(shown.find("newest     unknown") != shown.npos);
    CHECK(shown.find("was read") == shown.npos);
    CHECK(shown.find("also reported") == shown.npos);
}

TEST_CASE("a filesystem that needs no backup says why") {
    Report report = healthy_host();
    const auto says = [&](std::string_view why) {
        return render_subject(report, "/boot", report_time, screen)
                   .find(fmt::format("backup     not asked for: {}\n", why)) != std::string::npos;
    };
    const auto add = [&](const Metric& metric, Labels labels, double value) {
        report.observations.push_back({&metric, "/boot", std::move(labels), value, report_time});
    };
    add(metric::filesystem_info, {{"device", "sda1"}, {"fstype", "ext4"}}, 1);
    CHECK(says("it does not lie on a drive of this host"));
    add(metric::filesystem_ephemeral, {}, 0);
    CHECK(says("it serves to boot, or it holds backups"));
    add(metric::filesystem_read_only_intended, {}, 1);
    CHECK(says("it is read-only on purpose"));
}

TEST_CASE("the facts of the host are found by its name and by \"host\"") {
    Report report = healthy_host();
    report.observations.push_back({&metric::state_persisted, "", {}, 1, report_time});
    const auto host = render_subject(report, "host", report_time, screen);
    CHECK(host.find("host: fine") == 0);
    CHECK(host.find("state      saved") != std::string::npos);
    report.host = "box1";
    CHECK(render_subject(report, "box1", report_time, screen) == host);
    Report backup = report;
    backup.observations.push_back({&metric::backup_count, "host", {}, 7, report_time});
    CHECK(render_subject(backup, "host", report_time, screen).find("backup host") == 0);
}

// The tables of the status screen need not show the metric.
TEST_CASE("the facts of a subject show every metric") {
    std::set<SubjectKind> kinds;
    for (const Metric* metric : all_metrics()) {
        CAPTURE(metric->name);
        kinds.insert(metric->subject);
        const std::string id = metric->subject == SubjectKind::host ? "" : "s";
        const std::string word = id.empty() ? "host" : id;
        Report report;
        report.written_at = report_time;
        report.findings.push_back(
            {"x", Severity::warning, metric->subject, id, "x", {}, report_time});
        const auto without = render_subject(report, word, report_time, screen);
        report.observations.push_back({metric, id, made_up_labels(*metric), 1, report_time});
        const auto with = render_subject(report, word, report_time, screen);
        CHECK(without.find(word) != std::string::npos);
        CHECK(with != without);
        check_fits(with, 80);
    }
    CHECK(kinds.size() == named_subject_kinds.size() + 1);
}

TEST_CASE("names are sorted by number: sdz before sdaa") {
    std::vector<std::string> names{"sdaa",    "nvme10n1", "sdz", "sdb",
                                   "nvme2n1", "md127",    "md5", "sda"};
    std::ranges::sort(names, natural_less);
    CHECK(names == std::vector<std::string>{"md5", "md127", "nvme2n1", "nvme10n1", "sda", "sdb",
                                            "sdz", "sdaa"});
}
