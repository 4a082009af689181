// lastgood about itself: whether it can be believed.
#include "core/metrics/agent.hpp"

#include "core/metrics/kernel_log.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> agent_rules() {
    return {
        Rule{
            .name = "kernel_log_lost",
            .severity = Severity::unknown,
            .subject = SubjectKind::host,
            .all_of = {at_least(metric::kernel_log_lost_records_recent, 1)},
            .summary = "On {subject}, {value} kernel log record(s) of the last 24 hours were "
                       "overwritten before they could be read.",
            .advice = "Errors may be among them: look in journalctl -k. A flood of messages is the "
                      "usual cause; find its source. A larger buffer helps: log_buf_len=4M on the "
                      "kernel command line.",
            .why = "What was not read cannot be judged.",
        },
        Rule{
            .name = "collector_failing",
            .severity = Severity::unknown,
            .subject = SubjectKind::collector,
            .all_of = {is(metric::collector_success, 0)},
            .summary = "Collector {subject} fails: what it watches is not known.",
            .advice = "lastgood status names the error; lastgood collect {id} shows it by hand; "
                      "journalctl -u lastgood has its history.",
            .why = "Not known is not fine. Without delay: a collector already judges its run as a "
                   "whole.",
        },
        Rule{
            .name = "collector_abandoned_children",
            .severity = Severity::warning,
            .subject = SubjectKind::collector,
            .all_of = {at_least(metric::collector_abandoned_children, 1)},
            .summary =
                "Collector {subject} has {value} process(es) stuck in the kernel that cannot "
                "be killed.",
            .advice = "They wait for a device or a mount that does not answer: ps -eo "
                      "pid,stat,wchan:32,args | grep ' D' and cat /proc/PID/stack show which. "
                      "lastgood goes on without them; only the device's return, or a restart of "
                      "the machine, ends them. Check the backups before you restart.",
            .why = "A process in D state is waiting for a drive or a server that is not answering.",
        },
        Rule{
            .name = "state_not_persisted",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {is(metric::state_persisted, 0)},
            .summary =
                "On {subject} lastgood cannot save its state: a restart would forget counters "
                "and the ages of findings.",
            .advice = "Is /var/lib/lastgood there, writable, and its filesystem not full or "
                      "read-only? df -h /var/lib/lastgood; journalctl -u lastgood.",
            .why = "Growth of a counter cannot be seen without memory.",
        },
        Rule{
            .name = "config_refused",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {is(metric::config_accepted, 0)},
            .summary = "On {subject} lastgood refused the newest configuration; the one before "
                       "stays in force.",
            .advice =
                "lastgood config check names file, line and what to do. Then systemctl reload "
                "lastgood.",
            .why = "What was meant to be watched is not.",
        },
        Rule{
            .name = "report_stale",
            .severity = Severity::unknown,
            .subject = SubjectKind::host,
            .all_of = {older_than(metric::report_timestamp_seconds, 2 * minute)},
            .hold = minute,
            .summary =
                "The report of {subject} is {value:duration} old: its drives and backups are "
                "not being watched.",
            .advice = "On the host: systemctl status lastgood; journalctl -u lastgood; then "
                      "systemctl restart lastgood. If the agent runs, compare the clocks "
                      "(timedatectl).",
            .why = "The agent writes a report at least once a minute. On the host lastgood status "
                   "says so itself.",
            .prometheus_only = true,
        },
        Rule{
            .name = "agent_absent",
            .severity = Severity::unknown,
            .subject = SubjectKind::host,
            .hold = 5 * minute,
            .summary = "{subject} is no longer heard of: its drives and backups are not being "
                       "watched.",
            .advice = "Is the host up, and port 9847 reachable from Prometheus? On the host: "
                      "systemctl status lastgood lastgood-exporter. If it was taken away for good, "
                      "remove it from the scrape configuration; the alert ends a week later.",
            .why = "Metrics that vanish end their own alerts. Whatever the job is called: an "
                   "instance that had a report within the last week and has none now, or, when the "
                   "job's name holds \"lastgood\", a scrape that fails.",
            .prometheus_only = true,
            .prometheus_expression =
                "(\n"
                "  max by (instance, job) "
                "(last_over_time(lastgood_report_timestamp_seconds[1w:10m]))\n"
                "  unless on (instance, job) lastgood_report_timestamp_seconds\n"
                ")\n"
                "or on (instance, job) max by (instance, job) (up{job=~\".*lastgood.*\"}) == 0",
        },
    };
}

}  // namespace lastgood::table
