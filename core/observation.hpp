// An observation is one fact with its age: collectors print it, the agent keeps it, rules compare
// it. Not thread-safe; only LineSink blocks.
#pragma once

#include <cstddef>
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

// Limits of what may come in, whoever sends it: a collector, a file of the inbox, the saved state,
// a report. All that is kept, added up and printed stays finite and bounded.
inline constexpr double value_limit = 9223372036854775808.0;  // 2^63, of the magnitude
inline constexpr Timestamp time_limit = 253402300800.0;       // the year 10000
inline constexpr size_t subject_limit = 4096;                 // bytes: an id may be a path
inline constexpr size_t label_limit = 4096;                   // bytes of one value
inline constexpr size_t text_limit = 8192;     // bytes of subject and labels; a line has room for
                                               // all of them as escapes
inline constexpr size_t message_limit = 2048;  // bytes of a problem; more is cut off
inline constexpr size_t cursor_limit = 4096;   // bytes

// Whether a point in time is one: finite, from 1970 to the year 9999.
bool is_sane_time(Timestamp time);
// Whether a value is finite and within value_limit.
bool is_sane_value(double value);
// The sum, within value_limit.
double saturated_sum(double a, double b);
// Why nobody may keep or judge the observation: its metric does not have such a subject or label,
// or a limit is exceeded. "" if nothing is wrong with it. `value_name` is for the text.
std::string why_not_valid(const Observation& observation, std::string_view value_name = "value");

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
    // Hands on what was reported so far, for a run that may be ended before its time.
    virtual void flush() {}

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
// Error: malformed, for unknown metrics and the agent's own, wrong types, what why_not_valid()
// refuses, negative increments and cursors over their limit; the message says what to do. A
// problem's texts are cut off at their limits. `default_time` replaces a missing observed_at.
Result<ProtocolLine> parse_protocol_line(std::string_view text, Timestamp default_time);

// Writes protocol lines to a file descriptor, which it does not close. Flushes at a commit, at 64
// KiB and when destroyed; flushing blocks while a pipe is full. At the first write error (a full
// disk, a closed pipe) it calls `failed` with errno; from then on it drops all lines. A stream
// never ends by itself, so `failed` should end the process. An observation that why_not_valid()
// refuses becomes a problem of its subject, so that no line is refused or longer than the agent
// reads.
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
    void flush() override;

  private:
    void write_line(const ProtocolLine& line);
    void write_observation(ProtocolLine::Kind kind, Observation observation);
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
