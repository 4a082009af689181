#include "collectors/latency/judge/minute_maker.hpp"

namespace lastgood {

namespace {

constexpr Seconds shortest_minute = 50, longest_minute = 90;
constexpr Seconds after_discard = 300;  // the drive erases what was discarded
constexpr Seconds after_rebuild = 600;  // and writes back what waited

}  // namespace

std::string_view to_string(NotJudged reason) {
    switch (reason) {
        case NotJudged::no:
            return "";
        case NotJudged::first_look:
            return "it is watched for less than a minute";
        case NotJudged::interrupted:
            return "its counters were interrupted";
        case NotJudged::shingled:
            return "shingled drives (SMR) are slow by design at times";
        case NotJudged::old_kernel:
            return "this kernel measures milliseconds only";
        case NotJudged::rebuild:
            return "its array rebuilds";
        case NotJudged::discards:
            return "it discards blocks";
        case NotJudged::self_test:
            return "it runs a self-test";
        case NotJudged::no_load:
            return "it has fewer than 20 requests a minute";
        case NotJudged::no_sibling:
            return "it has no siblings and its own past is too short";
        case NotJudged::no_comparable:
            return "no sibling does comparable work";
    }
    return "";
}

NotJudged MinuteMaker::skip_reason(const DiskCounters& counters, const Circumstances& circumstances,
                                   Seconds elapsed, Seconds now) {
    if (circumstances.rebuilding) rebuilt_ = now;
    if (!last_) return NotJudged::first_look;
    const auto done = [](const DiskCounters& of) { return of.of(Operation::discard).done; };
    if (done(counters) != done(*last_)) discarded_ = now;
    if (elapsed < shortest_minute || elapsed > longest_minute) return NotJudged::interrupted;
    if (circumstances.shingled) return NotJudged::shingled;
    if (!counters.has_discards && circumstances.kind != DriveClass::rotating)
        return NotJudged::old_kernel;
    if (rebuilt_ && now - *rebuilt_ < after_rebuild) return NotJudged::rebuild;
    if (discarded_ && now - *discarded_ < after_discard) return NotJudged::discards;
    return circumstances.self_test ? NotJudged::self_test : NotJudged::no;
}

Minute MinuteMaker::add(const DiskCounters& counters, const Circumstances& circumstances,
                        Seconds now) {
    Minute minute;
    minute.skip = skip_reason(counters, circumstances, now - last_at_, now);
    const auto work = last_ ? work_between(*last_, counters) : std::nullopt;
    if (last_ && !work) minute.skip = NotJudged::interrupted;
    if (work) {
        for (const auto& [direction, operation] : {std::pair(Direction::read, Operation::read),
                                                   std::pair(Direction::write, Operation::write)}) {
            const DiskWork::Part& part = work->of(operation);
            minute.parts[index(direction)] = {part.count, part.sectors, part.time};
        }
        minute.busy = work->busy;
    }
    last_ = counters;
    last_at_ = now;
    return minute;
}

}  // namespace lastgood
