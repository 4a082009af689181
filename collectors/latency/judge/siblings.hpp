// Compares the minutes of a group's drives with one another. Pure.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/latency/judge/minute.hpp"

namespace lastgood {

struct MemberTraits {
    std::string id;
    std::string model;
    DriveClass kind = DriveClass::rotating;
    bool operator==(const MemberTraits&) const = default;
};

// One drive's minute in one direction, beside that of the siblings that did comparable work.
struct SiblingRatio {
    double log_ratio = 0;  // ln of its latency / the median latency of the siblings
    Seconds latency = 0, siblings_latency = 0;
    size_t siblings = 0;
    bool other_models = false;  // no sibling has its model
    double busy_ratio = 0;      // its time per request / the siblings' median, by the busy time
    bool saturated = false;     // it was busy for more than 60 % of the minute
};

// A sibling's work is comparable if it had 20 requests of at most 1.6 times or at least 1/1.6 of
// the size, and if the drive itself did not more work than the sibling in either direction: who
// works less and takes longer is slow, who works more may just be busy. Two such siblings are
// needed, one in a group of two.
struct SiblingComparison {
    NotJudged reason = NotJudged::no;  // why `found` is not set
    std::optional<SiblingRatio> found;
};
SiblingComparison compare_with_siblings(std::span<const MemberTraits> members,
                                        std::span<const Minute> minutes, size_t member,
                                        Direction direction);

}  // namespace lastgood
