// What a new configuration changes in a running agent.
#pragma once

#include <string>
#include <vector>

#include "core/config.hpp"

namespace lastgood {

// How a running agent takes a new configuration.
struct ConfigChanges {
    bool of_listener = false;  // a setting of [serve]
    // What does not change before a restart, or needs a hand: lines for the log.
    std::vector<std::string> notes;
};

// `runs_listener`: whether the listener is a child of this agent (`lastgood run`). `restart`: the
// command that restarts the agent. Pure.
ConfigChanges compare_configs(const Config& running, const Config& read, bool runs_listener,
                              const std::string& restart);

}  // namespace lastgood
