// The ways to read a drive's health. Each touches the device and may hang: they run in the drive's
// own child process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/smart/health.hpp"
#include "collectors/smart/parse/smartctl_json.hpp"
#include "core/host.hpp"
#include "core/result.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct DriveReading {
    enum class Kind {
        health,    // `health` says how it is
        asleep,    // left alone; health.power_state says how deep
        no_smart,  // there is nothing to read: no error
    };
    Kind kind = Kind::health;
    std::string_view reader;  // "libatasmart", "libnvme", "smartctl"
    DriveHealth health;
};

// ATA drives on a SATA port of this host, by libatasmart; the logs it cannot read by SG_IO (SAT-3
// ATA PASS-THROUGH).
Result<DriveReading> read_with_libatasmart(const Host& host, const std::string& device);

// NVMe drives, through the controller's character device ("nvme0").
Result<DriveReading> read_with_libnvme(const Host& host, const std::string& controller);

// Everything else. `device` is a path ("/dev/sda", "/dev/bus/0"), `type` what -d takes; empty:
// smartctl finds out. Absent: there is no smartctl (of a recorded host: no recording).
Result<DriveReading> read_with_smartctl(const Host& host, const std::string& device,
                                        const std::string& type, Seconds deadline);

// The drives that `smartctl --scan` finds; it opens none.
Result<std::vector<SmartctlDevice>> scan_with_smartctl(const Host& host);

// A controller that hides its drives behind volumes of its own.
struct RaidController {
    std::string subject;  // "controller-host0"
    int host_number = 0;
    std::string driver;  // "megaraid_sas"
    std::string device;  // through which smartctl reaches it
};
std::vector<RaidController> raid_controllers(const Host& host);

// Whether what the kernel shows as a drive is a volume that such a controller makes of its drives:
// it has no health of its own, and may answer the question as if it were broken (QEMU's MegaRAID
// does). Its drives are read through the controller.
bool is_raid_volume(const Host& host, const Drive& drive);

// Reads the drives behind it, each under its own id; those that the kernel shows as block devices
// are left out.
Result<void> read_raid_controller(const Host& host, const Topology& topology,
                                  const RaidController& controller, Seconds deadline, Sink& sink);

}  // namespace lastgood
