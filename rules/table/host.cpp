// Rules about the host as a whole.
#include "core/metrics/host.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> host_rules() {
    return {
        Rule{
            .name = "no_copy_off_host",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {at_least(Operand(metric::backups, "domain",
                                        {"same-filesystem", "same-drive", "same-host"}, Pick::sum),
                                1),
                       unless(at_least(
                           Operand(metric::backups, "domain", {"off-host", "unknown"}, Pick::sum),
                           1))},
            .hold = 10 * minute,
            .summary = "No good copy leaves {subject}: {value:backup lies|backups lie} on it.",
            .advice = "Send the copies to another machine, too, each night.\n"
                      "Name that backup as a [[backup]] in {config}.\n"
                      "Apply it: {reload}",
            .why = "A fire, a thief, ransomware or a provider's mistake takes the host with all "
                   "its drives. A backup elsewhere counts unless it, or its original, is late or "
                   "broken; one "
                   "of which that cannot be told counts, too.",
        },
        Rule{
            .name = "backups_missed_together",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {at_least(metric::backups_missed, 2)},
            .summary = "{value:backup|backups} of {subject} missed the same night, the one to "
                       "{night|today}.",
            .advice = "See which are overdue: lastgood status\n"
                      "See when their jobs ran: systemctl list-timers --all\n"
                      "See whether the host was up then: journalctl --list-boots\n"
                      "See whether there was room: df -h",
            .also = {"night"},
            .also_of = metric::backups_missed,
            .why = "One late backup is a fault of its own. Two in one night have a common cause: "
                   "the host was off, the place was full or away, the scheduler did not run.",
        },
        Rule{
            .name = "kernel_log_lost",
            .severity = Severity::unknown,
            .subject = SubjectKind::host,
            .all_of = {at_least(metric::kernel_log_lost_records_recent, 1)},
            .summary = "{value:kernel log record was|kernel log records were} recently lost on "
                       "{subject}: errors may be missing.",
            .advice = "Look for errors in the journal: journalctl -k -p warning\n"
                      "Find what floods the log, and stop it.\n"
                      "Enlarge its buffer with log_buf_len=4M on the kernel command line.",
            .why = "The kernel overwrote the records before lastgood read them. What was not read "
                   "cannot be judged.",
        },
    };
}

}  // namespace lastgood::table
