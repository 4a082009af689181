// The report: the one document that every exporter reads. The agent is its only writer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"
#include "core/observation.hpp"

namespace lastgood {

enum class Severity { unknown, warning, critical };  // in rising order of what to look at first
std::string_view to_string(Severity severity);
std::optional<Severity> parse_severity(std::string_view text);

struct Finding {
    std::string rule;  // "drive_failing"
    Severity severity = Severity::unknown;
    SubjectKind kind = SubjectKind::host;
    std::string subject;  // id; empty for the host
    std::string summary;  // names drive, device, model and serial
    std::string advice;   // what to do now
    Timestamp since = 0;
    bool operator==(const Finding&) const = default;
};

// A subject that a collector could not read, and why.
struct Problem {
    std::string collector;
    std::string subject;  // may be empty
    std::string message;
    Timestamp since = 0;
    bool operator==(const Problem&) const = default;
};

struct Report {
    std::string host;     // host name
    std::string version;  // of lastgood
    Timestamp written_at = 0;
    Timestamp watched_since = 0;
    std::vector<Observation> observations;  // sorted by metric (in table order), subject, labels
    std::vector<Finding> findings;          // worst first
    std::vector<Problem> problems;
};

void sort_observations(std::vector<Observation>& observations);
void sort_findings(std::vector<Finding>& findings);

std::string to_json(const Report& report);  // ends with a newline; one observation a line
Result<Report> parse_report(
    std::string_view text);  // observations of metrics that this version does not know are left out
Result<void> write_report(const Report& report,
                          const std::string& path);  // atomically: temporary file beside it, rename
Result<void> write_file(const std::string& path, std::string_view text);  // the same for any text
Result<Report> read_report(const std::string& path);                      // absent: there is none

// Reading helpers over observations.
std::vector<const Observation*> select(const std::vector<Observation>& observations,
                                       const Metric& metric,
                                       std::optional<std::string_view> subject = std::nullopt);
std::optional<double> value_of(const std::vector<Observation>& observations, const Metric& metric,
                               std::string_view subject);

}  // namespace lastgood
