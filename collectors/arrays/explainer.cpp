// `lastgood explain` for a saved /proc/mdstat.
#include "collectors/explainer.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

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

// The lines of each array: the one with its name, and the indented ones below it.
std::map<std::string, std::vector<std::string_view>> lines_of_arrays(std::string_view text) {
    constexpr size_t most_lines = 3;  // of an array
    std::map<std::string, std::vector<std::string_view>> lines;
    std::vector<std::string_view>* open = nullptr;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::string_view bare = trim(line, " \t\r>");
        const size_t colon = bare.find(" : ");
        if (bare.starts_with("md") && colon != bare.npos && !contains(bare.substr(0, colon), ' '))
            open = &lines[std::string(bare.substr(0, colon))];
        else if (bare.empty() || bare.starts_with("unused devices"))
            open = nullptr;
        const bool bitmap = bare.starts_with("bitmap");
        if (open != nullptr && open->size() < most_lines && !bitmap) open->push_back(line);
    }
    return lines;
}

// Synology's and QNAP's system partitions are mirrors over all bays, also the empty ones: "[4/2]
// [UU__]" twice, "[24/4]". At least two copies, and no member that failed.
bool has_empty_bays(const MdArray& array) {
    const auto in_sync = std::ranges::count(array.slots, MdSlot::in_sync);
    return array.level.value == MdLevel::raid1 && array.slots.size() >= 4 && in_sync >= 2 &&
           static_cast<size_t>(in_sync) * 2 <= array.slots.size() &&
           std::ranges::none_of(array.members, [](const MdMember& member) {
               return member.state == MdMemberState::faulty;
           });
}

// Such arrays come in pairs with as many slots. Leaves them the slots that are in use.
void forget_empty_bays(std::vector<MdArray>& arrays) {
    std::vector<MdArray*> found;
    for (MdArray& array : arrays)
        if (has_empty_bays(array)) found.push_back(&array);
    if (found.size() < 2) return;
    const size_t bays = found.front()->slots.size();
    if (std::ranges::any_of(found, [&](MdArray* array) { return array->slots.size() != bays; }))
        return;
    for (MdArray* array : found) {
        std::erase(array->slots, MdSlot::missing);
        array->raid_disks = static_cast<int>(array->slots.size());
        array->degraded = static_cast<int>(std::ranges::count(array->slots, MdSlot::rebuilding));
        for (MdMember& member : array->members) member.slot.reset();
    }
}

Result<void> explain(std::string_view text, Timestamp now, ExplainSink& sink) {
    Mdstat stat = parse_mdstat(text);
    forget_empty_bays(stat.arrays);
    if (!stat.recognised) return fail(ErrorKind::malformed, "the text is not a /proc/mdstat");
    for (const MdArray& array : stat.arrays)
        if (!is_empty_array(array)) observe_array(array, array_id(array), "", nullptr, now, sink);
    // All that mdstat tells of an array stands in its lines.
    constexpr size_t most_noted = 100'000;  // facts
    const auto lines = lines_of_arrays(text);
    for (const Observation& observation : sink.observations) {
        const auto found = lines.find(observation.subject);
        if (found == lines.end() || sink.evidence.size() >= most_noted) continue;
        for (const std::string_view line : found->second)
            sink.seen(*observation.metric, observation.subject, {line, {}, {}}, observation.labels);
    }
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
