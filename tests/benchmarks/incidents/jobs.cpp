// The jobs that make copies, and how they fail in everyday life.
#include <algorithm>

#include "core/calendar.hpp"
#include "tests/benchmarks/incidents/life.hpp"

namespace lastgood::simulation {

namespace {

constexpr double fails = 0.015, takes_long = 0.03;

size_t whole_ones(const std::vector<RecordedCopy>& copies) {
    return static_cast<size_t>(std::ranges::count_if(copies, &RecordedCopy::whole));
}

void keep_copy(SimulatedBackup& one, std::vector<RecordedCopy>& copies, RecordedCopy copy) {
    const size_t before = whole_ones(copies);
    const bool whole = copy.whole;
    copies.push_back(std::move(copy));
    if (copies.size() > one.keep) copies.erase(copies.begin());
    if (whole)
        one.whole_lost = 0;
    else
        one.whole_lost += static_cast<double>(before) - static_cast<double>(whole_ones(copies));
}

// The streams whose turn it is, by the day on which the schedule came.
std::vector<std::string> due_streams(const World& world, const SimulatedBackup& one,
                                     Timestamp began) {
    const auto local =
        static_cast<int64_t>(began) + world.zone.offset_at(static_cast<int64_t>(began));
    const auto weekday = static_cast<size_t>((local / 86400 + 4) % 7);
    return one.setting.plan.slots[weekday];
}

void copy_original(World& world, SimulatedBackup& hop) {
    const SimulatedBackup& original = world.backup(hop.setting.copy_of);
    if (!original.readable) return;
    hop.copies = original.copies;
    for (const auto& [name, copies] : original.streams)
        if (!hop.idle_streams.contains(name)) hop.streams[name] = copies;
}

void finish(World& world, const std::string& name, Timestamp began) {
    SimulatedBackup& one = world.backup(name);
    if (!one.runs || !one.readable || world.off_until > world.now) return;
    if (!one.setting.copy_of.empty()) return copy_original(world, one);
    const RecordedCopy copy{.time = world.now + world.clock_off,
                            .whole = !one.cut,
                            .size = world.random.between(0.97, 1.03) * 200 * gigabyte,
                            .name = "",
                            .reason = ""};
    if (!one.setting.plan.has_slots()) return keep_copy(one, one.copies, copy);
    for (const std::string& stream : due_streams(world, one, began))
        if (!one.idle_streams.contains(stream)) keep_copy(one, one.streams[stream], copy);
}

Timestamp next_run(const World& world, const SimulatedBackup& one, Timestamp began) {
    const std::string& schedule = one.setting.plan.schedule;
    if (schedule.empty()) return began + one.interval;
    const auto calendar = Calendar::parse(schedule);
    return calendar->next_after(world.now, world.zone).value_or(began + one.interval);
}

void run(World& world, const std::string& name) {
    SimulatedBackup& one = world.backup(name);
    const Timestamp began = world.now;
    const bool works = !world.random.chance(fails);
    Seconds takes = one.takes * world.random.around(1, 0.1);
    if (world.random.chance(takes_long)) {
        takes = std::min(takes * world.random.between(3, 20), day);
        world.cause("a run took long", {name, "elsewhere"}, takes + day);
    }
    if (one.runs && one.readable && world.off_until <= began) {
        if (works)
            world.after(takes, [name, began](World& later) { finish(later, name, began); });
        else
            world.cause("a job failed", {name}, 2 * one.interval);
    }
    if (!one.setting.plan.schedule.empty())
        world.after(one.setting.plan.grace + minute, [](World&) {});  // its slot is due
    world.at(next_run(world, one, began), [name](World& later) { run(later, name); });
}

// From midnight to midnight, as a date in the configuration means.
void pause(World& world, const std::string& name) {
    SimulatedBackup& one = world.backup(name);
    world.after(world.random.exponential(400 * day), [name](World& later) { pause(later, name); });
    if (!one.runs || one.held || one.setting.plan.paused_until != 0) return;
    const double midnight = std::floor(world.now / day) * day;
    const Timestamp until = midnight + day * (5 + world.random.below(10));
    one.setting.plan.paused_until = until;
    one.setting.plan.paused_by = "anna";
    one.setting.plan.paused_reason = "holidays";
    one.runs = false;
    world.map_topology();
    world.cause("a pause ended", {name, world.data, "elsewhere"}, until + day - world.now);
    // Most start the job again on the day before, some when the pause ends, some later.
    const double how = world.random.uniform();
    const Seconds earlier = how < 0.6   ? world.random.between(25, 60) * hour
                            : how < 0.9 ? 0
                                        : -world.random.between(1, 30) * hour;
    world.at(until - earlier, [name](World& later) {
        if (!later.backup(name).held) later.backup(name).runs = true;
    });
    if (earlier < 0)
        world.at(until, [name, earlier](World& later) {
            later.cause("a pause ran over", {name, later.data, "elsewhere"}, day - earlier);
        });
    const Seconds cleaned = world.random.between(0.1, 3) * day;
    world.at(until + cleaned, [name](World& later) {
        if (later.backup(name).held) return;
        later.backup(name).setting.plan.paused_until = 0;
        later.map_topology();
    });
}

void break_network(World& world, const std::string& name) {
    world.after(world.random.exponential(90 * day),
                [name](World& later) { break_network(later, name); });
    const Seconds lasts = std::min(world.random.around(2 * hour, 1.2), 2.5 * day);
    world.backup(name).readable = false;
    world.cause("the network was down", {name, "elsewhere"}, lasts + 2 * day);
    world.after(lasts, [name](World& later) { later.backup(name).readable = true; });
}

}  // namespace

void begin_jobs(World& world) {
    for (const SimulatedBackup& one : world.backups) {
        const std::string name = one.setting.name;
        const bool scheduled = !one.setting.plan.schedule.empty();
        const bool hop = !one.setting.copy_of.empty();
        const Timestamp first =
            scheduled ? next_run(world, one, world.now)
                      : world.now + (hop ? 9 * hour : world.random.between(0, 4) * hour);
        world.at(first, [name](World& later) { run(later, name); });
        world.after(world.random.exponential(90 * day),
                    [name](World& later) { break_network(later, name); });
        if (!hop)
            world.after(world.random.exponential(400 * day),
                        [name](World& later) { pause(later, name); });
    }
}

}  // namespace lastgood::simulation
