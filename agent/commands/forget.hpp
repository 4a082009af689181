// `lastgood forget`: a drive or array that was taken out on purpose is no longer missed. The
// command leaves a request in the runtime directory, the agent takes it up with its next heartbeat.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"

namespace lastgood {

// Asks the agent to forget what `word` names (id, serial or last device name). Refuses what is
// still here. Says what it did on standard output; returns the exit status.
int run_forget(const Config& config, const std::string& word);

// The requests that wait, which are taken away; what is no request is removed.
std::vector<std::pair<SubjectKind, std::string>> take_forget_requests(const Config& config);

}  // namespace lastgood
