// Makes minutes of one drive from its counters. Pure: time is given.
#pragma once

#include <optional>

#include "collectors/latency/judge/minute.hpp"
#include "collectors/latency/parse/diskstats.hpp"

namespace lastgood {

// What else is known of the drive now.
struct Circumstances {
    bool shingled = false;
    bool rebuilding = false;  // its array's sync_action is recover, resync or reshape
    bool self_test = false;
    DriveClass kind = DriveClass::rotating;
};

class MinuteMaker {
  public:
    // Takes the counters once a minute; `now` is monotonic.
    Minute add(const DiskCounters& counters, const Circumstances& circumstances, Seconds now);

  private:
    NotJudged skip_reason(const DiskCounters& counters, const Circumstances& circumstances,
                          Seconds elapsed, Seconds now);

    std::optional<DiskCounters> last_;
    Seconds last_at_ = 0;
    std::optional<Seconds> discarded_, rebuilt_;  // when this was seen last
};

}  // namespace lastgood
