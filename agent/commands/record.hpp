// `lastgood record`: an administrator's word that the copies of a backup were verified or restored.
// The command leaves a request; the agent reads it at its next heartbeat, within 15 s.
#pragma once

#include <string>

#include "core/config.hpp"

namespace lastgood {

struct RecordOptions {
    std::string config_option = {};  // " --config FILE" for commands that are told, or empty
    std::string what = {};           // "verified" or "restored"; empty: list what is recorded
    std::string backup = {};         // its name
    std::string note = {};           // what was verified or restored, and how
};

// Asks the agent to record it with the user and the present time. Refuses a backup that is not
// configured and a note that is too long. Without `what`: prints what each backup has on record.
// Exit status 0, or 3 if refused.
int run_record(const Config& config, const RecordOptions& options);

}  // namespace lastgood
