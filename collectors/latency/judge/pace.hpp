// Tells which drive of a group is slow, from their minutes. Pure: time is given.
//
// The method. Once a minute the latency of each drive is compared with that of the siblings that
// did comparable work (judge/siblings.hpp). A minute is slow if it is far above them, and far above
// what is usual for this drive beside them. Runs of slow minutes are normal, too: a drive tidies
// up, a load meets one drive. So a run must last longer than a bar, which the group's own earlier
// runs teach: those that ended by themselves. And slowness that rotates among the siblings is
// workload or firmware; a sick drive is always the same one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/latency/judge/minute.hpp"
#include "collectors/latency/judge/own_past.hpp"
#include "collectors/latency/judge/run.hpp"
#include "collectors/latency/judge/siblings.hpp"

namespace lastgood {

enum class Pace {
    usual,
    noted,       // slower than its siblings for 20 min or more; it may pass
    slow,        // for longer than such runs last here
    not_judged,  // for an hour: see Verdict::reason
};
std::string_view to_string(Pace pace);

struct PaceVerdict {
    Pace pace = Pace::not_judged;
    NotJudged reason = NotJudged::first_look;
    // Of noted and slow: where it was slow, in the newest minutes.
    Direction direction = Direction::read;
    Seconds latency = 0, compared_with = 0;
    size_t siblings = 0;  // 0: compared with its own past
    Seconds slow_for = 0;
    double ratio() const { return compared_with > 0 ? latency / compared_with : 0; }
};

// The latency of the newest judged minute beside what it was compared with.
struct JudgedLatency {
    Seconds latency = 0, compared_with = 0;
};

// A run that ended by itself.
struct Episode {
    Timestamp ended = 0;
    Seconds length = 0;
};

// What is remembered of one drive across restarts.
struct DrivePast {
    struct Part {
        OwnPast past;
        double usual = 0;      // 90 % quantile of the logarithm of its ratio
        double offset = 0;     // median of that beside drives of other models
        double judged = 0;     // minutes
        double slow_week = 0;  // minutes of dense runs, halved in 5 days
    };
    std::array<Part, 2> parts{};
    Timestamp known_since = 0;
    // Of the finding that it is slow.
    Timestamp slow_since = 0;  // 0: it is not
    Direction slow_direction = Direction::read;
    Seconds slow_latency = 0, slow_compared = 0;
    size_t slow_siblings = 0;
};

class PaceJudge {
  public:
    // A group of siblings, or one drive alone.
    explicit PaceJudge(std::vector<MemberTraits> members, Timestamp now);

    // `minutes` are those of the members, in their order; `now` is one wall-clock time for all.
    void judge(std::span<const Minute> minutes, Timestamp now);

    const std::vector<MemberTraits>& members() const { return members_; }
    PaceVerdict verdict(size_t member) const;
    std::optional<JudgedLatency> judged(size_t member, Direction direction) const;
    // Whether a self-test would explain what is seen: before anything is said of the drive.
    bool suspects(size_t member) const;

    // For the memory.
    const DrivePast& past(size_t member) const { return drives_[member].past; }
    void set_past(size_t member, const DrivePast& past);
    const std::vector<Episode>& episodes(Direction direction) const {
        return episodes_[index(direction)];
    }
    void add_episode(Direction direction, const Episode& episode);

  private:
    struct Part {
        SlowRun run;
        SlowRun alone;  // solid-state drives: writes in minutes without judgeable reads
        double smoothed = 0;
        bool smoothed_now = false;  // by this minute
        bool judged_now = false, slow_now = false;
        std::optional<SiblingRatio> ratio;
        JudgedLatency newest;
        Timestamp newest_at = 0;
        // Means of slow minutes, which the finding shows.
        double log_latency = 0, log_compared = 0;
        size_t siblings = 0;
    };
    struct DriveState {
        DrivePast past;
        std::array<Part, 2> parts{};
        Pace pace = Pace::usual;
        Direction direction = Direction::read;
        Timestamp judged_at = 0;
        Timestamp noted_since = 0;
        unsigned usual_minutes = 0;  // judged ones since the last that was in a run
        std::array<unsigned, not_judged_count> reasons{};
        Timestamp reasons_since = 0;
    };

    void compare(std::span<const Minute> minutes, size_t member, Timestamp now);
    void compare_with_past(const Minute& minute, size_t member, Timestamp now);
    void count_reason(DriveState& drive, NotJudged reason, Timestamp now);
    bool is_slow(size_t member, Direction direction) const;
    void advance(const Minute& minute, size_t member, Direction direction, Timestamp now);
    void learn(size_t member, Direction direction, Timestamp now);
    void note_end(size_t member, Direction direction, std::optional<Seconds> length, Timestamp now);
    // The least age of a run for the finding.
    Seconds bar(size_t member, Direction direction, Seconds least, Timestamp now) const;
    void decide(size_t member, Timestamp now);
    bool lone(size_t member) const;

    std::vector<MemberTraits> members_;
    std::vector<DriveState> drives_;
    std::array<std::vector<Episode>, 2> episodes_{};
    Timestamp now_ = 0;
};

}  // namespace lastgood
