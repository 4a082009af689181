// The report: the document that every exporter and command reads. Only the agent writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/acceptance.hpp"
#include "core/host.hpp"
#include "core/observation.hpp"

namespace lastgood {

enum class Severity { unknown, warning, critical };  // in ascending order of urgency
std::string_view to_string(Severity severity);
// How a severity is told outside the program, in labels and in JSON: "critical" or "warning", and
// beside it "unknown" as the certainty where nobody can tell (else empty). So an unknown finding
// takes the route of a warning and never that of a critical one.
std::string_view severity_label(Severity severity);
std::string_view certainty_label(Severity severity);
// The severity with these labels; a word that is not known counts as unknown.
Severity severity_of_labels(std::string_view severity, std::string_view certainty);
// nullopt: unknown word.
std::optional<Severity> parse_severity(std::string_view text);

struct Finding {
    std::string rule;  // "drive_failing"
    Severity severity = Severity::unknown;
    SubjectKind kind = SubjectKind::host;
    std::string subject;  // id; empty for the host
    std::string summary;  // names drive, device, model and serial
    // What to do, the most urgent step first, without numbers. "Text: command" is split by
    // split_step(); a step without a command is a sentence.
    std::vector<std::string> steps = {};
    Timestamp since = 0;
    double value = 0;  // the value that the rule compared
    // Set: an administrator knows it. It is shown, but counts for no verdict and no alert.
    std::optional<Acceptance> accepted = {};
    bool operator==(const Finding&) const = default;
};

struct Step {
    std::string_view text;     // "See its array", or the whole sentence if there is no command
    std::string_view command;  // to be copied: "lastgood status sdb"; empty: none
};
// The parts are views into `step`. Pure.
Step split_step(std::string_view step);
// "1. …\n2. …"; a single step gets no number. Pure.
std::string numbered(const std::vector<std::string>& steps);

// A subject that a collector could not read, and the reason.
struct Problem {
    std::string collector;
    std::string subject;  // may be empty
    std::string message;
    Timestamp since = 0;
    bool operator==(const Problem&) const = default;
};

// The agent writes a report every 15 s at least. If one is older than this, or as far in the
// future, the agent is dead or hangs, and nothing is known.
inline constexpr Seconds agent_silence = 90;

struct Report {
    std::string host;     // host name
    std::string version;  // version of lastgood
    Timestamp written_at = 0;
    Timestamp watched_since = 0;
    std::vector<Observation> observations;  // sorted by metric (in table order), subject, labels
    std::vector<Finding> findings;          // worst first
    std::vector<Problem> problems;
};

// By metric (in table order), subject and labels; stable.
void sort_observations(std::vector<Observation>& observations);
// Worst first, accepted ones last, then by kind, subject and rule; stable.
void sort_findings(std::vector<Finding>& findings);

// One observation a line, in the order given; ends with a newline. Leaves out observations that
// why_not_valid() refuses; a number of a finding that is not finite becomes 0.
std::string to_json(const Report& report);
// Skips observations of metrics that this version does not know, and those that why_not_valid()
// refuses; other numbers out of range become 0. Error: malformed, not a report.
Result<Report> parse_report(std::string_view text);
// By write_file() of core/files.hpp. The report lies in /run, which is empty after a boot: it is
// not synced.
Result<void> write_report(const Report& report, const std::string& path);
// Reads at most 256 MiB. Errors: absent (no report), denied, failed, malformed.
Result<Report> read_report(const std::string& path);

// The value of the subject's first series of `metric`; nullopt: none.
std::optional<double> value_of(const std::vector<Observation>& observations, const Metric& metric,
                               std::string_view subject);

}  // namespace lastgood
