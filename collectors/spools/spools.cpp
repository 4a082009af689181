// Reports spools: how much lies in them, how old it is, and whether they drain.
#include "core/metrics/spools.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "collectors/collector.hpp"
#include "collectors/spools/count.hpp"
#include "collectors/spools/flow.hpp"
#include "core/bytes.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"
#include "core/topology.hpp"

namespace lastgood {

namespace {

constexpr Seconds longest_pause = 60;    // between the looks at spools that take long to count
constexpr Seconds longest_window = 180;  // over which growth is averaged
constexpr double pause_per_work = 30;    // keeps the processor free

// One group for each mount point that has spools, named by it: what hangs hangs all that is on it.
std::vector<SubjectGroup> spool_groups(const Host& host, const Config& config) {
    if (config.spools.empty()) return {};
    std::set<std::string, std::less<>> points;
    for (Mount& mount : parse_mountinfo(host.read("/proc/self/mountinfo", 16 * mib).value_or("")))
        points.insert(std::move(mount.point));
    std::map<std::string, std::vector<std::string>, std::less<>> groups;
    for (const Spool& spool : config.spools) {
        const PathPattern parts = split_path_pattern(spool.path);
        const bool is_pattern = std::ranges::any_of(parts.components, has_wildcard);
        std::string_view above = is_pattern ? parts.fixed : spool.path;
        while (above.size() > 1 && !points.contains(above)) above = parent_directory(above);
        groups[std::string(above.empty() ? "/" : above)].push_back(spool.name);
    }
    std::vector<SubjectGroup> result;
    result.reserve(groups.size());
    for (auto& [point, members] : groups) result.push_back({point, std::move(members)});
    return result;
}

void observe_settings(Sink& sink, const Spool& spool, Timestamp now) {
    sink.observe(metric::spool_info, spool.name, 1, now, {{"path", spool.path}});
    sink.observe(metric::spool_max_pause_seconds, spool.name, spool.max_pause, now);
    if (spool.max_age) sink.observe(metric::spool_max_age_seconds, spool.name, *spool.max_age, now);
    if (spool.max_count) sink.observe(metric::spool_max_count, spool.name, *spool.max_count, now);
    if (spool.max_bytes)
        sink.observe(metric::spool_max_size_bytes, spool.name, *spool.max_bytes, now);
}

void observe_count(Sink& sink, const Spool& spool, const SpoolCount& count, Timestamp now) {
    sink.observe(metric::spool_count, spool.name, count.entries, now);
    sink.observe(metric::spool_size_bytes, spool.name, count.bytes, now);
    const bool incomplete = !count.all_names || !count.all_looked;
    sink.observe(metric::spool_count_incomplete, spool.name, incomplete ? 1 : 0, now);
    if (count.unread) sink.problem(spool.name, *count.unread);
}

void observe_flow(Sink& sink, const Spool& spool, const SpoolFlow& flow, Timestamp now) {
    const auto observe = [&](const Metric& metric, const std::optional<double>& value) {
        if (value) sink.observe(metric, spool.name, *value, now);
    };
    observe(metric::spool_oldest_timestamp_seconds, flow.oldest);
    observe(metric::spool_growth_per_minute, flow.growth_per_minute);
    observe(metric::spool_drained_per_minute, flow.drained_per_minute);
    if (flow.still_for)
        sink.observe(metric::spool_still_since_timestamp_seconds, spool.name, now - *flow.still_for,
                     now);
    if (flow.empty_in)
        sink.observe(metric::spool_empty_at_timestamp_seconds, spool.name, now + *flow.empty_in,
                     now);
}

using Histories = std::map<std::string, SpoolHistory>;

void look(Context& context, const Spool& spool, Histories& histories) {
    const Host& host = context.host;
    Sink& sink = context.sink;
    observe_settings(sink, spool, host.now());
    sink.flush();  // the look may hang
    SpoolHistory& history =
        histories.try_emplace(spool.name, std::min(spool.max_pause, longest_window)).first->second;
    const Seconds at = host.monotonic();
    const auto count = count_spool(host, spool.path, history.watched());
    const Timestamp now = host.now();
    const bool is_missing = !count && count.error().kind == ErrorKind::absent;
    sink.observe(metric::spool_readable, spool.name, count ? 1 : 0, now);
    sink.observe(metric::spool_missing, spool.name, is_missing ? 1 : 0, now);
    if (!count) {
        histories.erase(spool.name);
        return sink.problem(spool.name, count.error());
    }
    observe_count(sink, spool, *count, now);
    observe_flow(sink, spool, history.add(at, *count), now);
}

bool is_group(std::string_view subject) {
    return subject.starts_with('/');
}

// The spools that the subject names: one, those of a group, or all.
std::vector<const Spool*> chosen(const Context& context) {
    std::vector<std::string> names{context.subject};
    if (is_group(context.subject))
        for (SubjectGroup& group : spool_groups(context.host, context.config))
            if (group.name == context.subject) names = std::move(group.members);
    std::vector<const Spool*> spools;
    for (const Spool& spool : context.config.spools)
        if (context.subject.empty() || contains(names, spool.name)) spools.push_back(&spool);
    return spools;
}

Result<void> run(Context& context);

}  // namespace

extern const Collector spools_collector;
const Collector spools_collector = {
    .name = "spools",
    .summary = "What lies in the spools that the configuration names, and whether they drain",
    .kind = CollectorKind::stream,
    .interval = 20,
    .deadline = 100,
    .run = run,
    .groups = spool_groups,
    .answering = &metric::spool_readable,
};

namespace {

Result<void> run(Context& context) {
    if (!context.subject.empty() && !is_group(context.subject) && chosen(context).empty())
        return fail(ErrorKind::absent,
                    fmt::format("there is no spool \"{}\" in the configuration", context.subject));
    Histories histories;
    for (;;) {
        const Seconds started = context.host.monotonic();
        for (const Spool* spool : chosen(context)) {
            look(context, *spool, histories);
            if (is_group(context.subject)) context.sink.commit("");
        }
        if (!is_group(context.subject)) context.sink.commit("");
        if (context.once || context.host.recorded() || !is_group(context.subject)) return {};
        const Seconds worked = context.host.monotonic() - started;
        const Seconds pause = std::max(interval_of(context.config, spools_collector) - worked,
                                       std::min(worked * pause_per_work, longest_pause));
        std::this_thread::sleep_for(std::chrono::duration<double>(std::max(pause, 0.1)));
    }
}

}  // namespace

}  // namespace lastgood
