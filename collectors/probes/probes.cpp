// Reports what the services that make the probes tell of them.
#include "core/metrics/probes.hpp"

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "collectors/collector.hpp"
#include "collectors/probes/lines.hpp"
#include "collectors/probes/prober.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds silence = 30;  // who makes the probes tells of each every few seconds

std::vector<SubjectGroup> probe_groups(const Host&, const Config& config) {
    SubjectGroup all{"/probes", {}};
    for (const Probe& probe : config.probes) all.members.push_back(probe.name);
    if (all.members.empty()) return {};
    return {all};
}

std::string title_of(const Probe& probe) {
    switch (probe.kind) {
        case ProbeKind::write:
            return "a write on " + probe.target;
        case ProbeKind::command:
            return "its command";
        case ProbeKind::address:
            return "a connection to " + probe.target;
    }
    return probe.name;
}

using Lines = std::map<std::string, std::vector<Observation>>;

// Nothing is told if the service has not begun, or has no probes.
Lines read_lines(const Host& host, const Config& config, ProbeService service) {
    std::set<std::string> names;
    for (const Probe& probe : config.probes)
        if (service_of(probe.kind) == service) names.insert(probe.name);
    if (names.empty()) return {};
    const auto text = host.read(probe_file(config, service), mib, LastLink::refuse);
    return text ? parse_probe_lines(*text, names, host.now()) : Lines();
}

void observe_settings(Sink& sink, const Probe& probe, Timestamp now) {
    const std::string service(to_string(service_of(probe.kind)));
    sink.observe(metric::probe_info, probe.name, 1, now,
                 {{"kind", std::string(to_string(probe.kind))},
                  {"service", service},
                  {"target", probe.target},
                  {"title", title_of(probe)}});
    sink.observe(metric::probe_deadline_seconds, probe.name, probe.deadline, now);
    if (probe.max_time)
        sink.observe(metric::probe_max_time_seconds, probe.name, *probe.max_time, now);
}

void observe(Sink& sink, const Probe& probe, Lines& lines, Timestamp now) {
    observe_settings(sink, probe, now);
    bool reported = false;
    for (Observation& one : lines[probe.name]) {
        if (now - one.observed_at > silence) continue;
        reported = true;
        sink.add(std::move(one));
    }
    sink.observe(metric::probe_reported, probe.name, reported ? 1 : 0, now);
}

Result<void> run(Context& context);

}  // namespace

extern const Collector probes_collector;
const Collector probes_collector = {
    .name = "probes",
    .summary = "What the services that make the probes tell: writes, commands, connections",
    .kind = CollectorKind::stream,
    .interval = 10,
    .deadline = 30,
    .run = run,
    .groups = probe_groups,
    .answering = &metric::probe_reported,
};

namespace {

Result<void> run(Context& context) {
    for (;;) {
        const Timestamp now = context.host.now();
        Lines local = read_lines(context.host, context.config, ProbeService::local);
        Lines remote = read_lines(context.host, context.config, ProbeService::remote);
        for (const Probe& probe : context.config.probes) {
            const bool is_local = service_of(probe.kind) == ProbeService::local;
            observe(context.sink, probe, is_local ? local : remote, now);
        }
        context.sink.commit("");
        if (context.once || context.host.recorded()) return {};
        std::this_thread::sleep_for(
            std::chrono::duration<double>(interval_of(context.config, probes_collector)));
    }
}

}  // namespace

}  // namespace lastgood
