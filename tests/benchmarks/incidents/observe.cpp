#include "tests/benchmarks/incidents/observe.hpp"

#include "collectors/arrays/observations.hpp"
#include "collectors/filesystems/fill_forecast.hpp"
#include "core/coverage.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/latency.hpp"
#include "core/metrics/spools.hpp"

namespace lastgood::simulation {

namespace {

constexpr double data_bytes = 150 * gigabyte;

// No link is followed: the simulated host has none.
std::vector<CoveredPath> covered_paths_of(const World& world) {
    std::vector<CoveredPath> covered;
    for (const Backup& backup : world.config.backups)
        for (const std::string& path : backup.covers)
            covered.push_back({&backup, place_by_name(world.topology, path)});
    return covered;
}

bool is_ephemeral(const World& world, const Mount& mount) {
    return std::ranges::any_of(world.filesystems, [&](const SimulatedFilesystem& one) {
        return one.point == mount.point && one.ephemeral;
    });
}

void observe_smart(const SimulatedDrive& drive, Timestamp clock, Sink& sink) {
    const auto observe = [&](const Metric& metric, double value) {
        sink.observe(metric, drive.id, value, clock);
    };
    observe(metric::drive_answering, 1);
    observe(metric::drive_smart_passed, drive.verdict_fails ? 0 : 1);
    observe(metric::drive_temperature_celsius, 34);
    observe(metric::drive_power_on_seconds, drive.power_on + clock - first_day);
    observe(metric::drive_pending_sectors, drive.pending);
    observe(metric::drive_reallocated_sectors, drive.reallocated);
    observe(metric::drive_reported_uncorrectable_errors_total, drive.uncorrectable);
    observe(metric::drive_interface_crc_errors_total, drive.garbled);
    observe(metric::drive_read_timestamp_seconds, clock);
}

void observe_latency(const SimulatedDrive& drive, Timestamp clock, Sink& sink) {
    sink.observe(metric::drive_slow_write_seconds, drive.id, drive.write_seconds, clock,
                 {{"tasks", drive.all_wait ? "waited" : "ran"}});
    const char* pace = drive.slow <= 0 ? "usual" : drive.slow_proven ? "slow" : "noted";
    sink.observe(metric::drive_pace, drive.id, 1, clock, {{"pace", pace}, {"reason", ""}});
    if (drive.slow > 0)
        sink.observe(metric::drive_slow_ratio, drive.id, drive.slow, clock,
                     {{"against", "siblings"}, {"operation", "read"}, {"pace", pace}});
}

// The forecast sees the last window at ten minutes' distance; the real one at one minute's.
std::optional<Timestamp> full_at(const World& world, const SimulatedFilesystem& one,
                                 Timestamp clock) {
    const Seconds window = world.config.fill_window;
    if (one.used_share(world.now) < 0.55) return std::nullopt;  // no rule asks below 60 %
    FillForecast forecast;
    for (int step = static_cast<int>(window / (10 * minute)); step >= 0; --step) {
        const Seconds ago = step * 10 * minute;
        if (world.now - ago >= one.since)
            forecast.add(clock - ago, one.used_at(world.now - ago), one.size, window);
    }
    return forecast.full_at(clock, one.size - one.used_at(world.now));
}

void observe_use(const World& world, const SimulatedFilesystem& one, Timestamp clock, Sink& sink) {
    const double used = one.used_at(world.now);
    sink.observe(metric::filesystem_responding, one.point, 1, clock);
    sink.observe(metric::filesystem_size_bytes, one.point, one.size, clock);
    sink.observe(metric::filesystem_available_bytes, one.point, one.size - used, clock);
    sink.observe(metric::filesystem_used_ratio, one.point, used / one.size, clock);
    sink.observe(metric::filesystem_inodes_used_ratio, one.point, 0.1, clock);
    if (const auto full = full_at(world, one, clock))
        sink.observe(metric::filesystem_full_at_timestamp_seconds, one.point, *full, clock);
}

}  // namespace

void observe_drives(const World& world, Timestamp clock, Sink& sink) {
    for (const SimulatedDrive& drive : world.drives) {
        if (!drive.present) continue;
        sink.observe(metric::drive_info, drive.id, 1, clock,
                     {{"device", drive.device},
                      {"model", drive.virtual_disk ? "" : "EXAMPLE 4000"},
                      {"rotational", drive.rotational ? "1" : "0"},
                      {"serial", drive.virtual_disk ? "" : drive.id.substr(6)},
                      {"transport", drive.virtual_disk ? "virtio" : "sata"}});
        sink.observe(metric::drive_present, drive.id, 1, clock);
        sink.observe(metric::drive_io_stalled_seconds, drive.id, 0, clock);
    }
}

void observe_health(const World& world, Timestamp clock, Sink& sink) {
    for (const SimulatedDrive& drive : world.drives) {
        if (!drive.present) continue;
        if (!drive.virtual_disk) observe_smart(drive, clock, sink);
        observe_latency(drive, clock, sink);
    }
}

void observe_arrays(const World& world, Timestamp clock, Sink& sink) {
    if (!world.array) return;
    observe_array(*world.array, array_name, "", &world.topology, clock, sink);
    sink.observe(metric::array_mismatch_sectors, array_name, 0, clock);
    sink.observe(metric::array_last_check_timestamp_seconds, array_name, world.checked, clock);
}

void observe_filesystems(const World& world, Timestamp clock, Sink& sink) {
    const auto covered = covered_paths_of(world);
    for (const SimulatedFilesystem& one : world.filesystems) {
        const Mount& mount = *world.topology.mount_of(one.point);
        sink.observe(metric::filesystem_info, one.point, 1, clock,
                     {{"device", mount.source.substr(5)}, {"fstype", mount.type}, {"uuid", ""}});
        for (const std::string& drive : world.topology.drives_under_mount(mount))
            sink.observe(metric::filesystem_drive, one.point, 1, clock, {{"drive", drive}});
        sink.observe(metric::filesystem_read_only, one.point, 0, clock);
        sink.observe(metric::filesystem_read_only_intended, one.point, 0, clock);
        observe_use(world, one, clock, sink);
        sink.observe(metric::filesystem_ephemeral, one.point, one.ephemeral ? 1 : 0, clock);
        const auto backups = backups_of(mount, one.ephemeral, covered);
        sink.observe(metric::filesystem_backed_up, one.point, backups.empty() ? 0 : 1, clock);
        for (const CoveringBackup& found : backups)
            sink.observe(metric::filesystem_backup, one.point, 1, clock,
                         {{"backup", found.backup->name}, {"part", found.part}});
    }
}

void observe_data(const World& world, Timestamp clock, Sink& sink) {
    const Place place = place_by_name(world.topology, world.data);
    if (place.mount == nullptr) return;
    const bool ephemeral = is_ephemeral(world, *place.mount);
    const auto covered = covered_paths_of(world);
    const auto backups = backups_of(place, ephemeral, covered);
    const std::string& id = world.data;
    sink.observe(metric::data_info, id, 1, clock,
                 {{"filesystem", place.mount->point},
                  {"kind", "mysql"},
                  {"path", id},
                  {"title", "MySQL database"}});
    sink.observe(metric::data_size_bytes, id, data_bytes, clock);
    sink.observe(metric::data_size_incomplete, id, 0, clock, {{"bound", ""}});
    sink.observe(metric::data_backed_up, id, backups.empty() ? 0 : 1, clock);
    sink.observe(metric::data_ephemeral, id, ephemeral ? 1 : 0, clock);
    sink.observe(metric::data_precious, id, 0, clock);
    sink.observe(metric::data_told_by_filesystem, id,
                 backups_of(*place.mount, ephemeral, covered).empty() ? 1 : 0, clock);
    if (!backups.empty()) sink.observe(metric::data_partly_backed_up, id, 0, clock);
    const auto copied = [&](const std::string& backup, const std::string& via) {
        for (const SimulatedBackup& one : world.backups)
            if (one.setting.name == backup)
                sink.observe(metric::data_backup, id, 1, clock,
                             {{"backup", backup},
                              {"content", "database"},
                              {"domain", one.domain},
                              {"part", ""},
                              {"via", via}});
    };
    for (const CoveringBackup& found : backups) {
        copied(found.backup->name, "");
        for (const SimulatedBackup& hop : world.backups)
            if (hop.setting.copy_of == found.backup->name)
                copied(hop.setting.name, found.backup->name);
    }
}

void observe_spools(const World& world, Timestamp clock, Sink& sink) {
    if (!world.spool || !world.spool->watched) return;
    const SimulatedSpool& spool = *world.spool;
    sink.observe(metric::spool_info, "unsent", 1, clock, {{"path", "/var/spool/unsent"}});
    sink.observe(metric::spool_readable, "unsent", 1, clock);
    sink.observe(metric::spool_missing, "unsent", 0, clock);
    sink.observe(metric::spool_count_incomplete, "unsent", 0, clock);
    sink.observe(metric::spool_max_pause_seconds, "unsent", 180, clock);
    sink.observe(metric::spool_growth_per_minute, "unsent", spool.drains ? 0 : spool.growth, clock);
    if (spool.drains) return;
    sink.observe(metric::spool_still_since_timestamp_seconds, "unsent",
                 spool.still_since + clock - world.now, clock);
    sink.observe(metric::spool_oldest_timestamp_seconds, "unsent",
                 spool.still_since + clock - world.now, clock);
}

}  // namespace lastgood::simulation
