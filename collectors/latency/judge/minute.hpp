// What one drive did in one minute, as the judges see it.
#pragma once

#include <array>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

enum class DriveClass { rotating, ssd, nvme };

// The directions that are judged.
enum class Direction { read, write };
inline constexpr std::array both_directions{Direction::read, Direction::write};
constexpr size_t index(Direction direction) {
    return static_cast<size_t>(direction);
}
constexpr Direction other(Direction direction) {
    return direction == Direction::read ? Direction::write : Direction::read;
}

// Why a minute says nothing about a drive.
enum class NotJudged {
    no,             // it is judged
    first_look,     // there was no minute yet
    interrupted,    // a clock, a suspend or counters that went back
    shingled,       // SMR: it rewrites whole zones when it likes
    old_kernel,     // its times are whole jiffies
    rebuild,        // its array is being rebuilt
    discards,       // it discards, or did within 5 min
    self_test,      // it tests itself
    no_load,        // fewer than 20 requests
    no_sibling,     // it has none, and its own past is too short
    no_comparable,  // no sibling did comparable work
};
inline constexpr size_t not_judged_count = 11;
// "its array is being rebuilt"; a whole clause after "because".
std::string_view to_string(NotJudged reason);

struct Minute {
    struct Part {
        double count = 0, sectors = 0;
        Seconds time = 0;
        Seconds mean() const { return time / count; }
        double size() const { return sectors / count; }
    };
    std::array<Part, 2> parts{};  // by Direction
    Seconds busy = 0;
    // A reason that holds for the whole drive: first_look to self_test.
    NotJudged skip = NotJudged::no;

    const Part& of(Direction direction) const { return parts[index(direction)]; }
};

inline constexpr double least_requests = 20;

// Below this latency nobody calls a drive slow.
constexpr Seconds latency_floor(DriveClass kind, Direction direction) {
    const bool read = direction == Direction::read;
    switch (kind) {
        case DriveClass::rotating:
            return read ? 0.015 : 0.020;
        case DriveClass::ssd:
            return read ? 0.0005 : 0.001;
        case DriveClass::nvme:
            return read ? 0.0002 : 0.0003;
    }
    return 0;
}

}  // namespace lastgood
