#include "tests/benchmarks/incidents/fleet.hpp"

#include <algorithm>
#include <cmath>

#include "core/preflight.hpp"
#include "tests/benchmarks/incidents/replay.hpp"

namespace lastgood::simulation {

namespace {

// Nothing happens: forecasts of disks that are nearly full change all the same.
Seconds longest_step(const World& world) {
    const bool filling = std::ranges::any_of(
        world.filesystems,
        [&](const SimulatedFilesystem& one) { return one.used_share(world.now) >= 0.58; });
    return filling ? 4 * hour : 12 * hour;
}

std::string_view word(PreflightVerdict verdict) {
    switch (verdict) {
        case PreflightVerdict::go:
            return "GO";
        case PreflightVerdict::no_go:
            return "NO-GO";
        case PreflightVerdict::cannot_tell:
            return "cannot tell";
    }
    return "";
}

// Asks whether the drive may be pulled, as it was before that was done.
void note_pull(const World& world, const Report& before, Life& life) {
    if (life.pulled_at || world.incident.pulled.empty()) return;
    life.pulled_at = world.incident.pulled_at;
    life.preflight =
        word(preflight(before, world.incident.pulled, before.written_at, [](std::string_view) {
                 return Held::no;
             }).verdict);
}

}  // namespace

Life live(uint64_t seed, HostKind kind, const Chain* chain, bool faults, Seconds lasts) {
    World world(seed, kind);
    Life life;
    life.chain = chain;
    life.began = world.now;
    const Timestamp end = world.now + lasts;
    begin_life(world);
    if (faults) begin_faults(world);
    if (chain != nullptr) world.after(world.random.uniform() * 0.75 * lasts, chain->begin);
    Replay replay(world);
    Account account;
    Report report;
    Timestamp next = world.now;
    while (next <= end) {
        world.pass_until(next);
        if (world.off_until > world.now) {
            next = world.off_until;
            continue;
        }
        note_pull(world, report, life);
        if (world.loss) break;
        report = replay.judge(world);
        ++life.judged;
        account.look(world, report);
        next = std::min({world.next_event(), replay.next_crossing(world, report),
                         world.now + longest_step(world)});
        next = std::max(next, world.now + 1);
    }
    life.end = world.now;
    life.loss = world.loss;
    life.by_chance = life.loss && (chain == nullptr || world.incident.began == 0);
    if (world.incident.began > 0) {
        life.began = world.incident.began;
        life.first = account.first_about(world, *chain, Severity::unknown);
        life.first_warning = account.first_about(world, *chain, Severity::warning);
        life.first_page = account.first_about(world, *chain, Severity::critical);
    }
    life.said = account.said();
    return life;
}

}  // namespace lastgood::simulation
