#include "collectors/probes/prober.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <list>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/probes/attempt.hpp"
#include "collectors/probes/record.hpp"
#include "collectors/probes/written.hpp"
#include "core/child_process.hpp"
#include "core/clock.hpp"
#include "core/descendants.hpp"
#include "core/files.hpp"
#include "core/observation.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr Seconds longest_sleep = 5;     // so often the file says that the service lives
constexpr Seconds shortest_pause = 0.2;  // between two writes of the file
constexpr size_t longest_reason = 200;

// An attempt that has not ended.
struct Attempt {
    ChildProcess child;
    Descriptor answer, errors;
    Seconds started = 0;
    Seconds escalate_at = 0;
    std::string says = {};  // the first of its errors
};

// A child that cannot be killed keeps its probe from being made again: one is outstanding at most.
class Task {
  public:
    Task(const Host& host, const Probe& probe)
        : host_(host), probe_(probe), record_(probe.kind), written_(host, probe.target) {}

    // Does what is due; returns when to come again (monotonic).
    Seconds work() {
        if (attempt_) take_errors();
        if (attempt_) finish();
        if (attempt_) escalate();
        const Seconds now = monotonic_clock();
        if (!attempt_ && now >= due_) begin();
        written_.note_own_writes(now);
        const Seconds next = attempt_ ? attempt_->escalate_at : due_;
        return std::min(next, written_.wants_at().value_or(next));
    }
    // What becomes readable when there is something to do.
    void add_wakers(std::vector<pollfd>& to) const {
        if (!attempt_) return;
        for (const int fd : {attempt_->child.pidfd(), attempt_->errors.get()})
            if (fd >= 0) to.push_back({fd, POLLIN, 0});
    }
    bool must_be_polled() const { return attempt_ && attempt_->child.pidfd() < 0; }
    void observe(Sink& sink) const { record_.observe(sink, probe_.name, host_.now()); }

  private:
    void begin() {
        due_ = std::max(due_ + probe_.interval, monotonic_clock());
        // What fails is tried again: nobody can write there, and no drive is woken.
        if (probe_.kind == ProbeKind::write && !record_.failing() && !written_.since_last_probe())
            return record_.idle(host_.now());
        if (const auto started = start(); !started)
            record_.failed(started.error().message, {}, host_.now());
        else
            record_.started(host_.now());
    }

    Result<void> start() {
        const auto who = find_user(probe_.user);
        if (!who) return Failure(who.error());
        auto answer = open_pipe(), errors = open_pipe();
        if (!answer) return Failure(answer.error());
        if (!errors) return Failure(errors.error());
        const auto environment = clean_environment();
        const auto body = [&] {
            const AttemptResult result = attempt(*who, environment);
            const ssize_t size = ::write(ChildProcess::extra_number, &result, sizeof result);
            return size == static_cast<ssize_t>(sizeof result) ? 0 : 1;
        };
        auto child =
            ChildProcess::start(body, {.error = errors->write.get(), .extra = answer->write.get()});
        if (!child) return Failure(child.error());
        ::fcntl(errors->read.get(), F_SETFL, O_NONBLOCK);
        ::fcntl(answer->read.get(), F_SETFL, O_NONBLOCK);
        const Seconds now = monotonic_clock();
        attempt_ = Attempt{std::move(*child), std::move(answer->read), std::move(errors->read), now,
                           now + probe_.deadline};
        return {};
    }

    // In the child. A command returns only if it could not be started.
    AttemptResult attempt(const RunAs& who, const std::vector<std::string>& environment) const {
        switch (probe_.kind) {
            case ProbeKind::write:
                return write_once(probe_.target);
            case ProbeKind::address:
                return connect_once(probe_);
            case ProbeKind::command:
                break;
        }
        ::fcntl(ChildProcess::extra_number, F_SETFD, FD_CLOEXEC);
        AttemptResult result;
        result.error = become(who, probe_.command, environment);
        return result;
    }

    void finish() {
        const Seconds took = monotonic_clock() - attempt_->started;
        const auto end = attempt_->child.reap();
        if (!end) return;
        AttemptResult result;
        const bool told = ::read(attempt_->answer.get(), &result, sizeof result) ==
                          static_cast<ssize_t>(sizeof result);
        judge(*end, told ? std::optional(result) : std::nullopt, took);
        attempt_.reset();
        record_.ended();
        written_.probed(monotonic_clock(), probe_.interval);
    }

