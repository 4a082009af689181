// What `lastgood explain` found in a saved text, as one screen for people and as JSON. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/report.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

struct ShownLine {
    uint64_t number = 0;  // from 1
    std::string text;     // as in the file; at most `longest` bytes
    std::optional<uint64_t> sector;
    std::optional<Timestamp> time;
    static constexpr size_t longest = 400;
};

// The lines that show a finding: the first ones and the last one.
struct ShownEvidence {
    std::vector<ShownLine> lines;  // in the order of the file; empty: not known
    uint64_t count = 0;            // of all such lines
};

// An output that was found in the text.
struct ExplainedPart {
    std::string what;                        // "a kernel log", "smartctl's output"
    std::string subjects;                    // "sdc", "sda, sdb"; may be empty
    uint64_t first_line = 0, last_line = 0;  // 0: not made of lines
};

struct Explanation {
    std::string name;  // of the file, for people; empty for standard input
    std::vector<ExplainedPart> parts;
    // written_at is the time of the call; a condition counts at once, without a rule's minimum
    // duration
    Report report;
    std::vector<ShownEvidence> evidence;  // one for each of report.findings
    // Lines that look like trouble but are of no known form: the first ones, and their number.
    std::vector<ShownLine> strange_lines;
    uint64_t strange_line_count = 0;
};

// By the worst finding. Without findings: unknown if the report has problems or the text has
// strange lines, else fine.
Health explanation_health(const Explanation& explanation);

// Verdict, parts, findings with their evidence, strange lines, and the facts of each subject
// without ages.
std::string render_explanation(const Explanation& explanation, Timestamp now,
                               const ViewOptions& options);

// The report's JSON with "file", "found", "not_understood", and "evidence" in each finding.
std::string explanation_to_json(const Explanation& explanation);

}  // namespace lastgood
