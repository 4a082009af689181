// `lastgood explain`: tells what a saved output means. Recognises it by content and uses the
// agent's parsers, observations and rules.
#pragma once

#include <string>
#include <string_view>

#include "core/report.hpp"

namespace lastgood {

struct ExplainOptions {
    std::string path = "-";  // "-" is standard input
    bool json = false;       // a report record instead of text
};

struct Explanation {
    std::string what;  // "smartctl's JSON output"
    // written_at is `now`; a condition counts at once, without a rule's minimum duration
    Report report;
};

// Pure. Errors: malformed, if no parser recognises the text (the message lists the accepted kinds);
// else the parser's own error.
Result<Explanation> explain_text(std::string_view text, Timestamp now);

// Prints to standard output; blocks while it reads. Returns the exit status: as `lastgood status`
// for the worst finding; 3 also if the text cannot be read or is not recognised.
int run_explain(const ExplainOptions& options);

}  // namespace lastgood
