// The directory of the report, and the lock in it that only one agent holds.
#pragma once

#include "agent/agent_lock.hpp"
#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

class RuntimeDirectory {
  public:
    // Makes the directory if it is missing, and takes the lock. Does not wait for it. Errors: those
    // of make_own_directory() and AgentLock::take(); this one then holds the lock it had before, if
    // any.
    Result<void> take(const Config& config);
    // Whether our lock is still in the directory. Somebody may remove the directory; then nothing
    // can be written to it, and a second agent could start.
    bool is_still_there() const;

  private:
    AgentLock lock_;
};

}  // namespace lastgood
