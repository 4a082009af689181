// Rules about the host as a whole.
#include "core/metrics/host.hpp"

#include "rules/table/table.hpp"

namespace lastgood::table {

std::vector<Rule> host_rules() {
    return {
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
