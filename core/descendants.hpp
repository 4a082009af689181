// Ends what the programs that this process started have started themselves and left behind. Linux
// gives a process whose parent has ended to the nearest ancestor that asked for such orphans
// (PR_SET_CHILD_SUBREAPER, prctl(2)); a session or a group of its own does not hide it. Needs
// /proc/PID/task/PID/children (CONFIG_PROC_CHILDREN, Linux 4.2); without it orphans stay. Not
// thread-safe; children must be started by the main thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/child_process.hpp"
#include "core/time.hpp"

namespace lastgood {

// From now on this process is given the orphans among its descendants. Call before the first child.
void adopt_orphans();

// Sends SIGKILL to every child of this process that no ChildProcess stands for, and reaps those
// that have ended. Returns the living ones that no Orphans holds: they need a moment to end, or are
// stuck in the kernel. As process 1 it kills only those with LASTGOOD_AGENT in their environment.
// Does nothing without adopt_orphans(). Does not block.
std::vector<pid_t> kill_orphans();

// Does so until none is left, for at most `limit` seconds. Blocks.
void wait_for_orphans(Seconds limit);

// For a collector: SIGTERM, SIGINT, SIGHUP and, if a ChildProcess started it, the end of its parent
// kill all its descendants, then this process. Calls adopt_orphans().
void end_with_descendants();
// The end of the parent sends this signal, if it sends one already.
void let_parent_send(int signal);

// Orphans that were sent SIGKILL and have not ended.
class Orphans {
  public:
    Orphans() = default;
    ~Orphans();
    Orphans(const Orphans&) = delete;
    Orphans& operator=(const Orphans&) = delete;
    // Takes those of a child that has just been reaped. Not those in the session of a ChildProcess
    // that has ended and is not reaped yet.
    void take();
    // Reaps those that have ended. True if one lives. Does not block.
    bool remain();

  private:
    std::vector<pid_t> ids_;
};

// For ChildProcess: its processes are no orphans.
void add_child(pid_t id);
void drop_child(pid_t id);

// The environment of this process's children holds LASTGOOD_AGENT=DIRECTORY PID.TIME from now on.
// Call before the first thread. By it an agent finds what an earlier one left behind that was
// killed itself.
constexpr const char* agent_variable = "LASTGOOD_AGENT";
void mark_children(const std::string& directory);
// For whoever has the lock in `directory`: sends SIGKILL to the processes that an earlier agent
// there marked. Does so in a child, whose exit status is their number, at most 100: reading the
// environment of a process that hangs may hang, too. Does not block.
Result<ChildProcess> sweep_after_earlier_agent(const std::string& directory);

}  // namespace lastgood
