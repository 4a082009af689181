#include "collectors/kernel_log/parse/trouble.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lastgood;

TEST_CASE("a storage word at the start and an error word look like trouble") {
    for (const std::string& message : std::vector<std::string>{
             "mpt3sas_cm0: fault_state(0x5854)!",
             "ata3: COMRESET failed (errno=-16)",
             "sd 1:0:0:0: [sdb] something failed for a new reason",
             "nvme nvme0: Device is dead, says a new kernel",
             "nvme0n1p2: strange error",
             "mmcblk0p1: timeout of a new kind",
             "bcachefs (dm-6): IO error: no device to read from",
             "PANIC at zfs_vfsops.c:400:zfs_domount()",
             "PANIC: blkptr at 0000000000000001 has invalid CHECKSUM 0",
             "VERIFY3(0 == dmu_buf_hold_array()) failed (0 == 5)",
             "SPLError: 1:0:(x.c:1:f()) ASSERTION failed",
             "connection2:0: something failed",
             "(da0:mps0:0:0:0): SCSI sense: MEDIUM ERROR asc:11,0 (Unrecovered read error)",
         })
        CHECK_MESSAGE(looks_like_trouble(message), message);
}

TEST_CASE("other programs' errors and what healthy drives print are no trouble") {
    for (const std::string& message : std::vector<std::string>{
             "usb 1-1: device descriptor read/64, error -71",
             "ACPI Error: AE_NOT_FOUND, While resolving a named reference",
             "EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: errors=remount-ro",
             "nvme nvme0: Shutdown timeout set to 8 seconds",
             "ata1.00: READ LOG DMA EXT failed, trying PIO",
             "ata5: failed to resume link (SControl 0)",
             "ata3.00: Read log 0x00 page 0x00 failed, Emask 0x1",
             "hpsa 0000:06:00.0: HP SSD Smart Path aborts not supported",
             "hpsa 0000:06:00.0: can't disable ASPM; OS doesn't have ASPM control",
             "sd 14:0:2:0: task abort: SUCCESS scmd(0000000000000001)",
             "sd 6:0:0:0: [sdc] Asking for cache data failed",
             "nvme 0000:03:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer",
             "BTRFS info (device sdb1): allowing degraded mounts",
             "ata",
             "",
         })
        CHECK_MESSAGE(!looks_like_trouble(message), message);
}

TEST_CASE("trouble is seen behind an unknown kind of prefix, not in prose") {
    CHECK(line_looks_like_trouble("192.0.2.1: kern: alert: [x]: XFS (sdb6): log I/O error -5"));
    CHECK(line_looks_like_trouble("dsm  | [x] EXT4-fs error (device sda1): bad extra_isize"));
    CHECK(!line_looks_like_trouble("My drive sda has an error, I think: what can I do?"));
    CHECK(!line_looks_like_trouble("zfs: it failed"));
    CHECK(!line_looks_like_trouble(std::string(100'000, ':')));
}
