// The command `lastgood status`: reads the report, prints it and returns the exit code.
#pragma once

#include <string>

namespace lastgood {

struct StatusOptions {
    // The agent's lock file lies beside the report and shows whether the agent runs. Without a lock
    // file (a saved report) only the report's age shows it. Empty if the command line names none:
    // the caller then sets report_path() of the configuration.
    std::string report_path;
    std::string subject;             // empty: the whole host
    std::string config_option = {};  // " --config FILE" for commands that are told, or empty
    bool json = false;
    bool watch = false;  // refresh every 2 s until SIGINT or SIGTERM
};

// Returns the exit code: 0 fine, 1 warning, 2 critical, 3 unknown (also if there is no report, the
// agent is dead, or there is no such subject). Errors go to standard error. Reads the report, its
// lock file and, for a subject below /dev, the link; asks no drive and starts no collector. With
// `watch` returns after a signal.
int run_status(const StatusOptions& options);

}  // namespace lastgood
