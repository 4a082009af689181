// What a rebuild of an array asks of its members: how long it takes, who must get through it, when
// they were last read through. Pure; a part of preflight().
#pragma once

#include <string>

#include "core/facts.hpp"
#include "core/relations.hpp"

namespace lastgood {

// A member that was not read through for longer than this may hide sectors that nobody can read.
// Debian checks md arrays each month: that is a month and a late weekend.
inline constexpr Seconds unread_limit = 35 * 86400.0;

// "about 9 h at 110 MB/s"; "" if size or speed is not known.
std::string rebuild_time(const Subject& array);

// The time of the last full read of a drive: a check of its array, or an extended self-test that
// it passed. nullopt: none is known.
std::optional<Timestamp> last_read_through(const Subject& array, const Subject& drive,
                                           Timestamp now);

// "was last read through 212 days ago", "has not been read through since lastgood knows md0, 40
// days".
std::string read_through_text(const Subject& array, const Subject& drive, Timestamp now);

// True if neither a check nor a self-test read the drive within unread_limit, and the array is
// known for longer.
bool is_unread(const Subject& array, const Subject& drive, Timestamp now);

// Whether `other` must not fail while the members of `drive` are rebuilt.
bool is_partner(const Subject& array, const Subject& drive, const Membership& other);

// True if the array tells partners apart from other members, as RAID 10 does, or is a mirror.
bool has_partners(const Subject& array);

// "takes 12 times as long for a read as its siblings"; "" if it is not slow.
std::string slowness_of(const Subject& drive);

// True if the times powered on, in seconds, differ by at most 10%.
bool are_of_one_age(double a, double b);

// True if both have the same model and firmware, and times powered on that differ by at most 10%.
bool are_alike(const Subject& a, const Subject& b);

}  // namespace lastgood
