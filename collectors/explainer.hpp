// The interface between a parser and `lastgood explain`: recognising a kind of text by its content,
// and explaining it.
#pragma once

#include <string_view>

#include "core/observation.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Explainer {
    std::string_view what;  // for people: "a kernel log", "smartctl's JSON output"
    // Whether the text is of this kind. Must look at a few kilobytes at most, because it is called
    // for texts of any size.
    bool (*recognises)(std::string_view text) = nullptr;
    // Writes the observations in the text to `sink`; `now` is their time where the text has none.
    Result<void> (*explain)(std::string_view text, Timestamp now, Sink& sink) = nullptr;
    // A text without observations is a valid answer: a kernel log without errors, an mdstat without
    // arrays.
    bool may_be_empty = false;
};

// Defined beside the parsers.
extern const Explainer kernel_log_explainer;
extern const Explainer smartctl_json_explainer;
extern const Explainer smartctl_text_explainer;
extern const Explainer nvme_json_explainer;
extern const Explainer atasmart_blob_explainer;
extern const Explainer mdstat_explainer;

}  // namespace lastgood
