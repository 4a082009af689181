#include "tests/collectors/kernel_log/parse/event_forms.hpp"

using namespace lastgood;
using Kind = KernelEventKind;
using Layer = KernelLayer;
using test::check;
using test::check_harmless;

TEST_CASE("RAID controllers speak for the drives behind them") {
    check({
        {"megaraid_sas 0000:02:00.0: 5434 (712345679s/0x0002/CRIT) - Predictive failure: PD "
         "02(e0x20/s2)",
         Layer::controller, Kind::hardware, "PD 02(e0x20/s2)"},
        {"megaraid_sas 0000:02:00.0: 5435 (712345680s/0x0002/WARN) - Unexpected sense: PD "
         "0a(e0x20/s10) Path 500, CDB: 28 00, Sense: 3/11/00",
         Layer::controller, Kind::medium, "PD 0a(e0x20/s10)"},
        {"megaraid_sas 0000:02:00.0: 5436 (712345681s/0x0002/info) - State change on PD "
         "02(e0x20/s2) from ONLINE(18) to FAILED(11)",
         Layer::controller, Kind::kicked, "PD 02(e0x20/s2)"},
        {"megaraid_sas 0000:02:00.0: 5437 (712345682s/0x0001/CRIT) - VD 00/0 is now DEGRADED",
         Layer::controller, Kind::array_degraded, "VD 00/0"},
        {"megaraid_sas 0000:02:00.0: 5438 (712345683s/0x0001/FATAL) - VD 00/0 is now OFFLINE",
         Layer::controller, Kind::array_failed, "VD 00/0"},
        {"megaraid_sas 0000:02:00.0: 5439 (712345684s/0x0020/FATAL) - Fatal firmware error: Line 1",
         Layer::controller, Kind::hardware, "megaraid_sas 0000:02:00.0"},
        {"megaraid_sas 0000:02:00.0: Found FW in FAULT state, will reset adapter scsi0.",
         Layer::controller, Kind::hardware, "megaraid_sas 0000:02:00.0"},
        {"sd 0:2:0:0: [sdq] megasas: RESET cmd=28 retries=0", Layer::scsi, Kind::timeout, "sdq"},
        {"sd 0:2:0:0: megasas: RESET -12345 cmd=28 retries=0", Layer::scsi, Kind::timeout,
         "0:2:0:0"},
        {"mptbase: ioc0: SMART data received, ASC/ASCQ = 5dh/00h", Layer::controller,
         Kind::hardware, "ioc0"},
        {"mpt3sas_cm0: SAS host is non-operational !!!!", Layer::controller, Kind::lost,
         "mpt3sas_cm0"},
        {"mpt2sas_cm0: fault_state(0x265d)!", Layer::controller, Kind::hardware, "mpt2sas_cm0"},
        {"mpt2sas_cm0: _config_request: command timeout", Layer::controller, Kind::timeout,
         "mpt2sas_cm0"},
        {"3w-9xxx: scsi1: AEN: ERROR (0x04:0x0009): Drive timeout detected:port=3.",
         Layer::controller, Kind::timeout, "port=3"},
        {"3w-9xxx: scsi1: AEN: ERROR (0x04:0x0002): Degraded unit:unit=0, port=1.",
         Layer::controller, Kind::kicked, "unit=0, port=1"},
        {"3w-9xxx: scsi1: AEN: WARNING (0x04:0x0023): Sector repair completed:port=2, LBA=0x1.",
         Layer::controller, Kind::medium, "port=2, LBA=0x1"},
        {"3w-9xxx: scsi1: AEN: ERROR (0x04:0x005F): Cache synchronization failed; some data "
         "lost:unit=0.",
         Layer::controller, Kind::io, "unit=0"},
        {"hpsa 0000:05:00.0: Controller lockup detected: 0x00130000 after 30", Layer::controller,
         Kind::lost, "hpsa 0000:05:00.0"},
        {"aacraid: Host adapter abort request (0,0,3,0)", Layer::controller, Kind::timeout,
         "aacraid"},
        {"AAC0: adapter kernel panic'd fffffffd", Layer::controller, Kind::lost, "AAC0"},
    });
}

