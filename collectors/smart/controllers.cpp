// Reads the drives behind hardware RAID controllers, by smartctl (smartctl(8), option -d).
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "collectors/smart/readers.hpp"
#include "core/drive_identity.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

constexpr std::string_view subject_prefix = "controller-";  // no drive's id begins so
constexpr int max_drives = 128;                             // behind one controller

// MEGASAS_MAX_PD_CHANNELS of the kernel's megaraid_sas.h; lower channels have physical drives.
constexpr int megaraid_first_volume_channel = 2;
// CONTAINER_CHANNEL of the kernel's aacraid.h.
constexpr int aacraid_volume_channel = 0;

// The beginning of a SCSI address, "0:2:0:0" (host, channel, target, LUN).
struct ScsiAddress {
    int host = 0;
    int channel = 0;
};

// The address is the component before "/block/" of a drive's sysfs path.
std::optional<ScsiAddress> scsi_address(std::string_view sysfs) {
    const size_t end = sysfs.rfind("/block/");
    if (end == std::string_view::npos) return {};
    const auto parts = split(last_component(sysfs.substr(0, end)), ":");
    if (parts.size() < 2) return {};
    const auto host = parse_number<int>(parts[0]), channel = parse_number<int>(parts[1]);
    if (!host || !channel) return {};
    return ScsiAddress{*host, *channel};
}

// The SCSI generic device of the controller itself (SCSI type 12), else the first of its volumes;
// empty if there is none.
std::string generic_device(const Host& host, int number) {
    const auto names = host.list("/sys/class/scsi_generic");
    if (!names) return {};
    std::string found;
    for (const std::string& name : *names) {
        const std::string base = "/sys/class/scsi_generic/" + name + "/device";
        const auto path = host.resolve(base);
        if (!path || !contains(*path, fmt::format("/host{}/", number))) continue;
        const bool controller = host.read_number(base + "/type").value_or(-1) == 12;
        if (controller) return "/dev/" + name;
        if (found.empty()) found = "/dev/" + name;
    }
    return found;
}

// "/dev/twa0": smartctl's name for a driver's controller; `index` counts from 0.
std::string threeware_device(const std::string& driver, int index) {
    if (driver == "3w-9xxx") return fmt::format("/dev/twa{}", index);
    if (driver == "3w-sas") return fmt::format("/dev/twl{}", index);
    return fmt::format("/dev/twe{}", index);
}

// The argument of smartctl's -d for a slot of the controller.
std::string device_type(const RaidController& controller, int index) {
    if (controller.driver == "hpsa" || controller.driver == "smartpqi") {
        return fmt::format("cciss,{}", index);
    }
    if (controller.driver == "aacraid") {
        return fmt::format("aacraid,{},0,{}", controller.host_number, index);
    }
    return fmt::format("3ware,{}", index);
}

std::set<std::string> known_identities(const Topology& topology) {
    std::set<std::string> known;
    for (const auto& [id, drive] : topology.drives) {
        if (!drive.serial.empty()) known.insert(clean_identity(drive.serial));
        if (!drive.wwn.empty()) known.insert(drive.wwn);
    }
    return known;
}

// Writes one drive, unless the kernel shows it as well.
void write_drive(const Host& host, const DriveReading& reading, const std::string& device,
                 const std::set<std::string>& known, Sink& sink) {
    DriveHealth health = reading.health;
    if (known.contains(clean_identity(health.serial)) || known.contains(health.wwn)) return;
    health.device = device;
    const std::string id = drive_id(health);
    const Timestamp now = host.now();
    switch (reading.kind) {
        case DriveReading::Kind::health:
            observe_drive_health(health, id, reading.reader, now, sink);
            sink.observe(metric::drive_read_timestamp_seconds, id, now, now);
            break;
        case DriveReading::Kind::asleep:
            if (health.serial.empty()) break;  // no identity
            sink.observe(metric::drive_power_state, id, 1, now,
                         {{"state", std::string(to_string(health.power_state))}});
            break;
        case DriveReading::Kind::no_smart:
            if (health.serial.empty()) break;
            observe_drive_health(health, id, "none", now, sink);
            break;
    }
}

