#include "tests/benchmarks/incidents/life.hpp"

#include <algorithm>
#include <cmath>

#include "core/metrics/arrays.hpp"

namespace lastgood::simulation {

namespace {

constexpr Seconds rebuild_takes = 9 * hour;

void step_rebuild(World& world, size_t slot, Timestamp began) {
    MdArray& array = *world.array;
    if (array.state.value == MdState::broken || array.slots[slot] != MdSlot::rebuilding) return;
    const double progress = (world.now - began) / rebuild_takes;
    array.progress = progress;
    if (progress < 1)
        return world.after(hour, [slot, began](World& later) { step_rebuild(later, slot, began); });
    array.action = parse_md_action("idle");
    array.phase = MdPhase::none;
    array.progress.reset();
    std::vector<MdSlot> slots = array.slots;
    slots[slot] = MdSlot::in_sync;
    set_slots(world, std::move(slots));
    world.map_topology();
}

void end_check(World& world) {
    MdArray& array = *world.array;
    if (array.action.value != MdAction::check) return;
    array.action = parse_md_action("idle");
    array.phase = MdPhase::none;
    array.progress.reset();
    world.checked = world.now + world.clock_off;
    for (SimulatedDrive& drive : world.drives) drive.pending = std::floor(drive.pending / 2);
}

// On the first Sunday of the month, as Debian does.
void begin_check(World& world) {
    world.after(4 * 7 * day, begin_check);
    MdArray& array = *world.array;
    if (array.degraded != 0 || array.phase != MdPhase::none) return;
    array.action = parse_md_action("check");
    array.phase = MdPhase::running;
    array.progress = 0.3;
    world.after(world.random.between(6, 10) * hour, end_check);
}

void reboot(World& world) {
    world.after(world.random.exponential(30 * day), reboot);
    const Seconds takes = world.random.between(2, 10) * minute;
    world.off_until = world.now + takes;
    world.booting_until = world.off_until + 2 * minute;
    if (world.random.chance(0.01)) {  // the clock of the board has stopped
        world.clock_off = -5 * year;
        world.after(takes + world.random.between(1, 20) * minute,
                    [](World& later) { later.clock_off = 0; });
    }
}

void set_clock(World& world) {
    world.after(world.random.exponential(250 * day), set_clock);
    if (world.clock_off != 0) return;
    world.clock_off = world.random.between(-2, 2) * hour;
    world.after(world.random.between(0.1, 24) * hour, [](World& later) { later.clock_off = 0; });
}

void fill(SimulatedFilesystem& one, Timestamp from, double an_hour, Seconds lasts) {
    one.used = one.used_at(from) - one.log * (from / day - std::floor(from / day));
    one.since = one.burst_from = from;
    one.burst = an_hour;
    one.burst_until = from + lasts;
}

// One large file that stays, or a program that writes until somebody stops it and cleans up.
void fill_disk(World& world) {
    world.after(world.random.exponential(120 * day), fill_disk);
    SimulatedFilesystem& one = world.filesystems.front();
    const double share = one.used_share(world.now);
    if (one.burst_until > world.now || share > 0.9) return;
    const Seconds lasts = world.random.between(0.5, 6) * hour;
    const bool wild = world.random.chance(0.3);
    const double grows = wild ? (0.97 - share) * world.random.between(0.5, 1)
                              : std::min(world.random.between(0.01, 0.12), 0.88 - share);
    if (grows <= 0) return;
    fill(one, world.now, grows * one.size / lasts * hour, lasts);
    if (wild) world.cause("a disk filled", {one.point}, lasts + 12 * hour);
    const int looks = static_cast<int>((lasts + 3 * hour) / (15 * minute));
    for (int i = 1; i <= looks; ++i) world.after(i * 15 * minute, [](World&) {});
    const double before = one.used;
    const Seconds kept =
        wild ? lasts + world.random.between(1, 10) * hour : world.random.between(3, 60) * day;
    world.after(kept, [before](World& later) {
        SimulatedFilesystem& full = later.filesystems.front();
        if (full.burst_until > later.now) return;
        full.used = std::min(before, 0.75 * full.size);
        full.since = later.now;
        full.burst = 0;
    });
}

void replace_on_plan(World& world) {
    world.after(world.random.exponential(5 * year), replace_on_plan);
    if (world.array->degraded != 0 || world.array->phase != MdPhase::none) return;
    const auto slot = static_cast<size_t>(world.random.below(4));
    const bool copied = world.random.chance(0.5);
    if (!copied) {
        world.cause("a drive was replaced on plan", ids_of_array(world), 2 * day);
        lose_member(world, slot, false);
    }
    replace_drive(world, slot, copied);
}

// Published rates of drives that go on for years: docs/incidents-simulated.md.
void age(World& world, size_t slot) {
    world.after(world.random.exponential(year / 0.17), [slot](World& later) { age(later, slot); });
    SimulatedDrive& drive = world.drives[slot];
    if (world.random.chance(0.8)) {
        drive.reallocated += 1 + world.random.below(7);
    } else {
        drive.pending += 1 + world.random.below(4);
    }
}

}  // namespace

std::set<std::string> ids_of_array(const World& world) {
    std::set<std::string> ids{array_name};
    for (const SimulatedDrive& drive : world.drives) ids.insert(drive.id);
    return ids;
}

void lose_member(World& world, size_t slot, bool present) {
    world.drives[slot].present = present;
    std::vector<MdSlot> slots = world.array->slots;
    slots[slot] = MdSlot::missing;
    const bool both = slots[partner_of(slot)] != MdSlot::in_sync;
    set_slots(world, std::move(slots));
    if (both) {
        world.array->state = parse_md_state("broken");
        world.array->action = parse_md_action("idle");
        world.array->phase = MdPhase::none;
        world.array->progress.reset();
        world.lose({"same-filesystem", "same-drive"});
    }
    world.map_topology();
}

void replace_drive(World& world, size_t slot, bool copied) {
    world.forgotten.push_back(world.drives[slot].id);
    world.drives[slot] = new_drive(world, world.drives[slot].device);
    for (Cause& cause : world.causes)
        if (cause.subjects.contains(array_name)) cause.subjects.insert(world.drives[slot].id);
    std::vector<MdSlot> slots = world.array->slots;
    slots[slot] = copied ? MdSlot::in_sync : MdSlot::rebuilding;
    set_slots(world, std::move(slots));
    world.map_topology();
    if (copied) return;
    world.array->action = parse_md_action("recover");
    world.array->phase = MdPhase::running;
    step_rebuild(world, slot, world.now);
}

void begin_life(World& world) {
    begin_jobs(world);
    world.after(world.random.exponential(30 * day), reboot);
    world.after(world.random.exponential(250 * day), set_clock);
    world.after(world.random.exponential(120 * day), fill_disk);
    if (!world.array) return;
    world.after(world.random.between(0, 4) * 7 * day, begin_check);
    world.after(world.random.exponential(5 * year), replace_on_plan);
    for (size_t slot = 0; slot < 4; ++slot)
        world.after(world.random.exponential(year / 0.17),
                    [slot](World& later) { age(later, slot); });
}

}  // namespace lastgood::simulation