TEST_CASE("buses, pools of drives and stuck tasks") {
    check({
        {"qla2xxx [0000:05:00.0]-801c:10: Abort command issued nexus=10:0:0 -- 2002.",
         Layer::controller, Kind::timeout, "0000:05:00.0"},
        {"session1: session recovery timed out after 120 secs", Layer::controller, Kind::transport,
         "session1"},
        {"connection2:0: detected conn error (1020)", Layer::controller, Kind::transport,
         "connection2"},
        {"connection2:0: iscsi: detected conn error (1011)", Layer::controller, Kind::transport,
         "connection2"},
        {"connection12:0: ping timeout of 5 secs expired, recv timeout 5, last rx 1, last ping 2, "
         "now 3",
         Layer::controller, Kind::timeout, "connection12"},
        {"mpt2sas1: attempting device reset! scmd(ffff8814605d2100)", Layer::controller,
         Kind::reset, "mpt2sas1"},
        {"WARNING: Pool 'z' has encountered an uncorrectable I/O failure and has been suspended.",
         Layer::zfs, Kind::array_failed, "z"},
        {"SPLError: 3525:0:(spl-err.c:67:vcmn_err()) WARNING: Pool 'z' has encountered an "
         "uncorrectable I/O failure and has been suspended.",
         Layer::zfs, Kind::array_failed, "z"},
        {"WARNING: MMP writes to pool 'z' have not succeeded in over 60004 ms; suspending pool. "
         "Hrtime 1",
         Layer::zfs, Kind::array_failed, "z"},
        {"pcieport 0000:00:1d.0: AER: device recovery failed", Layer::controller, Kind::lost,
         "pcieport 0000:00:1d.0"},
        {"pcieport 0000:00:1c.4: pciehp: Slot(12): Link Down", Layer::controller, Kind::lost,
         "pcieport 0000:00:1c.4"},
        {"xhci_hcd 0000:00:14.0: HC died; cleaning up", Layer::controller, Kind::lost,
         "xhci_hcd 0000:00:14.0"},
        {"zio pool=z vdev=/dev/sdq1 error=5 type=2 offset=3293896704 size=24576 flags=188881",
         Layer::zfs, Kind::io, "sdq1"},
        {"zio pool=z vdev=/dev/disk/by-id/ata-EXAMPLE_X1-part1 error=52 type=1 offset=1 size=1 "
         "flags=1",
         Layer::zfs, Kind::checksum, "ata-EXAMPLE_X1-part1"},
        {"block drbd0: disk( UpToDate -> Failed )", Layer::block, Kind::array_degraded, "drbd0"},
        {"drbd r0/0 drbd1: disk( UpToDate -> Failed )", Layer::block, Kind::array_degraded,
         "drbd1"},
        {"block drbd0: peer( Secondary -> Unknown ) conn( Connected -> Timeout ) disk( UpToDate -> "
         "Failed ) pdsk( UpToDate -> DUnknown )",
         Layer::block, Kind::array_degraded, "drbd0"},
        {"block drbd0: local WRITE IO error sector 2048+8 on sdq1", Layer::block, Kind::io, "sdq1"},
        {"drbd r0/0 drbd1: local READ IO error sector 2048+8 on dm-3", Layer::block, Kind::io,
         "dm-3"},
        {"block drbd0: Local IO failed in drbd_request_endio. Detaching...", Layer::block,
         Kind::array_degraded, "drbd0"},
        {"INFO: task jbd2/sdq1-8:411 blocked for more than 120 seconds.", Layer::filesystem,
         Kind::timeout, "sdq1"},
        {"INFO: task xfsaild/dm-3:411 blocked for more than 122 seconds.", Layer::filesystem,
         Kind::timeout, "dm-3"},
        {"INFO: task txg_sync:411 blocked for more than 120 seconds.", Layer::filesystem,
         Kind::timeout, ""},
    });
}

TEST_CASE("harmless messages of controllers") {
    check_harmless({
        "mpt3sas_cm0: log_info(0x30030101): originator(IOP), code(0x03), sub_code(0x0101)",
        "mpt2sas_cm0: sending diag reset !!",
        "mpt2sas_cm0: config_request: manufacturing(0), action(0), form(0x00000000)",
        "mptbase: ioc0: RAID STATUS CHANGE for PhysDisk 1 id=8",
        "megaraid_sas 0000:02:00.0: 5434 (712345679s/0x0020/INFO) - Patrol Read started",
        "megaraid_sas 0000:02:00.0: firmware supports msix",
        "pcieport 0000:00:1d.0: AER: PCIe Bus Error: severity=Corrected, type=Data Link Layer",
        "nvme 0000:03:00.0: AER:   device [144d:a808] error status/mask=00000001/0000e000",
        "qla2xxx [0000:81:00.1]-500b:10: LOOP DOWN detected (2 7 0 0).",
        "block drbd0: pdsk( UpToDate -> DUnknown )",
        "block drbd0: Local IO failed in drbd_request_endio.",  // not detached
        "connection2:0: is operational",
        "connection: detected conn error (1020)",
        "WARNING: Pool 'z' has something else",
        "SPL: Loaded module v0.6.3-1",
        "xhci_hcd 0000:00:14.0: xHCI Host Controller",
        "INFO: task qemu-system-x86:18753 blocked for more than 120 seconds.",
    });
}
