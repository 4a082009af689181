#include "collectors/latency/judge/pace.hpp"

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

constexpr Seconds one_minute = 60, hour = 3600, day = 86400;

constexpr Seconds note_after = 20 * one_minute, warn_after = 45 * one_minute;
constexpr Seconds longest_bar = 12 * hour;
constexpr Seconds first_bar = 3 * hour, first_time = 7 * day;
constexpr double times_longest = 1.5;
// Of slow minutes in a week: less is slowness that rotates among the siblings.
constexpr double times_sibling = 2;
constexpr Seconds shortest_episode = 8 * one_minute, longest_episode = day;
constexpr Seconds episode_kept = 30 * day;
constexpr size_t episodes_kept = 8;
constexpr double smoothing = 0.35;
constexpr double week_decay = 0.99990094;  // a minute: a half in about 5 days
constexpr Seconds judged_lately = hour;
constexpr unsigned clear_minutes = 1440;
constexpr Seconds clear_time = 7 * day;
constexpr SlowRun::Shape sibling_run{20, 15, 40 * one_minute};
constexpr SlowRun::Shape own_run{40, 34, 2 * hour};

bool is_solid(DriveClass kind) {
    return kind != DriveClass::rotating;
}

}  // namespace

std::string_view to_string(Pace pace) {
    switch (pace) {
        case Pace::usual:
            return "usual";
        case Pace::noted:
            return "noted";
        case Pace::slow:
            return "slow";
        case Pace::not_judged:
            return "not_judged";
    }
    return "";
}

PaceJudge::PaceJudge(std::vector<MemberTraits> members, Timestamp now)
    : members_(std::move(members)), drives_(members_.size()), now_(now) {
    for (size_t i = 0; i < members_.size(); ++i) {
        drives_[i].past.known_since = now;
        for (Part& part : drives_[i].parts) {
            part.run = SlowRun(lone(i) ? own_run : sibling_run);
            part.alone = SlowRun(sibling_run);
        }
    }
}

void PaceJudge::set_past(size_t member, const DrivePast& past) {
    drives_[member].past = past;
    drives_[member].pace = past.slow_since != 0 ? Pace::slow : Pace::usual;
}

bool PaceJudge::lone(size_t member) const {
    return std::ranges::count(members_, members_[member].kind, &MemberTraits::kind) == 1;
}

void PaceJudge::add_episode(Direction direction, const Episode& episode) {
    std::vector<Episode>& kept = episodes_[index(direction)];
    kept.push_back(episode);
    std::erase_if(kept, [&](const Episode& one) { return one.ended < now_ - episode_kept; });
    if (kept.size() <= episodes_kept) return;
    kept.erase(std::ranges::min_element(kept, {}, &Episode::length));
}

void PaceJudge::note_end(size_t member, Direction direction, std::optional<Seconds> length,
                         Timestamp now) {
    if (!length || *length < shortest_episode || *length > longest_episode) return;
    if (drives_[member].past.slow_since != 0) return;  // a sick drive teaches nothing
    add_episode(direction, {now, *length});
}

void PaceJudge::judge(std::span<const Minute> minutes, Timestamp now) {
    now_ = now;
    for (size_t i = 0; i < drives_.size(); ++i) {
        if (lone(i))
            compare_with_past(minutes[i], i, now);
        else
            compare(minutes, i, now);
    }
    for (size_t i = 0; i < drives_.size(); ++i) {
        for (const Direction direction : both_directions) advance(minutes[i], i, direction, now);
        decide(i, now);
    }
}

void PaceJudge::compare(std::span<const Minute> minutes, size_t member, Timestamp now) {
    DriveState& drive = drives_[member];
    NotJudged reason = minutes[member].skip;
    bool judged = false;
    for (const Direction direction : both_directions) {
        Part& part = drive.parts[index(direction)];
        const SiblingComparison compared =
            compare_with_siblings(members_, minutes, member, direction);
        part.ratio = compared.found;
        if (!part.ratio) {
            reason = std::max(reason, compared.reason);
            continue;
        }
        judged = true;
        if (part.ratio->other_models)
            part.ratio->log_ratio -= drive.past.parts[index(direction)].offset;
        part.smoothed += smoothing * (part.ratio->log_ratio - part.smoothed);
        part.newest = {part.ratio->latency, part.ratio->siblings_latency};
        part.newest_at = now;
    }
    count_reason(drive, judged ? NotJudged::no : reason, now);
}

