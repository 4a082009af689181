// What `lastgood explain` needs of a parser: how a kind of text is told apart by content, and what
// it says.
#pragma once

#include <string_view>

#include "core/observation.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Explainer {
    std::string_view what;  // for people: "a kernel log", "smartctl's JSON output"
    // Whether the text is of this kind. It looks at as little as it can: an explainer whose kind
    // has no telling beginning may look at some kilobytes, never at all of a large text.
    bool (*recognises)(std::string_view text) = nullptr;
    // Writes what the text says to `sink`; `now` is the time of the observations where the text has
    // none of its own.
    Result<void> (*explain)(std::string_view text, Timestamp now, Sink& sink) = nullptr;
    // A text that names nothing is an answer: no error in a kernel log, no array in mdstat.
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
