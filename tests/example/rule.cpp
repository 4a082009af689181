// A real rule about the host would be in rules/table/host.cpp.
#include "rules/table/table.hpp"
#include "tests/example/metric.hpp"

namespace lastgood::table {

std::vector<Rule> example_rules() {
    return {
        Rule{
            .name = "io_pressure",
            .severity = Severity::warning,
            .subject = SubjectKind::host,
            .all_of = {at_least(metric::io_pressure_ratio, 0.5)},
            .hold = 15 * minute,
            .summary = "On {subject} processes wait for I/O most of the time: a drive is slow.",
            .advice = "See which drive stalls or fails: lastgood status\n"
                      "See which processes wait: ps -eo pid,stat,wchan:32,args | grep ' D'",
            .why = "Half of the time is far above what a busy database shows for 15 minutes.",
        },
    };
}

}  // namespace lastgood::table