Result<void> read_megaraid(const Host& host, const RaidController& controller,
                           const std::set<std::string>& known, Seconds until, Sink& sink) {
    const auto scanned = scan_with_smartctl(host);
    if (!scanned) return Failure(scanned.error());
    for (const SmartctlDevice& drive : *scanned) {
        if (drive.type.find("megaraid,") == std::string::npos || drive.name != controller.device) {
            continue;
        }
        const Seconds left = until - host.monotonic();
        if (left <= 1) return fail(ErrorKind::timed_out, "not all drives answered in time");
        const std::string name = fmt::format("{} -d {}", drive.name, drive.type);
        const auto reading = read_with_smartctl(host, drive.name, drive.type, std::min(left, 10.0));
        if (!reading) {
            sink.problem(name, reading.error());
        } else {
            write_drive(host, *reading, name, known, sink);
        }
    }
    return {};
}

// Reads slot after slot until one does not open: it is the first one without a drive.
Result<void> read_slots(const Host& host, const RaidController& controller,
                        const std::set<std::string>& known, Seconds until, Sink& sink) {
    for (int index = 0; index < max_drives; ++index) {
        const Seconds left = until - host.monotonic();
        if (left <= 1) return fail(ErrorKind::timed_out, "not all drives answered in time");
        const std::string type = device_type(controller, index);
        const auto reading =
            read_with_smartctl(host, controller.device, type, std::min(left, 10.0));
        if (!reading) {
            if (reading.error().kind != ErrorKind::failed) return Failure(reading.error());
            return index == 0 ? Result<void>(Failure(reading.error())) : Result<void>{};
        }
        write_drive(host, *reading, fmt::format("{} -d {}", controller.device, type), known, sink);
    }
    return {};
}

}  // namespace

std::vector<RaidController> raid_controllers(const Host& host) {
    std::vector<RaidController> controllers;
    const auto hosts = host.list("/sys/class/scsi_host");
    if (!hosts) return controllers;
    std::set<std::string> drivers = {"megaraid_sas", "hpsa",   "smartpqi", "aacraid",
                                     "3w-9xxx",      "3w-sas", "3w-xxxx"};
    for (const std::string& name : *hosts) {
        RaidController controller;
        const auto driver = host.read_line("/sys/class/scsi_host/" + name + "/proc_name");
        if (!driver || !drivers.contains(*driver)) continue;
        const auto number = parse_number<int>(without_prefix(name, "host"));
        if (!number) continue;
        controller.host_number = *number;
        controller.driver = *driver;
        controller.subject = std::string(subject_prefix) + name;
        if (*driver == "megaraid_sas") {
            controller.device = fmt::format("/dev/bus/{}", controller.host_number);
        } else if (driver->starts_with("3w-")) {
            const auto before = std::ranges::count(controllers, *driver, &RaidController::driver);
            controller.device = threeware_device(*driver, static_cast<int>(before));
        } else {
            controller.device = generic_device(host, controller.host_number);
            if (controller.device.empty()) continue;  // no drive is attached
        }
        controllers.push_back(std::move(controller));
    }
    return controllers;
}

bool is_raid_controller(std::string_view subject) {
    return subject.starts_with(subject_prefix);
}

bool is_raid_volume(const Host& host, const Drive& drive) {
    const auto address = scsi_address(drive.sysfs);
    if (!address) return false;
    const auto driver =
        host.read_line(fmt::format("/sys/class/scsi_host/host{}/proc_name", address->host));
    if (!driver) return false;
    if (*driver == "megaraid_sas") return address->channel >= megaraid_first_volume_channel;
    if (*driver == "aacraid") return address->channel == aacraid_volume_channel;
    if (driver->starts_with("3w-")) return true;
    if (*driver != "hpsa" && *driver != "smartpqi") return false;
    // The drivers export the level for each device; it is "N/A" for a physical drive.
    const auto level = host.read_line(drive.sysfs + "/device/raid_level");
    return level && !level->empty() && *level != "N/A";
}

Result<void> read_raid_controller(const Host& host, const Topology& topology,
                                  const RaidController& controller, Seconds deadline, Sink& sink) {
    const std::set<std::string> known = known_identities(topology);
    const Seconds until = host.monotonic() + deadline;
    if (controller.driver == "megaraid_sas") {
        return read_megaraid(host, controller, known, until, sink);
    }
    return read_slots(host, controller, known, until, sink);
}

}  // namespace lastgood
