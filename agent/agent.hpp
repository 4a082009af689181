// The agent: supervises the collectors, remembers, judges, and is the only writer of the report.
#pragma once

#include <string>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

struct AgentOptions {
    std::string config_path;
    Config config;
    std::string root = "/";   // a recorded host
    bool with_serve = false;  // `lastgood run`: the listening process as a child
};

// Runs until SIGTERM or SIGINT; SIGHUP re-reads the configuration. Returns the exit status.
int run_agent(const AgentOptions& options);

}  // namespace lastgood
