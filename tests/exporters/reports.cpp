#include "tests/exporters/reports.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"

namespace lastgood::test {

namespace {

constexpr Timestamp written = report_time - 4;

Report base() {
    Report report;
    report.host = "db8";
    report.version = "0.1.0";
    report.written_at = written;
    report.watched_since = report_time - 51 * 86400;
    return report;
}

class Builder {
  public:
    explicit Builder(Report report) : report_(std::move(report)) {}

    Builder& add(const Metric& metric, std::string subject, double value, Labels labels = {},
                 Seconds age = 60) {
        std::ranges::sort(labels);
        report_.observations.push_back(
            {&metric, std::move(subject), std::move(labels), value, report_time - age});
        return *this;
    }

    Builder& drive(int index, Seconds age = 120) {
        const std::string device = fmt::format("sd{}", static_cast<char>('a' + index));
        const std::string id = fmt::format("wwn-0x5000c5000000000{:c}", 'a' + index);
        add(metric::drive_info, id, 1,
            {{"device", device},
             {"model", "EXAMPLE HD4000-NS"},
             {"serial", fmt::format("EX{:06}", 1000 + index)},
             {"firmware", "EX01"},
             {"wwn", id},
             {"transport", "sata"},
             {"rotational", "1"},
             {"reader", "libatasmart"}});
        add(metric::drive_present, id, 1);
        add(metric::drive_answering, id, 1, {}, age);
        add(metric::drive_size_bytes, id, 4000787030016.0);
        add(metric::drive_smart_passed, id, 1, {}, age);
        add(metric::drive_temperature_celsius, id, 31 + index % 8, {}, age);
        add(metric::drive_power_on_seconds, id, 3.2 * 365.25 * 86400, {}, age);
        add(metric::drive_pending_sectors, id, 0, {}, age);
        add(metric::drive_reallocated_sectors, id, 0, {}, age);
        add(metric::drive_attribute, id, 0,
            {{"id", "5"}, {"kind", "raw"}, {"name", "reallocated-sector-count"}}, age);
        add(metric::drive_attribute, id, 100,
            {{"id", "5"}, {"kind", "normalized"}, {"name", "reallocated-sector-count"}}, age);
        add(metric::drive_read_timestamp_seconds, id, report_time - age, {}, age);
        return *this;
    }

    Builder& array(const std::string& device, double members, const std::string& level,
                   double missing = 0) {
        const std::string id = "md-uuid-00000000:00000000:00000000:0000000" + device.substr(2);
        add(metric::array_info, id, 1, {{"device", device}, {"level", level}});
        add(metric::array_state, id, 1, {{"state", "clean"}});
        add(metric::array_members, id, members);
        add(metric::array_degraded_members, id, missing);
        add(metric::array_survivable_failures, id, missing > 0 ? 0 : 1);
        add(metric::array_fatal_members, id, missing);
        add(metric::array_sync_action, id, 1, {{"action", missing > 0 ? "recover" : "idle"}});
        add(metric::array_last_check_timestamp_seconds, id, report_time - 12 * 86400);
        if (missing > 0) {
            add(metric::array_sync_progress_ratio, id, 0.126, {{"action", "recover"}});
            add(metric::array_sync_remaining_seconds, id, 3 * 3600 + 600, {{"action", "recover"}});
        }
        return *this;
    }

    Builder& filesystem(const std::string& mount, double used, bool backed_up = true) {
        add(metric::filesystem_info, mount, 1, {{"device", "md0"}, {"fstype", "ext4"}});
        add(metric::filesystem_size_bytes, mount, 200 * gib);
        add(metric::filesystem_used_ratio, mount, used);
        add(metric::filesystem_read_only, mount, 0);
        add(metric::filesystem_backed_up, mount, backed_up ? 1 : 0);
        if (backed_up) add(metric::filesystem_backup, mount, 1, {{"backup", "db8"}});
        return *this;
    }

    Builder& backup(const std::string& name, Seconds age) {
        add(metric::backup_info, name, 1,
            {{"kind", "restic"}, {"location", "/srv/restic/" + name}});
        add(metric::backup_readable, name, 1);
        add(metric::backup_newest_timestamp_seconds, name, report_time - age,
            {{"confidence", "exact"}});
        add(metric::backup_oldest_timestamp_seconds, name, report_time - age - 7 * 86400);
        add(metric::backup_max_age_seconds, name, 26 * 3600);
        add(metric::backup_size_bytes, name, 1.25 * gib);
        add(metric::backup_count, name, 8);
        return *this;
    }

    Builder& collector(const std::string& name, bool success = true) {
        add(metric::collector_success, name, success ? 1 : 0);
        add(metric::collector_duration_seconds, name, 0.25);
        return *this;
    }

    Builder& find(Finding finding) {
        report_.findings.push_back(std::move(finding));
        return *this;
    }

    Builder& problem(Problem problem) {
        report_.problems.push_back(std::move(problem));
        return *this;
    }

    Report done() {
        sort_observations(report_.observations);
        sort_findings(report_.findings);
        return std::move(report_);
    }

