// Reads the drives behind hardware RAID controllers, by smartctl (smartctl(8), option -d).
#include <fmt/core.h>

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

// A disk of this SCSI host, for a kernel without SCSI generic devices; empty if there is none.
std::string disk_of_host(const Host& host, int number) {
    const auto names = host.list("/sys/class/block");
    if (!names) return {};
    for (const std::string& name : *names) {
        const std::string base = "/sys/class/block/" + name;
        const auto path = host.resolve(base);
        if (path && contains(*path, fmt::format("/host{}/", number)) &&
            !host.exists(base + "/partition"))
            return "/dev/" + name;
    }
    return {};
}

// The SCSI generic device of the controller itself (SCSI type 12), else the first of its volumes,
// else a disk; empty if there is none.
std::string device_of_host(const Host& host, int number) {
    const auto names = host.list("/sys/class/scsi_generic");
    if (!names) return disk_of_host(host, number);
    std::string found;
    for (const std::string& name : *names) {
        const std::string base = "/sys/class/scsi_generic/" + name + "/device";
        const auto path = host.resolve(base);
        if (!path || !contains(*path, fmt::format("/host{}/", number))) continue;
        const bool controller = host.read_number(base + "/type").value_or(-1) == 12;
        if (controller) return "/dev/" + name;
        if (found.empty()) found = "/dev/" + name;
    }
    return found.empty() ? disk_of_host(host, number) : found;
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

// How many slots a controller can have. 3ware's ATA and SATA controllers have up to 24 ports; the
// others take more drives behind expanders, and smartctl(8) knows 128 of them.
int slots_of(const RaidController& controller) {
    return controller.driver == "3w-9xxx" || controller.driver == "3w-xxxx" ? 32 : 128;
}

std::set<std::string> known_identities(const Topology& topology) {
    std::set<std::string> known;
    for (const auto& [id, drive] : topology.drives) {
        if (!drive.serial.empty()) known.insert(clean_identity(drive.serial));
        if (!drive.wwn.empty()) known.insert(drive.wwn);
    }
    return known;
}

// The drives behind one controller.
class Slots {
  public:
    Slots(const Host& host, const Topology& topology, Seconds until, Sink& sink)
        : host_(host), known_(known_identities(topology)), until_(until), sink_(sink) {}

    // Reads one drive by its name and smartctl's type. Error: also if no time is left.
    Result<DriveReading> read(const std::string& device, const std::string& type) const {
        const Seconds left = until_ - host_.monotonic();
        if (left <= 1) return fail(ErrorKind::timed_out, "not all drives answered in time");
        return read_with_smartctl(host_, device, type, std::min(left, 10.0));
    }
    bool time_is_up() const { return until_ - host_.monotonic() <= 1; }

    // Counts one drive, and writes it unless the kernel shows it as well.
    void take(const DriveReading& reading, const std::string& device);
    void problem(const std::string& device, const Error& error) { sink_.problem(device, error); }

    int count() const { return count_; }
    void write_count(const RaidController& controller) const {
        sink_.observe(metric::controller_drives, "", count_, host_.now(),
                      {{"controller", controller.subject.substr(subject_prefix.size())},
                       {"driver", controller.driver}});
    }

  private:
    const Host& host_;
    std::set<std::string> known_;
    Seconds until_;
    Sink& sink_;
    int count_ = 0;
};

void Slots::take(const DriveReading& reading, const std::string& device) {
    ++count_;
    DriveHealth health = reading.health;
    const std::string serial = clean_identity(health.serial);
    if (known_.contains(serial) || known_.contains(health.wwn)) return;
    health.device = device;
    const std::string id = drive_id(health);
    const Timestamp now = host_.now();
    switch (reading.kind) {
        case DriveReading::Kind::health:
            observe_drive_health(health, id, reading.reader, now, sink_);
            if (health.would_show_failure())
                sink_.observe(metric::drive_read_timestamp_seconds, id, now, now);
            break;
        case DriveReading::Kind::asleep:
            if (health.serial.empty()) break;  // no identity
            sink_.observe(metric::drive_power_state, id, 1, now,
                          {{"state", std::string(to_string(health.power_state))}});
            break;
        case DriveReading::Kind::no_smart:
            if (health.serial.empty()) break;
            observe_drive_health(health, id, "none", now, sink_);
            break;
    }
}

Result<void> read_megaraid(const Host& host, const RaidController& controller, Slots& slots) {
    const auto scanned = scan_with_smartctl(host);
    if (!scanned) return Failure(scanned.error());
    bool listed = false;
    for (const SmartctlDevice& drive : *scanned) {
        if (drive.type.find("megaraid,") == std::string::npos || drive.name != controller.device) {
            continue;
        }
        listed = true;
        const std::string name = fmt::format("{} -d {}", drive.name, drive.type);
        const auto reading = slots.read(drive.name, drive.type);
        if (reading) {
            slots.take(*reading, name);
        } else if (slots.time_is_up()) {
            return Failure(reading.error());
        } else {
            slots.problem(name, reading.error());
        }
    }
    if (!listed && !disk_of_host(host, controller.host_number).empty())
        return fail(ErrorKind::failed,
                    fmt::format("smartctl --scan lists no drive behind {}", controller.device));
    return {};
}

// Reads all slots: those in use need not be the first ones. smartctl's answers for an empty slot
// and for a drive that is past answering are the same, so neither is a problem; the number of
// drives that answered is reported.
Result<void> read_slots(const RaidController& controller, Slots& slots) {
    std::optional<Error> first_error;
    for (int index = 0; index < slots_of(controller); ++index) {
        const std::string type = device_type(controller, index);
        const std::string name = fmt::format("{} -d {}", controller.device, type);
        const auto reading = slots.read(controller.device, type);
        if (reading) {
            slots.take(*reading, name);
            continue;
        }
        if (slots.time_is_up())
            return fail(ErrorKind::timed_out, fmt::format("only {} of {} slots answered in time",
                                                          index, slots_of(controller)));
        if (!first_error) first_error = reading.error();
        switch (reading.error().kind) {
            case ErrorKind::failed:
                break;
            case ErrorKind::malformed:
            case ErrorKind::timed_out:
                slots.problem(name, reading.error());
                break;
            case ErrorKind::absent:
            case ErrorKind::denied:
                return Failure(reading.error());
        }
    }
    if (slots.count() == 0 && first_error) return Failure(*first_error);
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
            controller.device = device_of_host(host, controller.host_number);
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
    Slots slots(host, topology, host.monotonic() + deadline, sink);
    auto read = controller.driver == "megaraid_sas" ? read_megaraid(host, controller, slots)
                                                    : read_slots(controller, slots);
    if (read) slots.write_count(controller);
    return read;
}

}  // namespace lastgood
