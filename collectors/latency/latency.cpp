// The collector of latencies: how quick the drives are, and whether one of them is slow.
#include "core/metrics/latency.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "collectors/collector.hpp"
#include "collectors/latency/watch.hpp"

namespace lastgood {

namespace {

constexpr Seconds print_interval = 60;
constexpr Seconds save_interval = 900;

Result<void> run(Context& context) {
    const Host& host = context.host;
    if (host.recorded() && !host.exists("/proc/diskstats")) {  // one that was recorded without it
        context.sink.commit("");
        return {};
    }
    const PaceMemoryFile file(host, context.config.state_directory);
    std::optional<Error> problem;
    LatencyWatch watch(host, context.config, file.load(problem));
    Seconds printed = 0, saved = host.monotonic();
    while (true) {
        const Seconds began = host.monotonic();
        if (auto done = watch.sample(began, host.now()); !done) return done;
        if (printed == 0 || watch.has_news() || began - printed >= print_interval - 1) {
            watch.print(context.sink, host.now());
            if (problem) context.sink.problem("", *problem);
            context.sink.commit("");
            printed = began;
        }
        if (context.once || host.recorded()) return {};
        if (began - saved >= save_interval) {
            saved = began;
            problem.reset();
            if (auto done = file.save(watch.memory()); !done) problem = done.error();
        }
        const Seconds rest = began + LatencyWatch::sample_interval - host.monotonic();
        std::this_thread::sleep_for(std::chrono::duration<double>(std::max(rest, 0.1)));
    }
}

}  // namespace

extern const Collector latency_collector;
const Collector latency_collector = {
    .name = "latency",
    .summary = "How long requests of drives take, and which drive is slow",
    .kind = CollectorKind::stream,
    .interval = print_interval,
    .deadline = 30,
    .run = run,
};

}  // namespace lastgood