void PaceJudge::compare_with_past(const Minute& minute, size_t member, Timestamp now) {
    DriveState& drive = drives_[member];
    NotJudged reason = minute.skip;
    bool judged = false;
    for (const Direction direction : both_directions) {
        Part& part = drive.parts[index(direction)];
        part.ratio.reset();
        part.slow_now = false;
        const Minute::Part& work = minute.of(direction);
        if (minute.skip != NotJudged::no) continue;
        if (work.count < least_requests || !(work.time > 0)) {
            reason = std::max(reason, NotJudged::no_load);
            continue;
        }
        OwnPast& past = drive.past.parts[index(direction)].past;
        const auto ratio = past.compare(work, members_[member].kind);
        if (!ratio || !ratio->slow) past.learn(work);
        if (!ratio) {
            reason = std::max(reason, NotJudged::no_sibling);
            continue;
        }
        judged = true;
        part.ratio =
            SiblingRatio{ratio->log_ratio, ratio->latency, ratio->usual, 0, false, 0, false};
        part.slow_now = ratio->slow;
        part.newest = {ratio->latency, ratio->usual};
        part.newest_at = now;
    }
    count_reason(drive, judged ? NotJudged::no : reason, now);
}

// The reason of most minutes in the last hour or two is the one to show.
void PaceJudge::count_reason(DriveState& drive, NotJudged reason, Timestamp now) {
    if (now - drive.reasons_since > hour) {
        for (unsigned& count : drive.reasons) count /= 4;
        drive.reasons_since = now;
    }
    if (reason == NotJudged::no) drive.judged_at = now;
    ++drive.reasons[static_cast<size_t>(reason)];
}

// Whether the minute is slow beside the siblings, and not for a reason that is no fault.
bool PaceJudge::is_slow(size_t member, Direction direction) const {
    const DriveState& drive = drives_[member];
    const Part& part = drive.parts[index(direction)];
    const SiblingRatio& ratio = *part.ratio;
    const DriveClass kind = members_[member].kind;
    const double usual = drive.past.parts[index(direction)].usual;
    const double least = std::log(ratio.siblings == 1 ? 3.5 : 3.0);
    if (ratio.log_ratio <= std::max(least, std::log(1.8) + usual)) return false;
    if (ratio.latency < latency_floor(kind, direction)) return false;
    // Near saturation the queue grows without a fault: then its own time per request must be long.
    if (!is_solid(kind) && ratio.saturated && ratio.busy_ratio < 1.8) return false;
    // A solid-state drive that collects garbage is slow in writes above all, a sick one in both.
    const Part& beside = drive.parts[index(other(direction))];
    if (!beside.ratio) return true;
    if (direction == Direction::write)
        return beside.smoothed >= part.smoothed * (is_solid(kind) ? 0.75 : 0.5);
    return !(std::exp(beside.ratio->log_ratio) > 2.5 &&
             beside.smoothed > part.smoothed * (is_solid(kind) ? 1.15 : 1.5));
}

void PaceJudge::learn(size_t member, Direction direction, Timestamp now) {
    const Part& part = drives_[member].parts[index(direction)];
    DrivePast::Part& past = drives_[member].past.parts[index(direction)];
    past.judged += 1;
    if (part.run.age(now) > 15 * one_minute) return;
    const double quick = past.judged < 500 ? 10 : 1;
    past.usual += part.ratio->log_ratio > past.usual ? .0018 * quick : -.0002 * quick;
    past.usual = std::clamp(past.usual, 0.0, std::log(2.0));
    if (!part.ratio->other_models) return;
    past.offset += part.ratio->log_ratio > 0 ? .0010 * quick : -.0010 * quick;
    past.offset = std::clamp(past.offset, -1.1, 1.1);
}

void PaceJudge::advance(const Minute& minute, size_t member, Direction direction, Timestamp now) {
    DriveState& drive = drives_[member];
    Part& part = drive.parts[index(direction)];
    DrivePast::Part& past = drive.past.parts[index(direction)];
    past.slow_week *= week_decay;
    if (minute.skip == NotJudged::self_test) {
        part.run.drop();
        part.alone.drop();
    }
    if (!part.ratio) return;
    bool slow = part.slow_now;
    if (!lone(member)) {
        slow = is_slow(member, direction);
        learn(member, direction, now);
    }
    const bool alone = direction == Direction::write && is_solid(members_[member].kind) &&
                       !lone(member) && !drive.parts[index(Direction::read)].ratio;
    SlowRun& run = alone ? part.alone : part.run;
    const auto ended = run.add(slow, now);
    if (run.half_dense() && slow) past.slow_week += 1;
    if (slow) {
        const double weight = run.slow_time() <= one_minute ? 1 : 0.1;
        part.log_latency += weight * (std::log(part.ratio->latency) - part.log_latency);
        part.log_compared += weight * (std::log(part.ratio->siblings_latency) - part.log_compared);
        part.siblings = part.ratio->siblings;
    }
    note_end(member, direction, ended, now);
}

