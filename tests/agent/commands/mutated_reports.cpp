#include "tests/agent/commands/mutated_reports.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "rules/rule.hpp"

namespace lastgood::test {

namespace {

// The ids of this kind, in the order of the report.
std::vector<std::string> ids(const Report& report, SubjectKind kind) {
    std::vector<std::string> result;
    for (const Observation& one : report.observations)
        if (one.metric->subject == kind && std::ranges::find(result, one.subject) == result.end())
            result.push_back(one.subject);
    return result;
}

void drop(NamedReport& host, const Metric& metric, const std::string& subject) {
    std::erase_if(host.report.observations, [&](const Observation& one) {
        return one.metric == &metric && one.subject == subject;
    });
}

void set(NamedReport& host, const Metric& metric, const std::string& subject, double value,
         Labels labels = {}) {
    drop(host, metric, subject);
    host.report.observations.push_back({&metric, subject, std::move(labels), value, host.now - 40});
}

class Changes {
  public:
    explicit Changes(const NamedReport& host) : host_(host) {}
    std::vector<Change> all;

    void value(const Metric& metric, const std::string& subject, double value,
               const Labels& labels = {}) {
        all.push_back({fmt::format("{} of {} is {}", metric.name, subject, value),
                       [&metric, subject, value, labels](NamedReport& host) {
                           set(host, metric, subject, value, labels);
                       }});
    }
    void word(const Metric& metric, const std::string& subject, const char* label,
              std::initializer_list<const char*> words) {
        for (const char* word : words)
            all.push_back({fmt::format("{} of {}: {}", metric.name, subject, word),
                           [&metric, subject, label, word](NamedReport& host) {
                               set(host, metric, subject, 1, {{label, word}});
                           }});
    }
    void absent(const Metric& metric, const std::string& subject) {
        all.push_back({fmt::format("{} of {} is absent", metric.name, subject),
                       [&metric, subject](NamedReport& host) { drop(host, metric, subject); }});
    }
    void problem(const char* collector, const std::string& subject) {
        all.push_back({"problem of " + subject, [collector, subject](NamedReport& host) {
                           host.report.problems.push_back(
                               {collector, subject, "cannot be read", host.now - 60});
                       }});
    }

    void drive(const std::string& id) {
        value(metric::drive_present, id, 0);
        value(metric::drive_smart_passed, id, 0);
        value(metric::drive_answering, id, 0);
        value(metric::drive_pending_sectors, id, 8);
        value(metric::drive_io_stalled_seconds, id, 500);
        value(metric::drive_kernel_errors_recent, id, 3, {{"kind", "medium"}, {"layer", "block"}});
        value(metric::drive_read_timestamp_seconds, id, host_.now - 3 * 86400);
        absent(metric::drive_read_timestamp_seconds, id);
        word(metric::drive_power_state, id, "state", {"standby"});
        absent(metric::drive_use, id);
        for (const char* use : {"filesystem", "swap", "volume", "content", "none", "a new word"})
            all.push_back({fmt::format("{} has {}", id, use), [id, use](NamedReport& host) {
                               set(host, metric::drive_use, id, 1,
                                   {{"device", "sdx9"}, {"name", "/x"}, {"use", use}});
                           }});
        problem("smart", id);
    }
    void array(const std::string& id) {
        value(metric::array_present, id, 0);
        value(metric::array_readable, id, 0);
        value(metric::array_failed, id, 1);
        for (const double missing : {0, 1, 2}) value(metric::array_degraded_members, id, missing);
        for (const double left : {0, 1, 2}) value(metric::array_survivable_failures, id, left);
        absent(metric::array_survivable_failures, id);
        word(metric::array_state, id, "state",
             {"inactive", "suspended", "broken", "readonly", "clean", "a new word"});
        for (const char* action : {"recover", "resync", "reshape", "check", "repair"})
            value(metric::array_sync_progress_ratio, id, 0.4, {{"action", action}});
    }
    void members() {
        const auto change = [&](const Metric& metric, size_t i, const char* state) {
            all.push_back(
                {fmt::format("{} {} is {}", metric.name, i, state),
                 [&metric, i, state](NamedReport& host) {  // another change may have moved it
                     if (i >= host.report.observations.size()) return;
                     Observation& one = host.report.observations[i];
                     if (one.metric != &metric) return;
                     if (metric.type != MetricType::state) one.value = 2;
                     for (auto& [key, value] : one.labels)
                         if (key == "state") value = state;
                 }});
        };
        for (size_t i = 0; i < host_.report.observations.size(); ++i) {
            const Observation& one = host_.report.observations[i];
            if (one.metric == &metric::array_member)
                for (const char* state : {"in_sync", "rebuilding", "replacement", "spare", "faulty",
                                          "journal", "missing", "unknown", "a new word"})
                    change(metric::array_member, i, state);
            for (const Metric* number :
                 {&metric::array_member_fatal, &metric::array_member_bad_blocks})
                if (one.metric == number) change(*number, i, "2");
        }
    }
    void filesystem(const std::string& id) {
        value(metric::filesystem_responding, id, 0);
        value(metric::filesystem_read_only, id, 1);
        value(metric::filesystem_used_ratio, id, 0.99);
        value(metric::filesystem_backed_up, id, 0);
        value(metric::filesystem_backup, id, 1, {{"backup", "of which nothing is known"}});
        absent(metric::filesystem_backup, id);
        word(metric::filesystem_backup_waived, id, "reason", {"scratch"});
    }
    void backup(const std::string& id) {
        for (const char* proof : {"exact", "inferred", "activity", "a new word"})
            for (const double age : {60.0, 9.0 * 86400, -7200.0, 2.5 * 86400})
                value(metric::backup_newest_timestamp_seconds, id, host_.now - age,
                      {{"confidence", proof}});
        absent(metric::backup_newest_timestamp_seconds, id);
        absent(metric::backup_max_age_seconds, id);
        value(metric::backup_readable, id, 0);
        absent(metric::backup_readable, id);
        value(metric::backup_reported_by_others, id, 1);
        value(metric::backup_incomplete, id, 1);
        value(metric::backup_min_size_bytes, id, 1e9);
        value(metric::backup_lock_timestamp_seconds, id, host_.now - 3 * 86400);
        word(metric::backup_failure_domain, id, "domain",
             {"same-filesystem", "same-drive", "same-host", "off-host", "unknown", "a new word"});
        problem("backups", id);
    }

