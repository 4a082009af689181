// Finds the lines of an explained text that show each finding. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "agent/commands/explain_split.hpp"
#include "collectors/explainer.hpp"
#include "exporters/status/explanation.hpp"

namespace lastgood {

// An output that was explained.
struct ExplainedSection {
    const Explainer* explainer = nullptr;
    std::string_view text;  // lies in the whole text
    ExplainSink sink;
    uint64_t understood = 0;     // lines of a log; else 1, or 0 if it could not be parsed
    std::string_view what = {};  // instead of the explainer's, if not empty
};

// Fills in `explanation`'s evidence, strange lines and the lines of its parts, which are in the
// order of `sections`. `marks`: those of split_text(), or empty.
void add_evidence(std::string_view text, std::span<const SplitText::Mark> marks,
                  const std::vector<ExplainedSection>& sections, Explanation& explanation);

}  // namespace lastgood
