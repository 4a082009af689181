// Tells when writes take seconds, from samples every few seconds. Pure: time is given.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "collectors/latency/parse/diskstats.hpp"

namespace lastgood {

struct WriteSample {
    DiskWork work;
    Seconds elapsed = 0;          // since the sample before
    uint64_t writes_waiting = 0;  // now
    uint64_t writes_waited = 0;   // at the sample before
    Seconds stalled = 0;          // of the pressure (`full`), growth since the sample before
};

struct WriteTraits {
    bool rotating = false;
    // Shingled drives and those on USB have such writes without any fault, often for minutes.
    bool erratic = false;
    bool rebuilding = false;  // its array writes without a pause
};

// Three kinds of samples are slow:
//   stuck: writes were waiting at both ends, and none ended (proof: one took this long)
//   long:  the writes that ended took 2 s in the mean, and too few bytes or writes ended for that
//          to come from a long queue, as in a large copy
//   flush: the flushes that ended took 2 s in the mean
// Writes take seconds if three samples were slow within 5 min, or the last three with any write
// (within 30 min); twice as many while the array rebuilds, 30 within 30 min of erratic drives.
class SlowWriteWatch {
  public:
    // `now` is monotonic and grows.
    void add(const WriteSample& sample, const WriteTraits& traits, Seconds now);

    struct Verdict {
        Seconds latency = 0;        // of a write: the longest mean; if none ended, the longest wait
        bool tasks_waited = false;  // all tasks stood still for 10 s of the 5 min
    };
    std::optional<Verdict> verdict() const { return verdict_; }

  private:
    struct Slow {
        Seconds at = 0, took = 0, waited = 0;  // took: 0 if none ended
        bool streak = false;                   // no quick sample lies between this and the next one
    };
    void judge(const WriteTraits& traits, Seconds now);

    std::deque<Slow> slow_;                            // at most 64
    std::deque<std::pair<Seconds, Seconds>> stalled_;  // when, how long; of 5 min
    Seconds last_work_ = 0, spun_up_ = 0, waiting_since_ = 0;
    bool started_ = false;
    std::optional<Verdict> verdict_;
};

}  // namespace lastgood
