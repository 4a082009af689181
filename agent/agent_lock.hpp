// Keeps two agents from using one runtime directory, and shows that this one lives.
#pragma once

#include <string>

#include "core/descriptor.hpp"
#include "core/result.hpp"

namespace lastgood {

// Locks DIRECTORY/agent.lock (flock(2)). Only its user and root can open that file, so nobody else
// can hold the lock; where an earlier version left one that others could open, and a process of
// theirs holds it, the file is replaced.
// Also makes DIRECTORY/agent.alive with a write lock on it, for status (core/config.hpp): it gets
// its name when it is locked, so no lock of others comes first.
class AgentLock {
  public:
    AgentLock() = default;
    // `directory` is open, `path` its name in messages. Waits up to 3 s for what a
    // killed agent had just forked. Errors: denied (another
    // agent holds it), failed.
    static Result<AgentLock> take(int directory, const std::string& path);
    // Whether the file that is locked still has its name.
    bool is_still_there() const;

  private:
    std::string path_;
    Descriptor lock_, life_;
};

}  // namespace lastgood
