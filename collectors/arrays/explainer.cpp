// `lastgood explain` for a saved /proc/mdstat.
#include "collectors/explainer.hpp"

#include <algorithm>

#include "collectors/arrays/observations.hpp"
#include "collectors/arrays/parse/mdstat.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

bool recognises(std::string_view text) {
    const Mdstat stat = parse_mdstat(text.substr(0, std::min(text.size(), 16 * kib)));
    if (!stat.recognised) return false;
    if (stat.framed) return true;
    // A part of mdstat: other lines that begin with "md" do not parse as an array with members.
    return std::any_of(stat.arrays.begin(), stat.arrays.end(), [](const MdArray& array) {
        return array.problem.empty() && !array.members.empty();
    });
}

Result<void> explain(std::string_view text, Timestamp now, ExplainSink& sink) {
    const Mdstat stat = parse_mdstat(text);
    if (!stat.recognised) return fail(ErrorKind::malformed, "the text is not a /proc/mdstat");
    for (const MdArray& array : stat.arrays)
        if (!is_empty_array(array)) observe_array(array, array_id(array), "", nullptr, now, sink);
    return {};
}

Begin begins(std::string_view line) {
    if (line.starts_with("Personalities :")) return Begin::output;
    const bool array =
        line.starts_with("md") && (contains(line, " : active") || contains(line, " : inactive"));
    return array ? Begin::part : Begin::no;
}

}  // namespace

const Explainer mdstat_explainer{
    .what = "/proc/mdstat",
    .command = {},
    .begins = begins,
    .recognises = recognises,
    .explain = explain,
    .may_be_empty = true,
};

}  // namespace lastgood
