// Explains any bytes: splits them, judges them, and shows the result as text and as JSON.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/commands/explain.hpp"
#include "agent/commands/explain_split.hpp"

namespace {

using namespace lastgood;

constexpr std::array<const Explainer*, 4> explainers = {
    &smartctl_json_explainer, &nvme_json_explainer, &smartctl_text_explainer, &mdstat_explainer};

void require(bool holds) {
    if (!holds) std::abort();
}

// Sections and rest are parts of the text, in order, and together all of it.
void check_split(std::string_view text) {
    const SplitText split = split_text(text, explainers);
    size_t size = 0;
    const char* end = text.data();
    for (const TextSection& section : split.sections) {
        require(section.text.data() >= end && !section.text.empty());
        end = section.text.data() + section.text.size();
        size += section.text.size();
    }
    for (const std::string_view piece : split.rest) size += piece.size();
    require(end <= text.data() + text.size());
    require(size == text.size());
    if (text.empty()) return;
    const std::array<std::string_view, 3> lines = {text.substr(text.size() - 1), text.substr(0, 1),
                                                   text.substr(text.size() / 2, 1)};
    require(line_numbers(text, lines) == line_numbers(text, lines, split.marks));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_split(text);
    const auto explanation = explain_text(text, 1'790'000'000);
    if (!explanation) return 0;
    require(explanation->evidence.size() == explanation->report.findings.size());
    for (const ShownEvidence& evidence : explanation->evidence)
        require(evidence.lines.size() <= evidence.count);
    require(!render_explanation(*explanation, 1'790'000'000, {60, 24, false}).empty());
    require(static_cast<bool>(parse_report(explanation_to_json(*explanation))));
    return 0;
}
