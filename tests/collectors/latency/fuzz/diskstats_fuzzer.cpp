#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/latency/judge/minute_maker.hpp"
#include "collectors/latency/meter.hpp"
#include "collectors/latency/parse/diskstats.hpp"
#include "collectors/latency/parse/pressure.hpp"
#include "collectors/latency/parse/testing.hpp"
#include "core/text.hpp"

// Each line is a sample of the same drive.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    DriveMeter meter;
    MinuteMaker maker;
    std::optional<DiskCounters> before;
    Seconds now = 1;
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = parse_diskstats_line(take_line(rest));
        if (!line) continue;
        if (line->device.empty()) std::abort();
        now += 60;
        if (before)
            if (const auto work = work_between(*before, line->counters)) {
                for (const DiskWork::Part& part : work->parts)
                    if (!(part.count >= 0 && part.time >= 0 && part.mean() >= 0)) std::abort();
                meter.add(*work, 5, now);
            }
        const Minute minute = maker.add(line->counters, {}, now);
        if (!(minute.busy >= 0)) std::abort();
        before = line->counters;
    }
    if (meter.busy_ratio() && !(*meter.busy_ratio() >= 0 && *meter.busy_ratio() <= 1)) std::abort();
    for (const Operation operation : all_operations)
        if (const auto latency = meter.latency(operation).quantile(0.99))
            if (!(*latency > 0 && *latency < 2000)) std::abort();
    if (const auto pressure = parse_io_pressure_totals(text))
        if (!(pressure->some >= 0 && pressure->full >= 0)) std::abort();
    (void)parse_inflight(text);
    (void)parse_self_test_running(text);
    return 0;
}
