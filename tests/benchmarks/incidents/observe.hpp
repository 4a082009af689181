// What the collectors would observe of a simulated host. Where the real collector's part is pure it
// is that part that works here: redundancy, coverage, schedules, slots, the forecast of full disks.
#pragma once

#include "core/host.hpp"
#include "core/observation.hpp"
#include "tests/benchmarks/incidents/world.hpp"

namespace lastgood::simulation {

// `clock`: what the host's clock shows. `here`: for files of time zones.
void observe_drives(const World& world, Timestamp clock, Sink& sink);
void observe_health(const World& world, Timestamp clock, Sink& sink);  // SMART, latency
void observe_arrays(const World& world, Timestamp clock, Sink& sink);
void observe_filesystems(const World& world, Timestamp clock, Sink& sink);
void observe_data(const World& world, Timestamp clock, Sink& sink);
void observe_backups(const World& world, const Host& here, Timestamp clock, Sink& sink);
// What somebody else reports of a backup, by the inbox.
void observe_reports(const World& world, Timestamp clock, Sink& sink);
void observe_spools(const World& world, Timestamp clock, Sink& sink);

}  // namespace lastgood::simulation
