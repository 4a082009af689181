#include "tests/example/parse/io_pressure.hpp"

#include "collectors/collector.hpp"
#include "tests/example/metric.hpp"

namespace lastgood {
namespace {

Result<void> run(Context& context) {
    const auto text = context.host.read("/proc/pressure/io");
    if (!text && text.error().kind == ErrorKind::absent) return {};  // a kernel without PSI
    if (!text) return Failure(text.error());  // it exists but cannot be read: the run fails
    const auto ratio = parse_io_pressure(*text);
    if (!ratio) return Failure(ratio.error());
    context.sink.observe(metric::io_pressure_ratio, "", *ratio, context.host.now());
    return {};
}

}  // namespace

extern const Collector io_pressure_collector;
const Collector io_pressure_collector{
    .name = "io_pressure",
    .summary = "How long processes wait for I/O",
    .interval = 60,
    .deadline = 10,
    .run = run,
};

}  // namespace lastgood
