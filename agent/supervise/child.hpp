// One child process of the agent: started, read line by line, given a deadline, and abandoned if it
// cannot be killed.
#pragma once

#include <systemd/sd-event.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/child_process.hpp"

namespace lastgood {

struct SourceCloser {
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using EventSource = std::unique_ptr<sd_event_source, SourceCloser>;

struct ChildLimits {
    Seconds deadline = 30;                 // until the first SIGTERM; restarted by Child::extend()
    size_t line_length = 64 * 1024;        // bytes
    size_t output = 64 * 1024 * 1024;      // bytes, until Child::extend()
    size_t memory = 1024UL * 1024 * 1024;  // address space, bytes
};

enum class ChildEnd {
    finished,   // by itself, exit status 0
    failed,     // by itself, otherwise
    killed,     // it ran into a limit and was killed
    abandoned,  // it ran into a limit and does not die: stuck in the kernel
};

class Child {
  public:
    struct Callbacks {
        std::function<void(std::string_view line)> line;
        // Called once; `message` says what happened ("" when finished). After `abandoned`, `gone`
        // follows when it has died at last.
        std::function<void(ChildEnd end, const std::string& message)> end;
        std::function<void()> gone;
    };

    // Starts `program` (looked up in PATH) with `arguments`, its own name among them, and with the
    // descriptor `config_fd` inherited as number 3 (-1: none). The child dies with the thread that
    // calls this.
    static Result<std::unique_ptr<Child>> start(sd_event* event, const std::string& program,
                                                const std::vector<std::string>& arguments,
                                                int config_fd, const ChildLimits& limits,
                                                Callbacks callbacks);
    ~Child() = default;  // kills it if it lives
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void extend();  // a stream has committed: its deadline and its output begin anew
    void stop(const std::string& why = "stopped");  // SIGTERM now, SIGKILL after a second

  private:
    Child(sd_event* event, std::string program, const ChildLimits& limits, Callbacks callbacks)
        : event_(event),
          program_(std::move(program)),
          limits_(limits),
          callbacks_(std::move(callbacks)) {}
    int watch();
    int ask_for_end();
    void read_output();
    void read_error();
    void read_rest();
    void take_lines();
    void exited();
    std::string reason(const ProcessEnd& how) const;
    void limit_reached(const std::string& why);
    void escalate();
    void set_timer(Seconds from_now);
    void finish(ChildEnd end, const std::string& message);

    sd_event* event_;
    std::string program_;
    ChildLimits limits_;
    Callbacks callbacks_;
    ChildProcess process_;
    Descriptor output_, error_;
    EventSource output_source_, error_source_, end_source_, timer_;
    std::string buffer_, error_text_, why_killed_;
    size_t output_size_ = 0;
    bool ended_ = false;
};

}  // namespace lastgood
