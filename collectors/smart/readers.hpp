// Read a drive's health. All read_ functions access the device and may block in the kernel for as
// long as it does not answer: they run in a child process for each drive, which the agent abandons
// after the collector's deadline.
//
// Errors of all of them: denied (no permission), failed (the device or the tool reports an error),
// malformed (the answer makes no sense), timed_out; absent only where noted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/smart/parse/health.hpp"
#include "collectors/smart/parse/smartctl_json.hpp"
#include "core/host.hpp"
#include "core/result.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct DriveReading {
    enum class Kind {
        health,    // `health` is filled
        asleep,    // not woken; only health.power_state (and perhaps the identity) is filled
        no_smart,  // the drive has no health to read: not an error
    };
    Kind kind = Kind::health;
    std::string_view reader;  // "libatasmart", "libnvme", "smartctl", "none"
    DriveHealth health;
};

// For ATA drives on a SATA port of this host, `device` "sda". Uses libatasmart 0.19, and SG_IO
// (SAT-3, ATA PASS-THROUGH) for the logs that libatasmart does not read. Does not wake a drive in
// standby.
Result<DriveReading> read_with_libatasmart(const Host& host, const std::string& device);

// For NVMe drives, through the controller's character device, "nvme0". Uses libnvme 1.3 or later.
Result<DriveReading> read_with_libnvme(const Host& host, const std::string& controller);

// For all other drives. `device` is a path ("/dev/sda", "/dev/bus/0"); `type` is the argument of
// -d, or empty to let smartctl guess. Needs smartctl 7.3 or later; kills it after `deadline`
// seconds. Does not wake a drive in standby. Absent: smartctl is not installed (on a recorded host:
// it was not recorded).
Result<DriveReading> read_with_smartctl(const Host& host, const std::string& device,
                                        const std::string& type, Seconds deadline);

// The drives that `smartctl --scan` lists, within 10 s; it opens no drive. Absent: as above.
Result<std::vector<SmartctlDevice>> scan_with_smartctl(const Host& host);

// A hardware RAID controller: the kernel shows its volumes, not its drives.
struct RaidController {
    std::string subject;  // "controller-host0"
    int host_number = 0;  // of the SCSI host
    std::string driver;   // "megaraid_sas"
    std::string device;   // path for smartctl, "/dev/bus/0"
};
// Found in /sys/class/scsi_host; accesses no device.
std::vector<RaidController> raid_controllers(const Host& host);
// Whether a subject of the collector is a controller, not a drive.
bool is_raid_controller(std::string_view subject);

// True if the drive is in fact a volume of such a controller, according to sysfs. A volume has no
// health of its own, and some controllers answer for it as if it were broken (QEMU's MegaRAID).
bool is_raid_volume(const Host& host, const Drive& drive);

// Reads the drives behind the controller and writes each under its own id, and how many answered;
// skips drives that the kernel shows as well. Ends within `deadline` seconds, up to one smartctl's
// reaction to SIGKILL. Drives that cannot be read are problems in `sink`. Errors: as of
// scan_with_smartctl; timed_out also if not all drives were read by then.
Result<void> read_raid_controller(const Host& host, const Topology& topology,
                                  const RaidController& controller, Seconds deadline, Sink& sink);

}  // namespace lastgood
