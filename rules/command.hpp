// What an administrator types, where that depends on a label of the subject: who made an array,
// the type of a filesystem, the tool of a backup.
#pragma once

#include <string_view>
#include <vector>

#include "core/metric.hpp"

namespace lastgood {

struct AdviceCommand {
    struct Choice {
        std::string_view value;  // of the label
        std::string_view name;   // what the manual calls it
        std::string_view text;   // may have placeholders of rules/text.hpp
    };
    SubjectKind subject = SubjectKind::host;
    std::string_view word;        // stands in a rule's advice as {command:word}
    std::string_view label;       // of the subject's info metric
    std::vector<Choice> choices;  // the first whose value is the label's
    std::string_view otherwise;   // any other value, or none
    // The choice's text, or `otherwise`.
    std::string_view text_for(std::string_view value) const;
};

// nullptr: there is none.
const AdviceCommand* find_advice_command(SubjectKind subject, std::string_view word);

}  // namespace lastgood
