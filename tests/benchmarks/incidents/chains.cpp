#include "tests/benchmarks/incidents/chains.hpp"

#include <algorithm>

#include "core/metrics/arrays.hpp"
#include "tests/benchmarks/incidents/life.hpp"

namespace lastgood::simulation {

namespace {

const std::set<std::string> on_the_same_drives{"same-filesystem", "same-drive"};

void begin(World& world, const std::string& what, std::set<std::string> subjects) {
    for (SimulatedBackup& one : world.backups) {
        one.held = one.runs = true;
        one.setting.plan.paused_until = 0;
    }
    world.map_topology();
    world.incident.began = world.now;
    world.incident.subjects = subjects;
    world.cause(what, std::move(subjects), 3 * year);
}

// Errors every few days, with timeouts, until the drive is replaced.
void act_up(World& world, size_t slot, const std::string& id) {
    SimulatedDrive& drive = world.drives[slot];
    if (drive.id != id || world.loss) return;
    world.kernel_error(drive, world.random.chance(0.5) ? "timeout" : "io");
    world.after(world.random.exponential(3 * day),
                [slot, id](World& later) { act_up(later, slot, id); });
}

// The rebuild reads the partner through, and comes to what it cannot read.
void swap(World& world, size_t slot) {
    MdArray& array = *world.array;
    if (array.degraded != 0 || array.phase != MdPhase::none)
        return world.after(day, [slot](World& later) { swap(later, slot); });
    const size_t partner = partner_of(slot);
    world.incident.pulled = world.drives[slot].id;
    world.incident.pulled_at = world.now;
    lose_member(world, slot, false);
    world.after(hour, [slot, partner](World& later) {
        replace_drive(later, slot, false);
        later.after(later.random.between(0.5, 8.5) * hour, [partner](World& then) {
            then.kernel_error(then.drives[partner], "medium", 3);
            lose_member(then, partner, true);
        });
    });
}

void rebuild(World& world, bool partner_shows) {
    const auto slot = static_cast<size_t>(world.random.below(4));
    const size_t partner = partner_of(slot);
    begin(world, "a drive acts up", {array_name, world.drives[slot].id, world.drives[partner].id});
    // Since a migration there were no backups.
    const Seconds without = world.random.between(10, 900) * day;
    for (SimulatedBackup& one : world.backups) {
        one.runs = false;
        one.copies.erase(one.copies.begin(), one.copies.end() - 1);
        one.copies.back().time = world.now - without;
        world.cause("backups are off", {one.setting.name, world.data}, 3 * year);
    }
    if (partner_shows) world.drives[partner].pending = 1 + world.random.below(20);
    act_up(world, slot, world.drives[slot].id);
    be_slow(world, slot, 60 * day);
    world.after(world.random.between(14, 42) * day, [slot](World& later) { swap(later, slot); });
}

void rebuild_with_signs(World& world) {
    rebuild(world, true);
}
void rebuild_without_signs(World& world) {
    rebuild(world, false);
}

// A drive fails, and somebody pulls its partner.
void pull_the_wrong_one(World& world) {
    const auto slot = static_cast<size_t>(world.random.below(4));
    const size_t partner = partner_of(slot);
    begin(world, "a drive failed", {array_name, world.drives[slot].id, world.drives[partner].id});
    if (world.array->degraded == 0) {
        world.kernel_error(world.drives[slot], "io", 5);
        lose_member(world, slot, true);
    }
    world.after(world.random.between(1, 72) * hour, [partner](World& later) {
        later.incident.pulled = later.drives[partner].id;
        later.incident.pulled_at = later.now;
        lose_member(later, partner, false);
    });
}

// The OS disk is nearly full: the data moves to the disk that happens to be there.
void move_data(World& world) {
    begin(world, "data lies on a temporary disk", {"/mnt", "/mnt/mysql"});
    SimulatedFilesystem& full = world.filesystem("/");
    SimulatedFilesystem& temporary = world.filesystem("/mnt");
    full.used = 0.5 * full.size;
    full.since = world.now;
    full.burst = 0;
    temporary.used = 0.1 * temporary.size;
    temporary.daily = 0.003 * temporary.size;
    temporary.since = world.now;
    world.data = "/mnt/mysql";
    const Timestamp moved = world.now;
    world.after(std::max(day, world.random.exponential(41 * day)), [moved](World& later) {
        later.loss = Loss{later.now, later.now - moved};  // no backup took it since
    });
}
void move_data_beside_root(World& world) {
    move_data(world);
}
void move_data_with_crossing(World& world) {
    world.backup("nightly").setting.crosses_mounts = true;
    world.map_topology();
    move_data(world);
}
void move_data_beside_a_part(World& world) {
    world.backup("nightly").setting.covers = {"/var/lib", "/home"};
    world.map_topology();
    move_data(world);
}

// The provider puts an older copy of the disk back. The backups lie on it, too.
void put_back(World& world) {
    begin(world, "backups lie beside their data", {"nightly", world.data, "/"});
    SimulatedBackup& one = world.backup("nightly");
    one.domain = "same-filesystem";
    one.setting.location = "/var/backups/*.zst";
    one.setting.covers = {"/var/lib/mysql"};
    world.map_topology();
    world.after(world.random.between(10, 200) * day, [](World& later) {
        later.loss = Loss{later.now, later.random.between(1, 24) * hour};
    });
}

void slow_writes(World& world, bool local, bool watched) {
    begin(world, "each write takes seconds", {"virtio-vda", "unsent"});
    SimulatedDrive& drive = world.drives.front();
    const bool waits = world.random.chance(0.3);
    if (local)  // within five minutes: docs/slow-drives.md
        world.after(world.random.between(0.5, 5) * minute, [waits, &drive](World& later) {
            if (later.loss) return;
            drive.write_seconds = 7;
            drive.all_wait = waits;
        });
    world.spool = SimulatedSpool{watched, false, world.now, 0, world.random.between(1, 300)};
    world.after(4 * minute, [](World&) {});
    world.after(world.random.between(10, 18) * day, [](World& later) {
        later.loss = Loss{later.now, later.now - later.incident.began};
    });
}
void slow_writes_here(World& world) {
    slow_writes(world, true, false);
}
void slow_writes_with_spool(World& world) {
    slow_writes(world, true, true);
}
void slow_writes_elsewhere(World& world) {
    slow_writes(world, false, true);
}

// Months later somebody needs the backup: data was deleted, or its drives died.
void need_backup(World& world, Seconds soonest) {
    world.after(soonest + world.random.exponential(150 * day),
                [](World& later) { later.lose(on_the_same_drives); });
}

void stop_job(World& world) {
    begin(world, "a job was not started again", {"nightly", "elsewhere", world.data, "/"});
    world.backup("nightly").runs = false;
    need_backup(world, 3 * day);
}

void have_none(World& world) {
    begin(world, "there is no backup", {world.data, "/"});
    for (SimulatedBackup& one : world.backups) one.configured = one.runs = false;
    world.map_topology();
    need_backup(world, day);
}

void forget_pause(World& world) {
    begin(world, "a pause was forgotten", {"nightly", "elsewhere", world.data, "/"});
    SimulatedBackup& one = world.backup("nightly");
    one.runs = false;
    one.setting.plan.paused_until = world.now + 60 * day;
    one.setting.plan.paused_by = "anna";
    one.setting.plan.paused_reason = "migration";
    world.map_topology();
    need_backup(world, 61 * day);
}

void cut_copies(World& world) {
    begin(world, "copies break off", {"nightly", "elsewhere", world.data, "/"});
    world.backup("nightly").cut = true;
    need_backup(world, 3 * day);
}

// The first backup is fresh, its copy elsewhere is not; then the place of the first burns.
void stop_hop(World& world) {
    begin(world, "a hop stands still", {"elsewhere", world.data});
    world.backup("elsewhere").runs = false;
    world.after(3 * day + world.random.exponential(150 * day), [](World& later) {
        later.backup("nightly").copies.clear();
        later.lose(on_the_same_drives);
    });
}

void miss_slot(World& world) {
    begin(world, "a guest is left out", {"guests", "elsewhere", world.data});
    world.backup("guests").idle_streams.insert("vm" + std::to_string(1 + world.random.below(7)));
    need_backup(world, 10 * day);
}

void fall_silent(World& world) {
    begin(world, "nobody reports a backup", {"nightly", "elsewhere", world.data, "/"});
    SimulatedBackup& one = world.backup("nightly");
    one.setting.kind = BackupKind::observed;
    one.runs = false;
    world.map_topology();
    world.after(day, [](World& later) { later.backup("nightly").told = false; });
    world.after(day + 11 * minute, [](World&) {});
    need_backup(world, 3 * day);
}

const std::vector<std::string_view> of_drives{"drive_", "array_", "preflight_"},
    of_places{"filesystem_ephemeral", "filesystem_not_backed_up", "data_"},
    of_writes{"writes_", "drive_slow", "spool_"},
    of_backups{"backup_", "data_", "filesystem_not_backed_up"};

const Chain chains[] = {
    {"rebuild: the partner has unreadable sectors in SMART", HostKind::server, rebuild_with_signs,
     of_drives},
    {"rebuild: the partner hides them", HostKind::server, rebuild_without_signs, of_drives},
    {"a drive fails, its partner is pulled", HostKind::server, pull_the_wrong_one, of_drives},
    {"temporary disk: the backup takes /", HostKind::machine, move_data_beside_root, of_places},
    {"temporary disk: the backup takes / and mounts", HostKind::machine, move_data_with_crossing,
     of_places},
    {"temporary disk: the backup takes parts", HostKind::machine, move_data_beside_a_part,
     of_places},
    {"old copy: the backups lie on the same disk", HostKind::machine, put_back, of_backups},
    {"7 s a write", HostKind::machine, slow_writes_here, of_writes},
    {"7 s a write, the spool is watched", HostKind::machine, slow_writes_with_spool, of_writes},
    {"the database elsewhere is slow, the spool is watched", HostKind::machine,
     slow_writes_elsewhere, of_writes},
    {"backups off since a migration", HostKind::server, stop_job, of_backups},
    {"there never was a backup", HostKind::server, have_none, of_backups},
    {"a pause of 60 days is forgotten", HostKind::server, forget_pause, of_backups},
    {"copies break off", HostKind::server, cut_copies, of_backups},
    {"a hop stands still", HostKind::server, stop_hop, of_backups},
    {"a guest misses its weekly slot", HostKind::hypervisor, miss_slot, of_backups},
    {"the program that reports a backup falls silent", HostKind::server, fall_silent, of_backups},
};

}  // namespace

std::span<const Chain> all_chains() {
    return chains;
}

}  // namespace lastgood::simulation
