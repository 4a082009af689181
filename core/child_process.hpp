// Starts child processes. This is the only code that forks; its users differ in how they wait:
// run_process() blocks, the agent watches the pidfd in its event loop, the filesystem probes leave
// a stuck child behind. A ChildProcess is not thread-safe.
//
// A child gets
// - its own process group. Signals go to the whole group. When the child has ended, the rest of its
//   group is killed, and with core/descendants.hpp all that it left behind;
// - SIGKILL when the thread that called start() ends (PR_SET_PDEATHSIG, prctl(2)): never start a
//   child from a thread that may end before the child. A program that changes its user or gains
//   privileges loses this and must set it again;
// - only the descriptors listed in ChildSettings, no blocked or ignored signals, no core dumps;
// - the directory "/" and umask 077;
// - a program: the environment of clean_environment() and nothing else of ours.
//
// Only wait() blocks. pidfd_open(2) needs Linux 5.3 and is forbidden in old container runtimes:
// then pidfd() is -1 and the child must be polled. wait() does so by itself.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/descriptor.hpp"
#include "core/program_path.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Pipe {
    Descriptor read, write;
};
Result<Pipe> open_pipe();  // Both ends are close-on-exec. Error: failed, if no descriptor is left.

// The environment of every program that is started, as "NAME=value": PATH (program_path), HOME
// (/root for root, else /), LC_ALL=C.UTF-8, and of this process only TZ, LASTGOOD_AGENT
// (core/descendants.hpp) and LASTGOOD_TESTS_RUN, by which tests/run finds what a test left behind.
// In a build with sanitizers also their options.
std::vector<std::string> clean_environment();

struct ChildSettings {
    // Our descriptors that become 0 to 3 of the child; they stay open here. -1: /dev/null for 0 to
    // 2, closed for 3.
    int input = -1, output = -1, error = -1, extra = -1;
    // "NAME=value"; added before clean_environment()
    std::vector<std::string> environment = {};
    std::string search_path = std::string(program_path);  // directories, separated by ':'
    bool own_session = false;  // also a session of its own (setsid(2)), by which Orphans knows it
    size_t memory_limit = 0;   // address space in bytes; 0 or more than our own limit: our own
};

struct ProcessEnd {
    bool by_signal = false;
    int status = 0;      // exit status, or the signal's number
    int exec_error = 0;  // errno of a failed exec; 0: the program was started

    bool succeeded() const { return !by_signal && status == 0 && exec_error == 0; }
};

class ChildProcess {
  public:
    // descriptor number of ChildSettings::extra in the child
    static constexpr int extra_number = 3;
    // s from SIGTERM to SIGKILL, and from SIGKILL to giving up
    static constexpr Seconds kill_interval = 1;

    // Starts `program`, an absolute path or a name without '/' that is looked for in the search
    // path; arguments[0] is its name. Does not wait for exec, because the program's disk may hang:
    // ProcessEnd::exec_error tells whether it failed. Error: failed, if no descriptor or process is
    // left, or if `program` is a relative path.
    static Result<ChildProcess> start(const std::string& program,
                                      const std::vector<std::string>& arguments,
                                      const ChildSettings& settings = {});
    // Runs `body` in a copy of this process; its result is the exit status. If this process has
    // more than one thread, `body` may only call async-signal-safe functions (signal-safety(7)).
    // Errors as above.
    static Result<ChildProcess> start(const std::function<int()>& body,
                                      const ChildSettings& settings = {});

    ChildProcess() = default;  // no process
    ~ChildProcess();           // kills a living child without waiting; reaps one that has ended
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;

    // becomes readable when the child ends; -1: no pidfd
    int pidfd() const { return pidfd_.get(); }

    // Also true if there is no child.
    bool has_ended() const;
    // Returns the end once and frees the child's process id. nullopt: it is alive, or was reaped
    // before.
    std::optional<ProcessEnd> reap();
    // reap(), but blocks for at most `limit` seconds.
    std::optional<ProcessEnd> wait(Seconds limit);
    // Timeout for poll(2) in ms: `left` seconds, less if the child must be polled.
    int poll_timeout(Seconds left) const;

    // Sends the signal to the whole group, and to a child that has left its group.
    void signal(int number);
    // The first call sends SIGTERM, the second SIGKILL; from the third on it returns false: the
    // child is stuck in the kernel. Leave kill_interval between two calls.
    bool escalate();
    bool was_told_to_end() const { return escalations_ > 0; }

  private:
    struct Plan;
    static Result<ChildProcess> fork(const ChildSettings& settings, Plan& plan);

    pid_t pid_ = -1;
    Descriptor pidfd_, exec_error_;  // exec_error_: pipe that carries errno of a failed exec
    int escalations_ = 0;
};

}  // namespace lastgood
