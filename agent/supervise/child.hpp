// Runs one child process of the agent: starts it, reads its lines, enforces limits, and abandons it
// if it cannot be killed. Used in the event loop's thread; no function blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/child_process.hpp"

struct sd_event;

namespace lastgood {

class Loop;

struct ChildCommand {
    std::string program;                 // an absolute path
    std::vector<std::string> arguments;  // [0] is its name
    int config_fd = -1;                  // becomes descriptor 3 of the child; -1: none
};

struct ChildLimits {
    Seconds deadline = 30;  // s until SIGTERM; extend() restarts it
    // s from SIGTERM to SIGKILL, and from SIGKILL to giving up
    Seconds patience = ChildProcess::kill_interval;
    size_t line_length = 64 * kib;  // bytes
    size_t output = 64 * mib;       // bytes; extend() restarts the count
    size_t memory = gib;            // bytes of address space
};

enum class ChildEnd {
    finished,   // ended by itself with exit status 0
    failed,     // ended by itself otherwise, or could not be executed
    killed,     // exceeded a limit or was stopped, and was killed
    abandoned,  // as killed, but SIGKILL has no effect: stuck in the kernel
};

// The destructor kills a living process.
//
// What a process leaves behind when it ends is killed (core/descendants.hpp). Keep the child after
// its end as long as left_behind() says so.
class Child {
  public:
    struct Callbacks {
        std::function<void(std::string_view line)> line = [](std::string_view) {};
        // Called once. `message` says what happened; "" for `finished`. After `abandoned`, and if
        // something was left behind, `gone` is called when the last process finally ends.
        std::function<void(ChildEnd end, const std::string& message)> end;
        std::function<void()> gone = [] {};
    };

    // `event` reports output and end, `loop` keeps the time; both must outlive the child. The child
    // is killed when the calling thread ends. Error: failed, if no descriptor or process is left.
    static Result<std::unique_ptr<Child>> start(sd_event* event, Loop& loop,
                                                const ChildCommand& command,
                                                const ChildLimits& limits, Callbacks callbacks);
    virtual ~Child() = default;

    // A stream has committed: restarts the deadline and the output count. No effect once the child
    // was told to end.
    virtual void extend() = 0;
    // SIGTERM now, SIGKILL after `patience`. Later output is ignored; `why` becomes the message.
    virtual void stop(const std::string& why) = 0;
    // The process has ended, but not all that it left behind.
    virtual bool left_behind() const { return false; }
    // The process, or what it left behind, has not ended `patience` after SIGKILL.
    virtual bool is_stuck() const { return false; }
};

}  // namespace lastgood
