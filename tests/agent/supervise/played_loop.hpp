// A simulated loop without processes or waiting: the test moves the clock and acts as the children.
#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/supervise/loop.hpp"

namespace lastgood::test {

// A started child and what happened to it.
struct PlayedChild {
    ChildCommand command;
    ChildLimits limits;
    Child::Callbacks callbacks;
    Seconds started_at = 0;
    int extensions = 0;
    std::vector<std::string> stops = {};  // reasons for stop()
    bool owned = true;                    // its owner has not destroyed it
    bool leaves = false, stuck = false;   // Child::left_behind(), is_stuck()
    bool ended = false;

    bool is_running() const { return owned && !ended; }

    void print(std::string_view line) const { callbacks.line(line); }
    void end(ChildEnd how, const std::string& message = "") {
        ended = true;
        const auto tell = callbacks.end;
        tell(how, message);
    }
    void finish() { end(ChildEnd::finished); }
    void die_at_last() const {  // after ChildEnd::abandoned, or with `leaves`
        const auto tell = callbacks.gone;
        tell();
    }
};

class PlayedLoop final : public Loop {
  public:
    std::list<PlayedChild> children;         // in starting order
    std::optional<std::string> start_fails;  // reason for start() to fail

    Timestamp now() const override { return 1'800'000'000 + monotonic_; }
    Seconds monotonic() const override { return monotonic_; }
    Seconds awake() const override { return monotonic_ - slept_; }
    std::unique_ptr<Timer> make_timer(Seconds, std::function<void()> elapsed) override {
        return std::make_unique<PlayedTimer>(timers_, std::move(elapsed));
    }
    Result<std::unique_ptr<Child>> start(const ChildCommand& command, const ChildLimits& limits,
                                         Child::Callbacks callbacks) override {
        if (start_fails) return fail(ErrorKind::failed, *start_fails);
        children.push_back({.command = command,
                            .limits = limits,
                            .callbacks = std::move(callbacks),
                            .started_at = monotonic_});
        return std::unique_ptr<Child>(new Handle(children.back()));
    }

    // Advances the clock and runs the timers that elapse.
    void advance(Seconds by) {
        const Seconds until = monotonic_ + by;
        for (int round = 0; round < 100'000; ++round) {
            const auto next =
                std::ranges::min_element(timers_, {}, [](const PlayedTimer* t) { return t->at; });
            if (next == timers_.end() || (*next)->at > until) break;
            monotonic_ = std::max(monotonic_, (*next)->at);
            (*next)->at = never;
            const auto elapsed = (*next)->elapsed;  // a copy: it may destroy its own timer
            elapsed();
        }
        monotonic_ = until;
    }
    // The machine is suspended and resumed.
    void sleep(Seconds by) {
        monotonic_ += by;
        slept_ += by;
        settle();
    }
    // This process is stopped and continued, or gets no processor time.
    void stall(Seconds by) {
        monotonic_ += by;
        settle();
    }
    void settle() { advance(0); }  // runs the timers due now

    // The newest child whose command line contains `words`; one must exist.
    PlayedChild& newest(std::string_view words) {
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            if (command_line(*child).find(words) != std::string::npos) return *child;
        throw std::logic_error("never started: " + std::string(words));
    }
    size_t count(std::string_view words, bool running_only = false) const {
        return static_cast<size_t>(std::ranges::count_if(children, [&](const PlayedChild& child) {
            return (child.is_running() || !running_only) &&
                   command_line(child).find(words) != std::string::npos;
        }));
    }
    size_t running(std::string_view words) const { return count(words, true); }

    static std::string command_line(const PlayedChild& child) {
        std::string text;
        for (const std::string& argument : child.command.arguments)
            text += (text.empty() ? "" : " ") + argument;
        return text;
    }

  private:
    static constexpr Seconds never = 1e300;

    class PlayedTimer final : public Timer {
      public:
        PlayedTimer(std::vector<PlayedTimer*>& all, std::function<void()> what)
            : elapsed(std::move(what)), all_(all) {
            all_.push_back(this);
        }
        ~PlayedTimer() override { std::erase(all_, this); }
        void arm(Seconds when) override { at = when; }

        Seconds at = never;
        std::function<void()> elapsed;

      private:
        std::vector<PlayedTimer*>& all_;
    };

    class Handle final : public Child {
      public:
        explicit Handle(PlayedChild& child) : child_(child) {}
        ~Handle() override { child_.owned = false; }
        void extend() override { ++child_.extensions; }
        void stop(const std::string& why) override { child_.stops.push_back(why); }
        bool left_behind() const override { return child_.leaves; }
        bool is_stuck() const override { return child_.stuck; }

      private:
        PlayedChild& child_;
    };

    Seconds monotonic_ = 1000, slept_ = 0;
    std::vector<PlayedTimer*> timers_;
};

}  // namespace lastgood::test
