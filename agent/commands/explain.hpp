// `lastgood explain`: what a saved output means. Told apart by content; the same parsers,
// observations and rules as the agent's.
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
    Report report;  // written_at is `now`; findings are those of this moment, whatever time a rule
                    // asks for
};

// Errors: malformed, nothing recognises the text (the message says what can be taken); or the
// explainer's own.
Result<Explanation> explain_text(std::string_view text, Timestamp now);

// Exit code: that of the worst finding as in `status`; 3 also when the text could not be read or is
// not recognised.
int run_explain(const ExplainOptions& options);

}  // namespace lastgood
