// `lastgood forget`: stops reporting a removed drive or array as missing. The command writes a
// request to the runtime directory; the agent reads it at its next heartbeat, within 15 s.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"

namespace lastgood {

// Asks the agent to forget the drive or array that `word` names (id, serial or last device name).
// Refuses one that is present, an ambiguous and an unknown name. Prints the result; does not wait
// for the agent. Exit status 0, or 3 if refused.
int run_forget(const Config& config, const std::string& word);

struct ForgetRequests {
    std::vector<std::pair<SubjectKind, std::string>> subjects;
    std::vector<std::string> problems;  // a request each that could not be read: its path, and why
};

// Called by the agent: returns and deletes the waiting requests, at most 100 at once.
ForgetRequests take_forget_requests(const Config& config);

}  // namespace lastgood
