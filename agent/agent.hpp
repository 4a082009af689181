// The agent: runs the collectors, remembers, judges, and is the only writer of the report.
#pragma once

#include <string>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

struct AgentOptions {
    std::string config_path;
    Config config;
    std::string root = "/";   // not "/": a recorded host
    bool with_serve = false;  // `lastgood run`: start the listening process as a child
    std::string listen = {};  // `--listen`: goes before the configured address; empty: none
};

// A recorded host gets a temporary state, report and requests: see agent/recorded_state.hpp.
//
// Runs until SIGTERM or SIGINT; SIGHUP re-reads the configuration. Returns the exit status: 0, or 1
// if it cannot start (another agent runs, the runtime directory cannot be made) or the listening
// process never worked. Call it from the main thread before any other thread exists: it blocks
// these signals for the whole process. Errors are logged. Stopping takes at most 4 s for the
// children and 2 s for the last save.
int run_agent(const AgentOptions& options);

}  // namespace lastgood
