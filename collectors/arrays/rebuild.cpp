#include "collectors/arrays/rebuild.hpp"

#include <algorithm>

#include "core/metrics/array_risk.hpp"

namespace lastgood {

namespace {

// The mean over a rotating drive, whose inner tracks are half as quick as its outer ones.
constexpr double rotating = 120e6;
// md's speed_limit_max, 200,000 KiB/s (Linux drivers/md/md.c), which no solid-state drive misses.
constexpr double solid_state = 200e6;

}  // namespace

double assumed_speed(const Topology& topology, const MdArray& array) {
    double slowest = 0;
    for (const MdMember& member : array.members)
        for (const std::string& id : topology.drives_under(member.device))
            for (const auto& [device, drive] : topology.drives)
                if (drive.id == id) {
                    const double speed = drive.rotational ? rotating : solid_state;
                    slowest = slowest > 0 ? std::min(slowest, speed) : speed;
                }
    return slowest;
}

void observe_rebuild(const MdArray& array, std::string_view id, double measured,
                     const Topology* topology, Timestamp now, Sink& sink) {
    if (array.component_bytes && *array.component_bytes > 0)
        sink.observe(metric::array_rebuild_bytes, id, *array.component_bytes, now);
    const double speed =
        measured > 0 || topology == nullptr ? measured : assumed_speed(*topology, array);
    if (speed > 0)
        sink.observe(metric::array_rebuild_bytes_per_second, id, speed, now,
                     {{"basis", measured > 0 ? "measured" : "assumed"}});
}

}  // namespace lastgood
