#include "collectors/backups/job_proof.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr const char* section_name = "proven_by_job";  // an object: a stream's name and a time
constexpr Seconds longest_run = 86400;                 // also: a name often tells the day alone

std::optional<Timestamp> unproven_newest(const BackupState& state) {
    for (const NewestCopy& one : state.newest)
        if (one.confidence == Confidence::activity) return one.time;
    return std::nullopt;
}

void believe(BackupState& state, Timestamp time) {
    std::erase_if(state.newest,
                  [](const NewestCopy& other) { return other.confidence != Confidence::activity; });
    state.newest.front() = {time, Confidence::inferred, state.newest.front().when_written};
    state.perhaps.reset();
}

}  // namespace

void believe_job(BackupState& state, const BackupState& job, LookMemory& memory) {
    const auto ended = proven_newest(job);
    if (!ended) return;
    if (state.streams.empty()) {
        const auto time = unproven_newest(state);
        if (time && *time <= *ended) believe(state, *time);
        return;
    }
    const auto& before = memory.section(section_name);
    auto after = nlohmann::json::object();
    for (StreamState& stream : state.streams) {
        const auto time = unproven_newest(stream.state);
        const std::string name = harmless(stream.name);
        const bool of_this_run = time && *time <= *ended && *time > *ended - longest_run;
        if (!time || (!of_this_run && number_in(before, name.c_str()) != time)) continue;
        after[name] = *time;
        if (stream.state.problems.empty()) believe(stream.state, *time);
    }
    memory.keep(section_name, std::move(after));
}

}  // namespace lastgood
