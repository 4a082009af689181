// A child process that cannot outlive us, get in our way or inherit what is not its own: the one
// place that forks. Its users differ only in how they wait: run_process() blocks, the agent watches
// the pidfd in its event loop, the probes of filesystems leave a stuck child behind.
//
// The child gets
// - a process group of its own; signals go to the whole group, and what is left of the group when
//   the child has ended is killed;
// - SIGKILL when we end (PR_SET_PDEATHSIG). For the kernel "we" is the thread that called start():
//   never start a child from a thread that ends before the child does (prctl(2)). A program that
//   changes its user or gains privileges loses this and must ask for it again;
// - only the descriptors that were asked for, no blocked or ignored signal, no core dumps.
//
// Nothing here blocks but wait(). Linux 5.3 has pidfd_open(2); where it is missing or forbidden
// (old container runtimes), pidfd() is -1 and the child must be asked now and then: wait() does so
// by itself.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/descriptor.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Pipe {
    Descriptor read, write;
};
Result<Pipe> open_pipe();  // both ends close-on-exec

struct ChildSettings {
    // What the child finds at 0 to 3: one of our descriptors, which stays ours. -1: /dev/null, and
    // nothing at 3.
    int input = -1, output = -1, error = -1, extra = -1;
    std::vector<std::string> environment = {};  // "NAME=value", go before ours
    size_t memory_limit = 0;                    // address space, bytes; 0: as ours
};

struct ProcessEnd {
    bool by_signal = false;
    int status = 0;      // exit status, or the signal's number
    int exec_error = 0;  // errno: the program could not be started

    bool succeeded() const { return !by_signal && status == 0 && exec_error == 0; }
};

class ChildProcess {
  public:
    static constexpr int extra_number = 3;       // where the child finds ChildSettings::extra
    static constexpr Seconds kill_interval = 1;  // from SIGTERM to SIGKILL, and to giving up

    // Starts `program` (looked up in PATH) with `arguments`, its own name among them. Whether the
    // program could be executed is told by its end: the disk that it lies on may hang.
    static Result<ChildProcess> start(const std::string& program,
                                      const std::vector<std::string>& arguments,
                                      const ChildSettings& settings = {});
    // Runs `body` in a copy of this process; its result is the exit status. Where we have more
    // threads than one, `body` may only do what a signal handler may (signal-safety(7)).
    static Result<ChildProcess> start(const std::function<int()>& body,
                                      const ChildSettings& settings = {});

    ChildProcess() = default;  // no process
    ~ChildProcess();           // kills it if it lives, does not wait; reaps it if it has ended
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;

    int pidfd() const { return pidfd_.get(); }  // readable when the child has ended, or -1

    bool has_ended() const;
    // How it ended, once: then the child is gone for good. Nothing: it lives, or was reaped before.
    std::optional<ProcessEnd> reap();
    std::optional<ProcessEnd> wait(Seconds limit);  // reap(), blocking for at most `limit`
    // For poll(2): milliseconds until `left` is over, or until the child must be asked again.
    int poll_timeout(Seconds left) const;

    void signal(int number);  // to the whole group
    // SIGTERM at the first call, SIGKILL at the second. False from the third: the child is stuck in
    // the kernel. The caller leaves kill_interval between two calls.
    bool escalate();
    bool was_told_to_end() const { return escalations_ > 0; }

  private:
    struct Plan;
    static Result<ChildProcess> fork(const ChildSettings& settings, Plan& plan);

    pid_t pid_ = -1;
    Descriptor pidfd_, exec_error_;  // the latter: a pipe with errno when there is no program
    int escalations_ = 0;
};

}  // namespace lastgood
