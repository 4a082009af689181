// `lastgood accept`: an administrator's word that a finding is known. The command leaves a request;
// the agent reads it at its next heartbeat, within 15 s.
#pragma once

#include <string>

#include "core/config.hpp"

namespace lastgood {

struct AcceptOptions {
    std::string config_option = {};  // " --config FILE" for commands that are told, or empty
    std::string rule = {};           // empty: list what can be accepted and what is
    std::string subject = {};        // id, device, serial …; empty: the host
    std::string until = {};          // empty: 90 days, or less if the rule allows less
    std::string reason = {};
    bool revoke = false;
};

// Asks the agent to accept the finding of the rule about the subject up to its present value, or to
// revoke that. Refuses what is not found now, a longer time than the rule allows, and an acceptance
// without a reason. Prints the result; does not wait for the agent. Without a rule: prints the
// findings with the commands that accept or revoke them. Exit status 0, or 3 if refused.
int run_accept(const Config& config, const AcceptOptions& options);

}  // namespace lastgood
