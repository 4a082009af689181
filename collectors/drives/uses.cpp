// Reports what stands on each drive.
#include "collectors/collector.hpp"
#include "collectors/drives/find_uses.hpp"
#include "core/metrics/drives.hpp"

namespace lastgood {

namespace {

Result<void> run(Context& context) {
    const Timestamp now = context.host.now();
    const auto topology = Topology::read(context.host, context.config.loop_devices);
    if (!topology) return Failure(topology.error());
    const auto sources = read_use_sources(context.host, *topology);
    if (!sources) return Failure(sources.error());
    for (const DriveUse& use : find_uses(*topology, *sources))
        context.sink.observe(metric::drive_use, use.drive, 1, now,
                             {{"device", use.device},
                              {"use", std::string(to_string(use.use))},
                              {"name", use.name},
                              {"array", use.array}});
    return {};
}

}  // namespace

extern const Collector uses_collector;
const Collector uses_collector = {
    .name = "uses",
    .summary = "What stands on each drive: filesystems, swap, volumes, unused partitions",
    .interval = 30,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
