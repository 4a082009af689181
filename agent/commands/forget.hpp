// `lastgood forget`: stops reporting a removed drive or array as missing. The command leaves a
// request; the agent reads it at its next heartbeat, within 15 s.
#pragma once

#include <string>

#include "core/config.hpp"

namespace lastgood {

// Asks the agent to forget the drive or array that `word` names (id, serial or last device name).
// Refuses one that is present, an ambiguous and an unknown name. Prints the result; does not wait
// for the agent. Exit status 0, or 3 if refused.
int run_forget(const Config& config, const std::string& word);

}  // namespace lastgood
