// One child process of the agent: started, read line by line, given a deadline, and abandoned if it
// cannot be killed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/child_process.hpp"

struct sd_event;

namespace lastgood {

class Loop;

struct ChildCommand {
    std::string program;                 // looked up in PATH
    std::vector<std::string> arguments;  // its own name among them
    int config_fd = -1;                  // the child finds it as number 3; -1: none
};

struct ChildLimits {
    Seconds deadline = 30;                           // until SIGTERM; begins anew with extend()
    Seconds patience = ChildProcess::kill_interval;  // from SIGTERM to SIGKILL, and to giving up
    size_t line_length = 64 * 1024;                  // bytes
    size_t output = 64 * 1024 * 1024;                // bytes, until extend()
    size_t memory = 1024UL * 1024 * 1024;            // address space, bytes
};

enum class ChildEnd {
    finished,   // by itself, exit status 0
    failed,     // by itself, otherwise
    killed,     // it ran into a limit and was killed
    abandoned,  // it ran into a limit and does not die: stuck in the kernel
};

// Destroying it kills the process if it lives.
class Child {
  public:
    struct Callbacks {
        std::function<void(std::string_view line)> line = [](std::string_view) {};
        // Called once; `message` says what happened ("" when finished). After `abandoned`, `gone`
        // follows when it has died at last.
        std::function<void(ChildEnd end, const std::string& message)> end;
        std::function<void()> gone = [] {};
    };

    // `event` tells of its output and its end, `loop` of the time. The child dies with the thread
    // that calls this.
    static Result<std::unique_ptr<Child>> start(sd_event* event, Loop& loop,
                                                const ChildCommand& command,
                                                const ChildLimits& limits, Callbacks callbacks);
    virtual ~Child() = default;

    virtual void extend() = 0;  // a stream has committed: its deadline and its output begin anew
    virtual void stop(const std::string& why) = 0;  // SIGTERM now, SIGKILL after `patience`
};

}  // namespace lastgood
