// What the attempts of one probe say: how long each took, what is usual, which failed. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "collectors/probes/timing.hpp"
#include "core/config.hpp"
#include "core/observation.hpp"

namespace lastgood {

class ProbeRecord {
  public:
    explicit ProbeRecord(ProbeKind kind) : kind_(kind) {}

    // `limit`: Probe::max_time.
    void took(Seconds time, std::optional<Seconds> limit, Timestamp now);
    // `why`: "No space left on device". `says`: the first words of a command's errors.
    void failed(std::string why, std::string says, Timestamp now);
    // Nothing was written on the filesystem since: the probe let it sleep. What was found stays.
    void idle(Timestamp now);
    bool failing() const { return failures_ > 0; }
    void started(Timestamp now) { waiting_since_ = now; }
    void ended() { waiting_since_.reset(); }

    // Slower than this is slow: the limit, or what is learned.
    Seconds slow_from(std::optional<Seconds> limit) const;

    void observe(Sink& sink, const std::string& name, Timestamp now) const;

  private:
    struct Attempt {
        Seconds took = 0;
        bool slow = false;
    };
    std::optional<Seconds> slow_time() const;
    void observe_durations(Sink& sink, const std::string& name, Timestamp now) const;

    ProbeKind kind_;
    UsualTime usual_;
    std::deque<Attempt> last_;  // that did not fail
    double failures_ = 0;       // one after the other, the last ones
    std::string why_, says_;
    bool idle_ = false;
    std::optional<Timestamp> asked_, waiting_since_;
};

}  // namespace lastgood
