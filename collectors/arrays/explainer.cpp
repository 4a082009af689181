// `lastgood explain` for a saved /proc/mdstat.
#include "collectors/explainer.hpp"

#include <algorithm>

#include "collectors/arrays/observations.hpp"
#include "collectors/arrays/parse/mdstat.hpp"
#include "core/bytes.hpp"

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

Result<void> explain(std::string_view text, Timestamp now, Sink& sink) {
    const Mdstat stat = parse_mdstat(text);
    if (!stat.recognised) return fail(ErrorKind::malformed, "the text is not a /proc/mdstat");
    for (const MdArray& array : stat.arrays)
        if (!is_empty_array(array)) observe_array(array, array_id(array), "", nullptr, now, sink);
    return {};
}

}  // namespace

const Explainer mdstat_explainer{
    .what = "/proc/mdstat",
    .recognises = recognises,
    .explain = explain,
    .may_be_empty = true,
};

}  // namespace lastgood