  private:
    const NamedReport& host_;
};

}  // namespace

std::vector<Change> changes_of(const NamedReport& host) {
    Changes changes(host);
    changes.members();
    const auto first = [&](SubjectKind kind) {
        auto found = ids(host.report, kind);
        found.resize(std::min<size_t>(found.size(), 1));
        return found;
    };
    for (const std::string& id : first(SubjectKind::drive)) changes.drive(id);
    for (const std::string& id : first(SubjectKind::array)) changes.array(id);
    for (const std::string& id : first(SubjectKind::filesystem)) changes.filesystem(id);
    for (const std::string& id : first(SubjectKind::backup)) changes.backup(id);
    return changes.all;
}

void find_again(NamedReport& host, Hold hold, Accepted accepted) {
    static const std::vector<Rule> for_long = [] {
        std::vector<Rule> rules(all_rules().begin(), all_rules().end());
        for (Rule& rule : rules) rule.hold = 0;
        return rules;
    }();
    sort_observations(host.report.observations);
    RuleMemory memory;
    host.report.findings =
        evaluate(hold == Hold::for_long ? std::span<const Rule>(for_long) : all_rules(),
                 host.report.observations, host.now, memory);
    std::set<std::string> done;
    for (Finding& finding : host.report.findings) {
        const bool first = done.insert(finding.subject).second;
        if (accepted == Accepted::everything || (accepted == Accepted::one && first))
            finding.accepted = Acceptance{
                finding.rule, finding.kind, finding.subject, {}, host.now + 2.6e6, "", ""};
    }
    sort_findings(host.report.findings);
}

std::vector<NamedReport> with_each_finding(const NamedReport& host) {
    std::vector<NamedReport> result;
    for (const Rule& rule : all_rules()) {
        const auto subjects = ids(host.report, rule.subject);
        if (rule.prometheus_only || subjects.empty()) continue;
        NamedReport copy = host;
        copy.name += fmt::format(" ({})", rule.name);
        copy.report.findings.push_back({std::string(rule.name),
                                        rule.severity,
                                        rule.subject,
                                        subjects.front(),
                                        "Something is wrong.",
                                        {},
                                        host.now - 60});
        sort_findings(copy.report.findings);
        result.push_back(std::move(copy));
    }
    return result;
}

}  // namespace lastgood::test
