// What is asked of a backup over time, besides max_age. agent/config/backup_plan.cpp reads it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace lastgood {

inline constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed",
                                                               "thu", "fri", "sat"};
// The streams that are due on each day of the week, Sunday first.
using Slots = std::array<std::vector<std::string>, 7>;

struct BackupPlan {
    std::string schedule;  // as Calendar::parse() takes it; empty: max_age counts
    Seconds grace = 2 * 3600;
    std::string time_zone;  // of the schedule; empty: that of the host

    // Of a backup with streams: which are due when the schedule comes on that day. All empty: every
    // stream each time.
    Slots slots;

    std::optional<Seconds> keep_span;     // the oldest copy must be this old
    std::optional<Seconds> delete_after;  // no copy may be older
    std::optional<double> min_count;      // of copies
    // A newest copy smaller than this share of the usual size has shrunk; 0: never.
    double shrink = 0.5;

    Timestamp paused_until = 0;  // 0: it is not paused
    std::string paused_by, paused_reason;

    std::optional<Seconds> verified_within, restored_within;
    std::string verified_stamp, restored_stamp;  // files; empty: none

    bool has_slots() const {
        return std::ranges::any_of(slots, [](const auto& day) { return !day.empty(); });
    }

    bool operator==(const BackupPlan&) const = default;
};

inline constexpr Seconds longest_pause = 90 * 86400.0;

// A copy belongs to a slot if it is at most this much earlier: clocks of two hosts differ.
inline constexpr Seconds slot_slack = 300;
// A copy of this time does not belong to the slot.
inline bool misses(Timestamp newest, Timestamp due) {
    return newest < due - slot_slack;
}

// So long over its limit a backup is not late but broken.
inline constexpr Seconds long_late = 3 * 86400.0;

// So many late streams of one backup are one finding.
inline constexpr size_t told_together = 2;

// The backup that the subject is, or is a stream of: "guests" of "guests/qemu-101".
inline std::string_view whole_of(std::string_view subject) {
    return subject.substr(0, subject.find('/'));
}

// Copies of copies in a row, at most; the configuration has no circle.
inline constexpr int most_hops = 20;

}  // namespace lastgood
