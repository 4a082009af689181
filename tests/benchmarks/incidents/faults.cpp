// What fails by itself, by the published rates that docs/incidents-simulated.md names.
#include <algorithm>

#include "tests/benchmarks/incidents/life.hpp"

namespace lastgood::simulation {

namespace {

constexpr double annual_failure_rate = 0.014;
constexpr double shows_in_smart = 0.784, has_medium_errors = 0.3;
constexpr double unreadable_a_year = 0.009;  // sectors of drives that go on
constexpr double slow_a_year = 0.01;

std::set<std::string> about(const World& world, size_t slot) {
    return {world.drives[slot].id, array_name};
}

void worsen(World& world, size_t slot, const std::string& id, Timestamp dies) {
    SimulatedDrive& drive = world.drives[slot];
    if (drive.id != id || world.now >= dies) return;
    if (world.random.chance(0.5)) drive.pending += 1 + world.random.below(12);
    if (world.random.chance(0.5)) drive.reallocated += 1 + world.random.below(40);
    if (world.random.chance(0.4)) drive.uncorrectable += 1 + world.random.below(4);
    if (world.random.chance(has_medium_errors / 4)) world.kernel_error(drive, "medium");
    world.after(world.random.exponential(4 * day),
                [slot, id, dies](World& later) { worsen(later, slot, id, dies); });
}

void die(World& world, size_t slot, const std::string& id) {
    SimulatedDrive& drive = world.drives[slot];
    if (drive.id != id || world.array->state.value == MdState::broken) return;
    world.kernel_error(drive, "lost");
    world.cause("a drive failed", about(world, slot), 6 * day);
    if (world.array->slots[slot] == MdSlot::rebuilding) return;  // the new one: tried again
    lose_member(world, slot, world.random.chance(0.5));
    world.after(world.random.between(0.3, 5) * day, [slot](World& later) {
        if (later.array->state.value != MdState::broken) replace_drive(later, slot, false);
    });
}

void plan_failure(World& world, size_t slot) {
    world.after(world.random.exponential(year / annual_failure_rate), [slot](World& later) {
        const std::string id = later.drives[slot].id;
        const Seconds lead = std::min(later.random.around(25 * day, 1.75), 200 * day);
        later.cause("a drive failed", {id}, lead + 6 * day);
        const Timestamp dies = later.now + lead;
        if (later.random.chance(shows_in_smart)) worsen(later, slot, id, dies);
        later.at(dies, [slot, id](World& then) { die(then, slot, id); });
        plan_failure(later, slot);
    });
}

void lose_sector(World& world, size_t slot) {
    world.after(world.random.exponential(year / unreadable_a_year),
                [slot](World& later) { lose_sector(later, slot); });
    SimulatedDrive& drive = world.drives[slot];
    if (!drive.present) return;
    drive.pending += 1;
    world.kernel_error(drive, "medium");
    world.cause("a sector was unreadable, its drive went on", {drive.id}, 30 * day);
}

void slow_down(World& world, size_t slot) {
    world.after(world.random.exponential(year / slow_a_year),
                [slot](World& later) { slow_down(later, slot); });
    const SimulatedDrive& drive = world.drives[slot];
    const Seconds lasts = world.random.between(0.2, 20) * day;
    world.cause("a drive was slow", {drive.id}, lasts);
    be_slow(world, slot, lasts);
}

}  // namespace

void be_slow(World& world, size_t slot, Seconds lasts) {
    // How often a slow drive is warned of within a day: docs/slow-drives.md.
    struct Share {
        double factor, warned;
    };
    constexpr Share shares[] = {{2, 0.1}, {3, 0.56}, {5, 1}, {10, 1}};
    const Share& how = shares[world.random.below(4)];
    const bool found = world.random.chance(how.warned);
    if (!found) return;
    const std::string id = world.drives[slot].id;
    const auto become = [slot, id, how, until = world.now + lasts](bool proven) {
        return [slot, id, how, proven, until](World& later) {
            if (later.drives[slot].id != id || later.now >= until) return;
            later.drives[slot].slow = how.factor;
            later.drives[slot].slow_proven = proven;
        };
    };
    world.after(20 * minute, become(false));
    world.after(world.random.between(0.75, how.factor > 4 ? 6 : 24) * hour, become(true));
    world.after(lasts, [slot, id](World& later) {
        if (later.drives[slot].id == id) later.drives[slot].slow = 0;
    });
}

void begin_faults(World& world) {
    if (!world.array) return;
    for (size_t slot = 0; slot < 4; ++slot) {
        plan_failure(world, slot);
        world.after(world.random.exponential(year / unreadable_a_year),
                    [slot](World& later) { lose_sector(later, slot); });
        world.after(world.random.exponential(year / slow_a_year),
                    [slot](World& later) { slow_down(later, slot); });
    }
}

}  // namespace lastgood::simulation
