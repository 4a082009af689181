#include <fcntl.h>
#include <fmt/core.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "collectors/smart/parse/atasmart_blob.hpp"
#include "collectors/smart/readers.hpp"
#include "core/descriptor.hpp"

extern "C" {
#include <atasmart.h>
}

namespace lastgood {
namespace {

struct DiskCloser {
    void operator()(SkDisk* disk) const { sk_disk_free(disk); }
};
using Disk = std::unique_ptr<SkDisk, DiskCloser>;

Failure failure(std::string_view what, const std::string& device, int error) {
    const bool denied = error == EPERM || error == EACCES;
    return fail(
        denied ? ErrorKind::denied : ErrorKind::failed,
        fmt::format("{}: libatasmart {}: {}{}", device, what, errno_text(error),
                    denied ? "; run as root or with CAP_SYS_RAWIO, and with the device" : ""));
}

// Reads one 512-byte page with SMART READ LOG (ACS-3, 7.47.3) by ATA PASS-THROUGH (16) (SAT-3,
// 12.2.2.3); absent if the drive refuses it.
std::optional<std::string> read_log_page(int fd, unsigned char address) {
    std::array<unsigned char, 512> page{};
    std::array<unsigned char, 32> sense{};
    std::array<unsigned char, 16> command{};
    command[0] = 0x85;    // ATA PASS-THROUGH (16)
    command[1] = 4 << 1;  // PIO data-in
    command[2] = 0x0e;    // from the device; the sector count is the length in blocks
    command[4] = 0xd5;    // SMART READ LOG
    command[6] = 1;       // one block
    command[8] = address;
    command[10] = 0x4f;
    command[12] = 0xc2;
    command[14] = 0xb0;  // SMART
    sg_io_hdr request{};
    request.interface_id = 'S';
    request.dxfer_direction = SG_DXFER_FROM_DEV;
    request.cmd_len = command.size();
    request.cmdp = command.data();
    request.mx_sb_len = sense.size();
    request.sbp = sense.data();
    request.dxfer_len = page.size();
    request.dxferp = page.data();
    request.timeout = 5000;  // ms
    if (::ioctl(fd, SG_IO, &request) != 0) return std::nullopt;
    const bool failed = (request.info & SG_INFO_OK_MASK) != SG_INFO_OK || request.resid != 0;
    if (failed) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(page.data()), page.size());
}

// Not every drive has these logs: values that cannot be read stay absent.
void read_logs(const Host& host, const std::string& path, DriveHealth& health) {
    const Descriptor drive(host.open(path).value_or(-1));
    if (const auto page = read_log_page(drive.get(), 0x06)) {
        if (auto tests = parse_ata_self_test_log(*page)) {
            health.self_tests = std::move(*tests);
            health.self_test_log_read = true;
        }
    }
    if (const auto page = read_log_page(drive.get(), 0x01)) {
        if (const auto count = parse_ata_error_log(*page)) health.error_log_entries = *count;
    }
}

}  // namespace

Result<DriveReading> read_with_libatasmart(const Host& host, const std::string& device) {
    const std::string path = "/dev/" + device;
    SkDisk* opened = nullptr;
    if (sk_disk_open(path.c_str(), &opened) != 0)
        return failure("cannot open the drive", device, errno);
    const Disk disk(opened);

    // Must come first: any other command would spin up a drive in standby.
    SkBool awake = TRUE;
    if (sk_disk_check_sleep_mode(disk.get(), &awake) == 0 && !awake) {
        DriveReading reading{DriveReading::Kind::asleep, "libatasmart", {}};
        reading.health.power_state = PowerState::standby;
        return reading;
    }
    SkBool available = FALSE;
    if (sk_disk_smart_is_available(disk.get(), &available) != 0) {
        return failure("cannot identify the drive", device, errno);
    }
    if (!available) return DriveReading{DriveReading::Kind::no_smart, "libatasmart", {}};
    if (sk_disk_smart_read_data(disk.get()) != 0) {
        return failure("cannot read the SMART data", device, errno);
    }
    // Not every drive gives a verdict; the attributes are valid without it.
    SkBool good = TRUE;
    const bool has_verdict = sk_disk_smart_status(disk.get(), &good) == 0;
    const void* blob = nullptr;
    size_t size = 0;
    if (sk_disk_get_blob(disk.get(), &blob, &size) != 0) {
        return failure("cannot return its data", device, errno);
    }
    auto health = parse_atasmart_blob({static_cast<const char*>(blob), size});
    if (!health) return Failure(health.error());
    if (has_verdict) health->passed = good != FALSE;
    health->power_state = PowerState::active;
    read_logs(host, path, *health);
    return DriveReading{DriveReading::Kind::health, "libatasmart", std::move(*health)};
}

}  // namespace lastgood
