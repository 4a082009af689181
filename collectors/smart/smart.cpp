#include <fmt/core.h>

#include "collectors/collector.hpp"
#include "collectors/smart/readers.hpp"
#include "core/drive_identity.hpp"
#include "core/metrics/drives.hpp"
#include "core/topology.hpp"

namespace lastgood {
namespace {

constexpr Seconds deadline = 30;
constexpr Seconds command_deadline = 25;  // earlier, so that the child can still report the reason

std::vector<std::string> subjects(const Host& host, const Config& config) {
    std::vector<std::string> ids;
    const auto topology = Topology::read(host, config.loop_devices);
    if (topology) {
        for (const auto& [id, drive] : topology->drives) ids.push_back(id);
    }
    for (const RaidController& controller : raid_controllers(host)) {
        ids.push_back(controller.subject);
    }
    return ids;
}

// The NVMe controller's character device: "nvme0" for the namespace "nvme0n1". With multipath the
// numbers may differ.
std::string nvme_controller(const Topology& topology, const Drive& drive) {
    for (const auto& [name, ids] : topology.nvme_controllers) {
        if (ids.contains(drive.id)) return name;
    }
    return drive.device.substr(0, drive.device.find('n', 4));
}

// Tries smartctl if the library has failed, unless for lack of permission.
Result<DriveReading> with_smartctl_fallback(const Host& host, Result<DriveReading> reading,
                                            const std::string& path) {
    if (reading || reading.error().kind == ErrorKind::denied) return reading;
    auto second = read_with_smartctl(host, path, "", command_deadline);
    if (second) return second;
    return fail(reading.error().kind,
                fmt::format("{}; {}", reading.error().message, second.error().message));
}

Result<DriveReading> read_drive(const Host& host, const Topology& topology, const Drive& drive) {
    const std::string path = "/dev/" + drive.device;
    if (is_raid_volume(host, drive)) return DriveReading{DriveReading::Kind::no_smart, "none", {}};
    switch (drive.transport) {
        case Transport::loop:
        case Transport::virtio:
        case Transport::mmc:
            return DriveReading{DriveReading::Kind::no_smart, "none", {}};
        case Transport::nvme:
            if (host.recorded()) break;
            return with_smartctl_fallback(
                host, read_with_libnvme(host, nvme_controller(topology, drive)), path);
        case Transport::sata:
            if (host.recorded()) break;
            return with_smartctl_fallback(host, read_with_libatasmart(host, drive.device), path);
        case Transport::sas:
        case Transport::scsi:
        case Transport::usb:
        case Transport::unknown:
            break;
    }
    auto reading = read_with_smartctl(host, path, "", command_deadline);
    const bool no_recording =
        !reading && host.recorded() && reading.error().kind == ErrorKind::absent;
    if (no_recording) return DriveReading{DriveReading::Kind::no_smart, "none", {}};
    if (!reading && reading.error().kind == ErrorKind::absent) {
        // The drive exists but cannot be read: that is a failure.
        return fail(ErrorKind::failed, reading.error().message);
    }
    return reading;
}

Result<void> collect_drive(Context& context, const Topology& topology, const Drive& drive) {
    const Host& host = context.host;
    auto reading = read_drive(host, topology, drive);
    if (!reading) return Failure(reading.error());
    const Timestamp now = host.now();
    DriveHealth& health = reading->health;
    // The drives collector reports these from sysfs.
    health.device.clear();
    health.capacity_bytes.reset();
    if (!health.rotational) health.rotational = drive.rotational;
    switch (reading->kind) {
        case DriveReading::Kind::no_smart:
            if (health.has_health())  // a temperature, say
                observe_drive_health(health, drive.id, "none", now, context.sink);
            else
                context.sink.observe(metric::drive_info, drive.id, 1, now, {{"reader", "none"}});
            return {};
        case DriveReading::Kind::asleep:
            context.sink.observe(metric::drive_power_state, drive.id, 1, now,
                                 {{"state", std::string(to_string(reading->health.power_state))}});
            return {};
        case DriveReading::Kind::health:
            break;
    }
    observe_drive_health(health, drive.id, reading->reader, now, context.sink);
    if (health.would_show_failure())
        context.sink.observe(metric::drive_read_timestamp_seconds, drive.id, now, now);
    return {};
}

Result<void> collect_subject(Context& context, const Topology& topology,
                             const std::string& subject) {
    for (const RaidController& controller : raid_controllers(context.host)) {
        if (controller.subject == subject) {
            return read_raid_controller(context.host, topology, controller, command_deadline,
                                        context.sink);
        }
    }
    const Drive* drive = topology.find_drive(subject);
    if (drive == nullptr) {
        return fail(ErrorKind::absent, fmt::format("{}: no such drive", subject));
    }
    return collect_drive(context, topology, *drive);
}

Result<void> run(Context& context) {
    if (const auto drive = identify_drive_by_wwn(context.host, context.subject))
        return collect_drive(context, Topology{}, *drive);
    const auto topology = Topology::read(context.host, context.config.loop_devices);
    if (!topology) return Failure(topology.error());
    if (!context.subject.empty()) return collect_subject(context, *topology, context.subject);
    for (const std::string& subject : subjects(context.host, context.config)) {
        const auto collected = collect_subject(context, *topology, subject);
        if (!collected) context.sink.problem(subject, collected.error());
    }
    return {};
}

}  // namespace

extern const Collector smart_collector{
    .name = "smart",
    .summary = "Health of drives as they report it: SMART, NVMe and SAS",
    .interval = 300,
    .deadline = deadline,
    .run = run,
    .subjects = subjects,
    .answering = &metric::drive_answering,
    .leads_to_others = is_raid_controller,
};

}  // namespace lastgood