    Report report_;
};

Builder healthy(int drives) {
    Builder builder(base());
    for (int i = 0; i < drives; ++i) {
        builder.drive(i, 60 + i * 11);
    }
    builder.array("md0", 4, "raid10").filesystem("/", 0.42).filesystem("/var/lib/mysql", 0.83);
    builder.backup("db8", 5 * 3600).backup("www", 2 * 3600 + 60);
    for (const char* name : {"smart", "kernel_log", "arrays", "filesystems", "backups"}) {
        builder.collector(name);
    }
    return builder;
}

}  // namespace

Report every_metric() {
    Report report = healthy_host(1);
    report.observations.clear();
    for (const Metric* metric : all_metrics()) {
        report.observations.push_back({metric, metric->subject == SubjectKind::host ? "" : "s",
                                       made_up_labels(*metric), 1, report_time});
    }
    return report;
}

Labels made_up_labels(const Metric& metric) {
    Labels labels;
    for (std::string_view rest = metric.labels; !rest.empty();) {
        const size_t comma = std::min(rest.find(','), rest.size());
        labels.emplace_back(rest.substr(0, comma), "x");
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    std::ranges::sort(labels);
    return labels;
}

Report empty_host() {
    return base();
}

Report virtual_machine() {
    Builder builder(base());
    for (const char* device : {"vda", "vdb"}) {
        const std::string id = fmt::format("unstable-pci-0000:00:05.0-{}", device);
        builder.add(metric::drive_info, id, 1,
                    {{"device", device}, {"transport", "virtio"}, {"reader", "none"}});
        builder.add(metric::drive_present, id, 1);
        builder.add(metric::drive_size_bytes, id, 20 * gib);
    }
    builder.filesystem("/", 0.12, false);
    return builder.collector("smart").collector("filesystems").done();
}

Report healthy_host(int drives) {
    return healthy(drives).done();
}

Report failing_drive() {
    Builder builder = healthy(4);
    const std::string id = "wwn-0x5000c5000000000b";
    for (Observation& observation : builder.report_.observations) {
        if (observation.metric == &metric::drive_pending_sectors && observation.subject == id) {
            observation.value = 1944;
        }
    }
    builder.add(metric::drive_kernel_errors_total, id, 12, {{"kind", "medium"}});
    builder.add(metric::drive_kernel_errors_recent, id, 12, {{"kind", "medium"}});
    builder.find({"drive_failing",
                  Severity::critical,
                  SubjectKind::drive,
                  id,
                  "drive sdb (EXAMPLE HD4000-NS, serial EX001001) is failing: 12 medium errors in "
                  "the kernel log",
                  {"Copy off what no backup holds while the drive still answers, beginning with "
                   "the newest data.",
                   "Ask before you pull it: lastgood preflight sdb", "Order a replacement."},
                  report_time - 3 * 3600});
    builder.find(
        {"drive_suspect",
         Severity::warning,
         SubjectKind::drive,
         id,
         "drive sdb (EXAMPLE HD4000-NS, serial EX001001) has 1944 sectors it could not read",
         {"Order a replacement.",
          "See whether any other attribute of it is bad, too: smartctl -A /dev/sdb"},
         report_time - 3 * 86400});
    return builder.done();
}

Report degraded_array() {
    Builder builder(base());
    builder.drive(0)
        .drive(1)
        .drive(2)
        .array("md0", 4, "raid10", 1)
        .filesystem("/", 0.42)
        .backup("db8", 5 * 3600);
    builder.collector("smart");
    builder.find({"array_degraded",
                  Severity::critical,
                  SubjectKind::array,
                  "md-uuid-00000000:00000000:00000000:00000000",
                  "array md0 (raid10) has lost 1 of 4 members; losing 1 more of certain drives "
                  "loses the data",
                  {"Do not pull another drive.", "Check the newest backup: lastgood status",
                   "Replace the lost drive."},
                  report_time - 700});
    return builder.done();
}

Report stale_backup() {
    Builder builder = healthy(2);
    builder.backup("sites", 912 * 86400.0);
    builder.find({"backup_too_old",
                  Severity::critical,
                  SubjectKind::backup,
                  "sites",
                  "the newest copy of backup sites is 912 days old, it may be 1 day 2 h old",
                  {"Find out why the job does not run, and run it now."},
                  report_time - 911 * 86400.0});
    for (int i = 1; i <= 9; ++i) {
        const std::string mount = fmt::format("/srv/site{}", i);
        builder.filesystem(mount, 0.1 * i - 0.05, false);
        builder.find({"filesystem_not_backed_up",
                      Severity::warning,
                      SubjectKind::filesystem,
                      mount,
                      fmt::format("no backup covers {}", mount),
                      {"Name it in covers of a [[backup]]."},
                      report_time - 5 * 86400});
    }
    return builder.done();
}

Report sleeping_drive() {
    Builder builder = healthy(2);
    builder.drive(2, 9 * 3600);
    builder.add(metric::drive_power_state, "wwn-0x5000c5000000000c", 1, {{"state", "standby"}});
    return builder.done();
}

Report unreadable_host() {
    Builder builder(base());
    builder.add(metric::drive_info, "wwn-0x5000c5000000000a", 1,
                {{"device", "sda"}, {"transport", "sata"}});
    builder.collector("smart", false).collector("arrays", false);
    builder.problem({"smart", "wwn-0x5000c5000000000a", "cannot open /dev/sda: Permission denied",
                     report_time - 600});
    builder.problem(
        {"arrays", "", "cannot read /proc/mdstat: Permission denied", report_time - 600});
    return builder.done();
}

Report hostile_names() {
    Builder builder(base());
    builder.add(metric::drive_info, "EVIL\n\033[2J_1", 1,
                {{"device", "sda"},
                 {"model", "\033]0;owned\007 \xff\xfe M\u00fcller \u202egpj"},
                 {"serial", "a\tb\x7f"},
                 {"reader", "smartctl"}});
    builder.add(metric::drive_read_timestamp_seconds, "EVIL\n\033[2J_1", report_time - 60);
    builder.filesystem("/srv/\u30d0\u30c3\u30af\u30a2\u30c3\u30d7\n\"x\\y\"", 0.5);
    builder.filesystem("/srv/plain", 0.5);
    return builder.done();
}

}  // namespace lastgood::test
