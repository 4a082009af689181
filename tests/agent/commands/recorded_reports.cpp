#include "tests/agent/commands/recorded_reports.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>

#include "core/host.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "rules/rule.hpp"
#include "tests/support.hpp"

namespace lastgood::test {

namespace {

std::vector<NamedReport> recorded() {
    std::vector<NamedReport> hosts;
    for (const auto& entry : std::filesystem::directory_iterator(tests_directory() + "/hosts")) {
        const auto golden = entry.path() / "golden";
        if (!std::filesystem::is_directory(golden)) continue;
        NamedReport host{entry.path().filename().string(), {}, Host(entry.path().string()).now()};
        host.report.host = "db8";
        host.report.written_at = host.now - 4;
        host.report.watched_since = host.now - 50 * 86400;
        for (const auto& file : std::filesystem::directory_iterator(golden)) {
            if (file.path().extension() != ".jsonl") continue;
            std::istringstream lines(read_file(file.path().string()));
            for (std::string line; std::getline(lines, line);) {
                const auto parsed = parse_protocol_line(line, host.now);
                REQUIRE(parsed);
                if (parsed->kind == ProtocolLine::Kind::observation)
                    host.report.observations.push_back(parsed->observation);
            }
        }
        hosts.push_back(std::move(host));
    }
    std::ranges::sort(hosts, {}, &NamedReport::name);
    return hosts;
}

std::set<std::string> ids(const Report& report, SubjectKind kind) {
    std::set<std::string> result;
    for (const Observation& one : report.observations) {
        if (one.metric->subject == kind) result.insert(one.subject);
        const std::string drive(one.label("drive"));
        if (kind == SubjectKind::drive && !drive.empty()) result.insert(drive);
    }
    return result;
}

void set(NamedReport& host, const Metric& metric, const std::string& subject, double value,
         Labels labels = {}) {
    std::erase_if(host.report.observations, [&](const Observation& one) {
        return one.metric == &metric && one.subject == subject && one.labels == labels;
    });
    host.report.observations.push_back({&metric, subject, std::move(labels), value, host.now - 40});
}

void add_health(NamedReport& host) {
    for (const std::string& drive : ids(host.report, SubjectKind::drive)) {
        set(host, metric::drive_read_timestamp_seconds, drive, host.now - 40);
        set(host, metric::drive_smart_passed, drive, 1);
        set(host, metric::drive_present, drive, 1);
        set(host, metric::drive_answering, drive, 1);
        set(host, metric::drive_temperature_celsius, drive, 31);
        set(host, metric::drive_power_on_seconds, drive, 1.3e8);
        set(host, metric::drive_pending_sectors, drive, 0);
        set(host, metric::drive_reallocated_sectors, drive, 24);
        set(host, metric::drive_info, drive, 1, {{"reader", "smartctl"}});
    }
}

void cover(NamedReport& host, const std::function<void(const std::string&)>& state) {
    for (const std::string& filesystem : ids(host.report, SubjectKind::filesystem)) {
        set(host, metric::filesystem_backed_up, filesystem, 1);
        set(host, metric::filesystem_backup, filesystem, 1, {{"backup", "nightly-of-everything"}});
    }
    set(host, metric::backup_info, "nightly-of-everything", 1,
        {{"kind", "restic"}, {"location", "/srv/restic/a-rather-long-name-of-a-repository"}});
    set(host, metric::backup_max_age_seconds, "nightly-of-everything", 26 * 3600);
    state("nightly-of-everything");
}

void add_newest(NamedReport& host, const std::string& backup, Seconds age, const char* proof) {
    set(host, metric::backup_readable, backup, 1);
    set(host, metric::backup_newest_timestamp_seconds, backup, host.now - age,
        {{"confidence", proof}});
}

void make_names_long(NamedReport& host) {
    const std::string tail(70, 'x');
    for (Observation& one : host.report.observations) {
        if (one.metric->subject == SubjectKind::filesystem) one.subject += "/" + tail;
        for (auto& [key, value] : one.labels) {
            if (key == "serial" || key == "model") value += " " + tail;
        }
    }
}

std::vector<NamedReport> variants(const NamedReport& host) {
    std::vector<NamedReport> result{host};
    const auto variant = [&](const char* name, const std::function<void(NamedReport&)>& change) {
        NamedReport copy = host;
        copy.name += fmt::format(" ({})", name);
        change(copy);
        result.push_back(std::move(copy));
    };
    variant("health", add_health);
    const auto covered = [&](const char* name,
                             const std::function<void(NamedReport&, const std::string&)>& state) {
        variant(name, [&](NamedReport& copy) {
            add_health(copy);
            cover(copy, [&](const std::string& backup) { state(copy, backup); });
        });
    };
    covered("fresh", [](auto& copy, auto& name) { add_newest(copy, name, 3600, "exact"); });
    covered("late", [](auto& copy, auto& name) { add_newest(copy, name, 9 * 86400, "exact"); });
    covered("unproven", [](auto& copy, auto& name) { add_newest(copy, name, 60, "activity"); });
    covered("never", [](auto& copy, auto& name) { set(copy, metric::backup_readable, name, 1); });
    covered("unread", [](auto& copy, auto& name) { set(copy, metric::backup_readable, name, 0); });
    covered("silent", [](auto&, auto&) {});
    variant("hung", [](NamedReport& copy) {
        for (const std::string& one : ids(copy.report, SubjectKind::filesystem))
            set(copy, metric::filesystem_responding, one, 0);
    });
    variant("long names", make_names_long);
    return result;
}

}  // namespace

std::vector<NamedReport> recorded_reports() {
    std::vector<NamedReport> result;
    for (const NamedReport& host : recorded()) {
        for (NamedReport& one : variants(host)) {
            sort_observations(one.report.observations);
            RuleMemory memory;  // young: what must hold for a while is not found yet
            one.report.findings = evaluate(all_rules(), one.report.observations, one.now, memory);
            result.push_back(std::move(one));
        }
    }
    return result;
}

}  // namespace lastgood::test
