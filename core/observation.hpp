// An observation is one fact with its age: collectors print it, the agent keeps it, rules compare
// it. Not thread-safe; only LineSink blocks.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

using Labels = std::vector<std::pair<std::string, std::string>>;  // sorted by key, keys unique

struct Observation {
    const Metric* metric = nullptr;  // never null in a valid observation
    std::string subject;             // id of the drive, array, …; empty for the host
    Labels labels;
    double value = 0;
    Timestamp observed_at = 0;

    std::string_view label(std::string_view key) const;  // "" if absent
    bool operator==(const Observation&) const = default;
};

// Receives what a collector reads. `add` reports a fact; `increment` adds to a counter that the
// agent keeps across restarts.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void add(Observation observation) = 0;
    virtual void increment(Observation observation) = 0;
    // Ends a streaming collector's batch, which replaces the collector's earlier facts. `cursor`
    // (opaque, may be empty) is saved together with the increments and returned in Context::cursor
    // when the collector is restarted.
    virtual void commit(std::string_view cursor) = 0;
    // Reports something that could not be read; `subject` may be empty. Shown with the collector's
    // state; the run goes on.
    virtual void problem(std::string_view subject, const Error& error) = 0;

    // Shorthand for add().
    void observe(const Metric& metric, std::string_view subject, double value,
                 Timestamp observed_at, Labels labels = {});
};

// One line of the protocol between collector and agent (see docs/writing-a-collector.md):
//   {"metric":"lastgood_drive_pending_sectors","subject":"wwn-0x…","labels":{"k":"v"},"value":3,"observed_at":1700000000.5}
//   {"metric":…,"increment":2,…}   adds to a counter
//   {"commit":true,"cursor":"…"}   ends a streaming collector's batch
//   {"problem":"…","subject":"…","kind":"failed"}   something could not be read
struct ProtocolLine {
    enum class Kind { observation, increment, commit, problem };
    Kind kind = Kind::observation;
    Observation observation;  // observation, increment
    std::string cursor;       // commit
    std::string subject;      // problem
    Error error{};            // problem
};

std::string to_json_line(const ProtocolLine& line);  // without newline
// Error: malformed, for unknown metrics, wrong types, non-finite values, negative increments and
// labels that the metric does not declare; the message says what to do. `default_time` replaces a
// missing observed_at.
Result<ProtocolLine> parse_protocol_line(std::string_view text, Timestamp default_time);

// Writes protocol lines to a file descriptor, which it does not close. Flushes at a commit, at 64
// KiB and when destroyed; flushing blocks while a pipe is full. At the first write error (a full
// disk, a closed pipe) it calls `failed` with errno; from then on it drops all lines. A stream
// never ends by itself, so `failed` should end the process.
class LineSink : public Sink {
  public:
    explicit LineSink(int fd, std::function<void(int)> failed = {})
        : fd_(fd), failed_(std::move(failed)) {}
    ~LineSink() override { flush(); }
    LineSink(const LineSink&) = delete;
    LineSink& operator=(const LineSink&) = delete;
    void add(Observation observation) override;
    void increment(Observation observation) override;
    void commit(std::string_view cursor) override;
    void problem(std::string_view subject, const Error& error) override;
    void flush();

  private:
    void write_line(const ProtocolLine& line);
    int fd_;
    std::function<void(int)> failed_;
    bool broken_ = false;
    std::string buffer_;
};

// Keeps everything in memory, for tests and for `lastgood explain`.
class MemorySink : public Sink {
  public:
    void add(Observation observation) override { observations.push_back(std::move(observation)); }
    void increment(Observation observation) override;  // adds to the same series in `observations`
    void commit(std::string_view last_cursor) override { cursor = last_cursor; }
    void problem(std::string_view subject, const Error& error) override {
        problems.emplace_back(subject, error);
    }

    std::vector<Observation> observations;
    std::vector<std::pair<std::string, Error>> problems;
    std::string cursor;
};

}  // namespace lastgood