    void judge(const ProcessEnd& end, const std::optional<AttemptResult>& result, Seconds took) {
        const Timestamp now = host_.now();
        const bool by_us = attempt_->child.was_told_to_end();
        if (result && result->error == 0) return record_.took(result->took, probe_.max_time, now);
        if (result)
            return record_.failed(result->error == AttemptResult::no_errno
                                      ? std::string(result->text)
                                      : errno_text(result->error),
                                  {}, now);
        // Killed at its deadline: it took at least that long.
        if (by_us && probe_.kind == ProbeKind::write)
            return record_.took(took, probe_.max_time, now);
        if (by_us)
            return record_.failed(
                fmt::format("it did not end within {}", format_duration(probe_.deadline)), {}, now);
        if (probe_.kind == ProbeKind::command && end.succeeded())
            return record_.took(took, probe_.max_time, now);
        std::string_view words = attempt_->says;
        record_.failed(
            fmt::format("{} {}", end.by_signal ? "ended by signal" : "exit status", end.status),
            harmless(trim(take_line(words))), now);
    }

    // A program whose errors nobody takes would wait for ever.
    void take_errors() {
        char text[4096];
        for (int i = 0; i < 64 && attempt_->errors.get() >= 0; ++i) {
            const ssize_t size = ::read(attempt_->errors.get(), text, sizeof text);
            if (size < 0 && errno == EAGAIN) return;
            if (size <= 0) return attempt_->errors.close();
            const size_t room = longest_reason - attempt_->says.size();
            attempt_->says.append(text, std::min(static_cast<size_t>(size), room));
        }
    }

    void escalate() {
        const Seconds now = monotonic_clock();
        if (now < attempt_->escalate_at) return;
        const bool more = attempt_->child.escalate();
        attempt_->escalate_at = now + (more ? ChildProcess::kill_interval : longest_sleep);
    }

    const Host& host_;
    const Probe& probe_;
    ProbeRecord record_;
    WrittenSince written_;
    std::optional<Attempt> attempt_;
    Seconds due_ = 0;
};

std::string lines_of(const std::list<Task>& tasks) {
    MemorySink sink;
    for (const Task& task : tasks) task.observe(sink);
    std::string text;
    for (Observation& one : sink.observations)
        text += to_json_line({ProtocolLine::Kind::observation, std::move(one), {}, {}, {}}) + "\n";
    return text;
}

void wait_for(const std::list<Task>& tasks, Seconds next) {
    constexpr Seconds ask_again = 0.02;
    std::vector<pollfd> wakers;
    Seconds left = std::clamp(next - monotonic_clock(), 0.0, longest_sleep);
    for (const Task& task : tasks) {
        task.add_wakers(wakers);
        if (task.must_be_polled()) left = std::min(left, ask_again);
    }
    ::poll(wakers.data(), wakers.size(), static_cast<int>(std::ceil(left * 1000)));
}

}  // namespace

ProbeService service_of(ProbeKind kind) {
    return kind == ProbeKind::address ? ProbeService::remote : ProbeService::local;
}

std::string_view to_string(ProbeService service) {
    switch (service) {
        case ProbeService::local:
            return "lastgood-probe.service";
        case ProbeService::remote:
            return "lastgood-remote.service";
    }
    return "";
}

std::string probe_directory(const Config& config, ProbeService service) {
    return config.runtime_directory.value + (service == ProbeService::local ? "-probe" : "-remote");
}

std::string probe_file(const Config& config, ProbeService service) {
    return probe_directory(config, service) + "/probes.jsonl";
}

Result<void> run_probes(const Config& config, ProbeService service) {
    const Host host;
    const auto directory = make_own_directory(probe_directory(config, service), 0755);
    if (!directory) return Failure(directory.error());
    end_with_descendants();
    std::list<Task> tasks;
    for (const Probe& probe : config.probes)
        if (service_of(probe.kind) == service) tasks.emplace_back(host, probe);
    Seconds written_at = 0;
    for (;;) {
        const Seconds now = monotonic_clock();
        Seconds next = now + longest_sleep;
        for (Task& task : tasks) next = std::min(next, task.work());
        if (now - written_at >= shortest_pause) {
            auto written =
                write_file(probe_file(config, service), lines_of(tasks), Synced::no, 0644);
            if (!written) return written;
            written_at = now;
        }
        next = std::min(next, written_at + (written_at == now ? longest_sleep : shortest_pause));
        ::sd_notify(0, "READY=1\nWATCHDOG=1");
        wait_for(tasks, next);
    }
}

}  // namespace lastgood