Seconds PaceJudge::bar(size_t member, Direction direction, Seconds least, Timestamp now) const {
    const DriveState& drive = drives_[member];
    const DriveClass kind = members_[member].kind;
    Seconds longest = 0;
    for (const Episode& one : episodes_[index(direction)])
        if (one.ended >= now - episode_kept) longest = std::max(longest, one.length);
    Seconds bar = std::max(least, std::min(times_longest * longest, longest_bar));
    if (lone(member)) return std::max(bar, hour);
    if (direction == Direction::write)
        bar = std::max(bar, is_solid(kind) ? longest_bar : 30 * one_minute);
    else if (is_solid(kind) && !drive.parts[index(Direction::write)].ratio)
        bar = std::max(bar, 45 * one_minute);
    if (now - drive.past.known_since < first_time) bar = std::max(bar, first_bar);
    const double mine = drive.past.parts[index(direction)].slow_week;
    for (size_t i = 0; i < drives_.size(); ++i)
        if (i != member &&
            times_sibling * drives_[i].past.parts[index(direction)].slow_week >= mine)
            return longest_bar;
    return bar;
}

void PaceJudge::decide(size_t member, Timestamp now) {
    DriveState& drive = drives_[member];
    bool noted = false, slow = false, running = false, judged = false;
    for (const Direction direction : both_directions) {
        Part& part = drive.parts[index(direction)];
        judged = judged || part.ratio;
        const bool dense = part.run.dense();
        running = running || part.run.open();
        if (part.alone.dense() && part.alone.age(now) > longest_bar) {
            slow = true;
            drive.direction = direction;
        }
        if (!dense) continue;
        const Seconds age = part.run.age(now);
        if (age + 1 >= bar(member, direction, note_after, now)) {
            if (!noted && drive.past.slow_since == 0) drive.direction = direction;
            noted = true;
        }
        if (age + 1 >= bar(member, direction, warn_after, now)) slow = true;
    }
    if (running)
        drive.usual_minutes = 0;
    else if (judged)
        ++drive.usual_minutes;
    Timestamp& since = drive.past.slow_since;
    if (slow && since == 0) {
        since = now;
        drive.past.slow_direction = drive.direction;
    }
    const Part& shown = drive.parts[index(drive.past.slow_direction)];
    if (since != 0 && (shown.run.dense() || shown.alone.dense())) {
        drive.past.slow_latency = std::exp(shown.log_latency);
        drive.past.slow_compared = std::exp(shown.log_compared);
        drive.past.slow_siblings = shown.siblings;
    }
    if (since != 0 && !running &&
        (drive.usual_minutes >= clear_minutes || now - since > clear_time))
        since = 0;
    drive.noted_since = noted ? (drive.noted_since == 0 ? now : drive.noted_since) : 0;
    drive.pace = since != 0 ? Pace::slow : noted ? Pace::noted : Pace::usual;
}

bool PaceJudge::suspects(size_t member) const {
    return std::ranges::any_of(drives_[member].parts, [&](const Part& part) {
        return part.run.age(now_) >= 10 * one_minute && part.run.half_dense();
    });
}

std::optional<JudgedLatency> PaceJudge::judged(size_t member, Direction direction) const {
    const Part& part = drives_[member].parts[index(direction)];
    if (part.newest_at == 0 || now_ - part.newest_at > 5 * one_minute) return std::nullopt;
    return part.newest;
}

PaceVerdict PaceJudge::verdict(size_t member) const {
    const DriveState& drive = drives_[member];
    PaceVerdict verdict;
    verdict.pace = drive.pace;
    if (drive.pace == Pace::usual && now_ - drive.judged_at > judged_lately) {
        verdict.pace = Pace::not_judged;
        const auto most = std::ranges::max_element(drive.reasons.begin() + 1, drive.reasons.end());
        verdict.reason = static_cast<NotJudged>(most - drive.reasons.begin());
        return verdict;
    }
    verdict.reason = NotJudged::no;
    if (drive.pace == Pace::usual) return verdict;
    const bool slow = drive.pace == Pace::slow;
    verdict.direction = slow ? drive.past.slow_direction : drive.direction;
    const Part& part = drive.parts[index(verdict.direction)];
    verdict.latency = slow ? drive.past.slow_latency : std::exp(part.log_latency);
    verdict.compared_with = slow ? drive.past.slow_compared : std::exp(part.log_compared);
    verdict.siblings = slow ? drive.past.slow_siblings : part.siblings;
    verdict.slow_for = std::max(part.run.age(now_), part.alone.age(now_));
    return verdict;
}

}  // namespace lastgood
