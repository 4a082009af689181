// The job of a backup, a systemd unit: how its last runs ended. A unit's result alone hides
// failures; each way in which it does is named in job.cpp, where it is seen through. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/backups/parse/unit.hpp"
#include "collectors/backups/state.hpp"

namespace lastgood {

// A run that has ended.
struct JobRun {
    std::string invocation;  // systemd's id of the run; empty: not known
    Timestamp time = 0;      // its end
    bool succeeded = false;
    // "exit status 0", "exit status 3", "signal 9", "result timeout"
    std::string outcome = {};
    std::optional<int> exit_status = {};  // of the program that failed, or 0
    // Of a success: exact if the exit status of every command is known; activity if the unit hides
    // failures and only the journal tells of the run: then it may have failed.
    Confidence confidence = Confidence::exact;

    bool operator==(const JobRun&) const = default;
};

// What is remembered of a unit: a reboot, systemd's unloading of units and the rotation of the
// journal take everything else away.
struct JobMemory {
    std::optional<JobRun> last = {}, last_success = {};  // with a known result
    std::optional<Timestamp> skipped =
        {};  // the last start that was skipped, if it is newer than `last`
    std::optional<Timestamp> unproven =
        {};  // the end of a run with an unknown result, newer than `last`

    bool operator==(const JobMemory&) const = default;
};

struct JobState {
    JobMemory known;
    bool running = false;
    Timestamp running_since = 0;  // 0: not known
    // Its last run made a copy without a part of the source.
    bool partly = false;
    std::string load_state;
};

// The runs of which the messages, oldest first, tell the end. Only what PID 1 wrote counts.
std::vector<JobRun> runs_in_journal(const std::vector<UnitMessage>& messages,
                                    const UnitProperties& unit,
                                    std::span<const int> success_exit_status = {});

// Whether the journal can tell more than the properties and the memory.
bool needs_journal(const UnitProperties& unit, const JobMemory& before,
                   std::span<const int> success_exit_status = {});

// What the configuration says of the job.
struct JobWords {
    std::string_view tool = {};  // that of the repository beside the job; empty: there is none
    std::span<const int> success_exit_status = {};  // besides 0
};

JobState judge_job(const UnitProperties& unit, const std::vector<UnitMessage>& messages,
                   const JobMemory& before, const JobWords& words, Timestamp now);

// The memory as a section of LookMemory, and back; what is damaged is not known.
nlohmann::json to_json(const JobMemory& memory);
JobMemory parse_job_memory(const nlohmann::json& section, Timestamp now);

}  // namespace lastgood
