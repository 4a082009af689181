#include "agent/commands/explain_words.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.hpp"

namespace lastgood {

namespace {

void remove_all(std::string& text, std::string_view words) {
    for (size_t at = text.find(words); at != text.npos; at = text.find(words, at))
        text.erase(at, words.size());
}

// The step without a command that asks this host; empty if nothing is left of it.
std::string fit_step(const std::string& step) {
    const auto [text, command] = split_step(step);
    if (command.empty() && text.starts_with("See ")) return {};  // where, nobody can say
    const bool asks_lastgood = command.starts_with("lastgood ");
    if (!asks_lastgood && !command.starts_with("journalctl "))
        return contains(step, "lastgood ") ? std::string() : step;
    const bool only_asks = text.starts_with("See ") || text.starts_with("Save ") ||
                           contains(text, "find the cause") ||
                           (asks_lastgood && !command.starts_with("lastgood status"));
    return only_asks ? std::string() : std::string(text) + ".";
}

}  // namespace

void fit_to_saved_text(Finding& finding) {
    for (const std::string_view words :
         {" (model unknown, serial unknown)", ", serial unknown", "model unknown, ",
          " (level unknown)", "type unknown on ", " (unknown device)", "recently ", "recent "})
        remove_all(finding.summary, words);
    constexpr std::string_view nameless = "Drive unknown-drive";
    if (finding.summary.starts_with(nameless))
        finding.summary.replace(0, nameless.size(), "The drive");

    // A filesystem without a device goes by its UUID: once is enough.
    if (!finding.subject.empty()) remove_all(finding.summary, " on " + finding.subject);
    constexpr std::string_view no_name = "Filesystem unknown ";
    if (finding.summary.starts_with(no_name))
        finding.summary.replace(0, no_name.size(), "A filesystem that is not named here ");

    // A device-mapper volume may be an array or not: the log does not tell.
    constexpr std::string_view unrepaired = " that its redundancy did not repair";
    if (finding.subject.starts_with("dm-") && contains(finding.summary, unrepaired)) {
        remove_all(finding.summary, unrepaired);
        if (finding.summary.starts_with("Array ")) finding.summary.replace(0, 5, "Volume");
    }

    std::vector<std::string> steps;
    for (const std::string& step : finding.steps) {
        std::string fit = fit_step(step);
        remove_all(fit, " (serial unknown)");
        if (!fit.empty()) steps.push_back(std::move(fit));
    }
    finding.steps = std::move(steps);
}

}  // namespace lastgood
