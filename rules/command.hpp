// Commands for advice that depend on a label of the subject: the tool that made an array, the type
// of a filesystem, the tool of a backup. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "core/metric.hpp"

namespace lastgood {

struct AdviceCommand {
    struct Choice {
        std::string_view value;  // of the label
        std::string_view name;   // the choice's name in the manual
        std::string_view text;   // may have placeholders of rules/text.hpp
    };
    SubjectKind subject = SubjectKind::host;
    std::string_view word;        // used in a rule's advice as {command:word}
    std::string_view label;       // of the subject's info metric; its value selects the choice
    std::vector<Choice> choices;  // the first one with the label's value applies
    std::string_view otherwise;   // for any other value, or no value; empty: no command
    // The text of the choice for `value`, else `otherwise`.
    std::string_view text_for(std::string_view value) const;
};

// Returns nullptr if there is no such command for this kind of subject.
const AdviceCommand* find_advice_command(SubjectKind subject, std::string_view word);

}  // namespace lastgood
