// `lastgood explain`: tells what saved outputs mean. Recognises them by content and uses the
// agent's parsers, observations and rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/report.hpp"
#include "exporters/status/explanation.hpp"

namespace lastgood {

struct ExplainOptions {
    std::vector<std::string> paths;  // "-" is standard input; none: standard input
    bool json = false;               // report records instead of text
};

// All outputs that the text holds, explained and judged together. Pure. Errors: malformed, if no
// parser recognises anything in the text (the message lists the accepted kinds); the parser's own
// error if the text is one output that cannot be parsed.
Result<Explanation> explain_text(std::string_view text, Timestamp now);

// Prints to standard output; blocks while it reads. Returns the worst exit status of all files: as
// `lastgood status` for the worst finding; 3 also if a file cannot be read or is not recognised,
// unless another file is critical or a warning.
int run_explain(const ExplainOptions& options);

}  // namespace lastgood
