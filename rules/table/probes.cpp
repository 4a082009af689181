#include "core/metrics/probes.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> probe_rules() {
    return {
        Rule{
            .name = "probe_hanging",
            .severity = Severity::critical,
            .subject = SubjectKind::probe,
            .all_of = {older_than_other(metric::probe_waiting_since_timestamp_seconds,
                                        metric::probe_deadline_seconds, minute / 2)},
            .summary = "Probe {subject} has not ended for {value:duration}.",
            .advice = "See what the drives and arrays do: lastgood status\n"
                      "See what the kernel says: journalctl -k -b",
            .why = "It could not be killed at its deadline either: it waits in the kernel, and so "
                   "does every program that does the same.",
        },
        Rule{
            .name = "probe_slow",
            .severity = Severity::warning,
            .subject = SubjectKind::probe,
            .all_of = {above(metric::probe_slow_seconds, 0)},
            .summary = "Probe {subject} takes {value:duration}; usual is {usual|not known}.",
            .advice = "See what the drives and arrays do: lastgood status\n"
                      "See which programs wait or write much: ps -eo state,pid,args --sort=state\n"
                      "If that is usual now, set max_time of its [[probe]] in {config}.",
            .also = {"usual"},
            .also_of = metric::probe_usual_seconds,
            .why = "Two of the last four attempts were slower than max_time; or, if that is not "
                   "set, than ten times what is usual, at least half a second. After a move to "
                   "another machine each write of a database once took 7 s, for two weeks.",
        },
        Rule{
            .name = "probe_failing",
            .severity = Severity::warning,
            .subject = SubjectKind::probe,
            .all_of = {at_least(metric::probe_failures, 2)},
            .summary = "Probe {subject} fails: {why|the reason is not known}.",
            .advice = "See since when: lastgood status {id}\n"
                      "If a write fails, see whether its filesystem is full or read-only: "
                      "lastgood status",
            .also = {"why"},
            .also_of = metric::probe_failures,
            .why = "Two attempts failed one after the other. What cannot be done is not slow: it "
                   "is this finding.",
        },
        Rule{
            .name = "probe_not_reported",
            .severity = Severity::unknown,
            .subject = SubjectKind::probe,
            .all_of = {is(metric::probe_reported, 0)},
            .hold = 2 * minute,
            .summary = "Probe {subject} is not made: its service is silent.",
            .advice = "See whether it runs: systemctl status {service}\n"
                      "Start it: systemctl enable --now {service}\n"
                      "After a change of a [[probe]], restart it: systemctl restart {service}",
            .why = "The agent may neither write nor reach the network: services of their own make "
                   "the probes. They are off until somebody enables them.",
        },
    };
}

}  // namespace lastgood::table
