// Rules about lastgood itself: whether its findings can be trusted.
#include "core/metrics/agent.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> agent_rules() {
    return {
        Rule{
            .name = "collector_failing",
            .severity = Severity::unknown,
            .subject = SubjectKind::collector,
            .all_of = {is(metric::collector_success, 0)},
            .summary = "Collector {subject} fails: what it watches is unknown.",
            .advice = "See the error: lastgood status {id}\n"
                      "Run it by hand: lastgood collect {id} --once\n"
                      "See its history in the agent's log: {log} -g {id}",
            .why = "Unknown is not fine. There is no delay: a collector already judges its run as "
                   "a whole.",
        },
        Rule{
            .name = "collector_abandoned_children",
            .severity = Severity::warning,
            .subject = SubjectKind::collector,
            .all_of = {at_least(metric::collector_abandoned_children, 1)},
            .summary = "Collector {subject} has {value:process|processes} that cannot be killed: a "
                       "device hangs.",
            .advice = "See what they wait for: ps -eo pid,stat,wchan:32,args | grep ' D'\n"
                      "Check drives and backups before you restart the host: lastgood status\n"
                      "Make the device or server answer again; otherwise only a restart ends these "
                      "processes.",
            .why = "A process in state D waits in the kernel for a drive or a server that does not "
                   "answer. lastgood goes on without it.",
        },
        Rule{
            .name = "state_not_persisted",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {is(metric::state_persisted, 0)},
            .summary =
                "On {subject} lastgood cannot save its state: a restart would lose counters.",
            .advice = "See whether its disk is full: df -h {state}\n"
                      "See whether it is read-only: findmnt -T {state}\n"
                      "See the error: lastgood status",
            .why = "Growth of a counter cannot be seen without memory.",
        },
        Rule{
            .name = "state_lost",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {at_least(metric::state_lost_timestamp_seconds, 1)},
            .summary = "On {subject} lastgood lost saved state: counters began anew, drives may be "
                       "forgotten.",
            .advice = "See below what is lost and where it is kept, or: lastgood status\n"
                      "See whether its directory is mounted: findmnt -T {state}\n"
                      "See whether its drive has errors: {log}\n"
                      "If nothing that should be there is missing, end this: lastgood accept "
                      "state_lost --reason known",
            .why = "A counter that began anew hides growth, and a drive that nobody remembers is "
                   "not missed. So this stays until somebody has seen it, also across restarts; "
                   "when the acceptance ends, it is forgotten.",
        },
        Rule{
            .name = "config_refused",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {is(metric::config_accepted, 0)},
            .summary = "On {subject} lastgood refused the new configuration and uses the old one.",
            .advice = "See file, line and reason: lastgood config check\n"
                      "Correct {mistake}.\n"
                      "Then apply it: {reload}",
            .why = "What was meant to be watched is not watched.",
        },
        Rule{
            .name = "listener_failing",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {is(metric::listener_up, 0)},
            .summary = "On {subject} the listener serves no metrics: no alert can come from there.",
            .advice = "See why: lastgood status\n"
                      "If its port is taken, see by whom: ss -ltnp\n"
                      "Correct [serve] in the configuration, then apply it: {reload}",
            .why =
                "A listener that runs and answers itself says so each 10 seconds. Prometheus sees "
                "this finding only where the textfile carries it; else it sees that the scrape "
                "fails: agent_absent. Under the package's units systemd watches the listener.",
        },
        Rule{
            .name = "acceptance_ends",
            .subject = SubjectKind::host,
            .all_of = {within(
                Operand(metric::accepted_until_timestamp_seconds, {}, {}, Pick::smallest),
                7 * day)},
            .summary = "On {subject} an accepted finding counts again in {value:duration}.",
            .advice = "See which one: lastgood status\n"
                      "Mend what it tells of, or accept it again: lastgood accept --help",
            .why = "What was accepted for a while must not be forgotten, and must not come as a "
                   "surprise. The host shows it as a note, which is no finding.",
            .prometheus_only = true,
            .is_news = true,
        },
        Rule{
            .name = "report_stale",
            .severity = Severity::unknown,
            .subject = SubjectKind::host,
            .all_of = {older_than(metric::report_timestamp_seconds, 2 * minute)},
            .hold = minute,
            .summary = "The report of {subject} is {value:duration} old: nothing there is watched.",
            .advice = "See whether the agent runs: systemctl status lastgood\n"
                      "See why it stopped: journalctl -u lastgood -n 50\n"
                      "Start it again: systemctl restart lastgood\n"
                      "If it runs, compare the clocks: timedatectl",
            .why = "The agent writes a report at least once a minute. On the host lastgood status "
                   "reports the same.",
            .prometheus_only = true,
        },
        Rule{
            .name = "agent_absent",
            .severity = Severity::unknown,
            .subject = SubjectKind::host,
            .hold = 5 * minute,
            .summary = "No metrics come from {subject}: its drives and backups are not watched.",
            .advice =
                "See whether the host is up and port 9847 is reachable from Prometheus.\n"
                "On the host, see both services: systemctl status lastgood lastgood-exporter\n"
                "If the host is gone for good, remove it from the scrape configuration; the alert "
                "ends a week later.",
            .why = "Metrics that vanish end their own alerts. Whatever the job is called, this "
                   "covers an instance that had a report within the last week and has none now. "
                   "When the job's name contains \"lastgood\", a scrape that fails counts, too.",
            .prometheus_only = true,
            .prometheus_expression =
                "(\n"
                "  last_over_time(lastgood_report_timestamp_seconds[1w:10m])\n"
                // By instance and job alone: another label may have changed within the week.
                "  unless on (instance, job) lastgood_report_timestamp_seconds\n"
                ")\n"
                "or on (instance, job) up{job=~\".*lastgood.*\"} == 0",
        },
        Rule{
            .name = "state_rolled_back",
            .severity = Severity::critical,
            .subject = SubjectKind::host,
            .summary = "The disk of {subject} is an old copy: lastgood's saved state went back.",
            .advice = "Stop what writes there, so that nothing is mixed with the old state.\n"
                      "Ask whoever can change this disk whether an older copy was put back.\n"
                      "Look for a copy made in between: lastgood status\n"
                      "If it was on purpose, silence this alert; it ends a week later.",
            .why = "When the state goes back together with its disk, nothing on the host knows "
                   "it. Prometheus does: the reports are counted across restarts, and the count is "
                   "lower than it was within the last week. A state that was lost starts anew and "
                   "is told by state_lost.",
            .prometheus_only = true,
            .prometheus_expression =
                "lastgood_generation < max_over_time(lastgood_generation[1w])\n"
                "  unless on (instance, job) lastgood_state_lost_timestamp_seconds",
        },
    };
}

}  // namespace lastgood::table
