// Whether a filesystem is an older state than the one that was seen before. Its witnesses are
// counters that only grow. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/witnesses/parse/counters.hpp"
#include "core/time.hpp"

namespace lastgood {

struct RolledBack {
    Timestamp found = 0;
    Timestamp from = 0;  // when the newer state was last seen
    Timestamp to = 0;    // when the state that is there was seen; 0: it is older than all that was
    Timestamp oldest = 0;  // the first sighting, if `to` is 0

    bool operator==(const RolledBack&) const = default;
};

enum class Course {
    first,      // nothing was seen before
    went_on,    // at least what it was
    uncertain,  // less than before; a crash may lose that much, and so may an old copy
    went_back,
};

// What was seen of one witness of one filesystem, oldest first.
class WitnessPast {
  public:
    // `to` and `oldest` of `found` are set if it went back.
    Course judge(const Sighting& now, RolledBack& found) const;
    // Adds it. After going back, what was seen later than `to` is forgotten.
    void note(const Sighting& now, Course course);
    // What was last seen has reached the disk: it was unmounted.
    void settle();

    const std::vector<Sighting>& sightings() const { return sightings_; }
    // Leaves out what no lastgood noted: numbers out of range or not in order. Nothing is later
    // than `now`.
    void load(const std::vector<Sighting>& sightings, Timestamp now);

  private:
    void thin(Timestamp now);

    std::vector<Sighting> sightings_;
};

}  // namespace lastgood
