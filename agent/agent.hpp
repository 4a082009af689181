// The agent: supervises the collectors, remembers, judges, and is the only writer of the report.
#pragma once

#include <optional>
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

// Whether an agent holds the lock in this runtime directory; nothing: cannot tell.
std::optional<bool> agent_is_running(const std::string& runtime_directory);

}  // namespace lastgood
