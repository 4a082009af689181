// Tells that good copies go away while the newest one is broken.
#include <algorithm>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"

namespace lastgood {

namespace {

constexpr const char* section_name = "whole_copies";  // an object: a stream's name and a number

void note(const std::string& stream, const nlohmann::json& before, nlohmann::json& after,
          BackupState& state) {
    const auto known = number_in(before, stream.c_str());
    if (state.newest_unjudged && known) after[stream] = *known;
    if (!state.count || !state.incomplete || state.newest_unjudged) return;
    const double whole = known && *state.incomplete ? *known : *state.count;
    after[stream] = whole;
    if (*state.incomplete) state.whole_copies_lost = std::max(0.0, whole - *state.count);
}

}  // namespace

void note_lost_copies(LookMemory& memory, BackupState& state) {
    if (!state.incomplete_copies) return;
    const auto& before = memory.section(section_name);
    auto after = nlohmann::json::object();
    if (state.streams.empty()) note("", before, after, state);
    for (StreamState& stream : state.streams) note(stream.name, before, after, stream.state);
    memory.keep(section_name, std::move(after));
}

}  // namespace lastgood
