#include "collectors/kernel_log/parse/event.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "collectors/kernel_log/parse/text.hpp"

using namespace lastgood;
using Kind = KernelEventKind;
using Layer = KernelLayer;

namespace {

struct Form {
    const char* message;
    Layer layer;
    Kind kind;
    const char* subject;  // device, else array, else filesystem
};

std::string subject_of(const KernelEvent& event) {
    if (!event.device.empty()) return std::string(event.device);
    if (!event.array.empty()) return std::string(event.array);
    return std::string(event.filesystem);
}

void check(const std::vector<Form>& forms) {
    for (const Form& form : forms) {
        INFO(std::string(form.message));
        const auto event = parse_kernel_message(form.message);
        REQUIRE(event);
        CHECK(to_string(event->layer) == to_string(form.layer));
        CHECK(to_string(event->kind) == to_string(form.kind));
        CHECK(subject_of(*event) == form.subject);
    }
}

}  // namespace

TEST_CASE("block layer: failed requests of kernels 2.6 to 6.12") {
    check({
        {"end_request: I/O error, dev sdq, sector 2056", Layer::block, Kind::io, "sdq"},
        {"print_req_error: I/O error, dev sdq, sector 2056 flags 80700", Layer::block, Kind::io,
         "sdq"},
        {"blk_update_request: critical medium error, dev sdq, sector 2056 op 0x0:(READ) flags 0x0 "
         "phys_seg 1 prio class 0",
         Layer::block, Kind::medium, "sdq"},
        {"I/O error, dev nvme3n1, sector 2056 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2",
         Layer::block, Kind::io, "nvme3n1"},
        {"critical target error, dev sdq, sector 8", Layer::block, Kind::target, "sdq"},
        {"critical target error, dev sdq, sector 8 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio "
         "class 0",
         Layer::block, Kind::unsupported, "sdq"},
        {"timeout error, dev sdq, sector 8", Layer::block, Kind::timeout, "sdq"},
        {"recoverable transport error, dev dm-4, sector 8", Layer::block, Kind::transport, "dm-4"},
        {"critical nexus error, dev sdq, sector 8", Layer::block, Kind::nexus, "sdq"},
        {"reservation conflict error, dev sdq, sector 8 op 0x1:(WRITE)", Layer::block, Kind::nexus,
         "sdq"},
        {"critical space allocation error, dev loop7, sector 8192 op 0x1:(WRITE) flags 0x800 "
         "phys_seg 1",
         Layer::block, Kind::no_space, "loop7"},
        {"protection error, dev sdq, sector 8", Layer::block, Kind::protection, "sdq"},
        {"operation not supported error, dev sdq, sector 8 op 0x9:(WRITE_ZEROES)", Layer::block,
         Kind::unsupported, "sdq"},
        {"device offline error, dev sdq, sector 8 op 0x0:(READ)", Layer::block, Kind::device_gone,
         "sdq"},
        {"device resource error, dev sdq, sector 8 op 0x0:(READ)", Layer::block, Kind::resource,
         "sdq"},
        {"Buffer I/O error on device sdq1, logical block 1", Layer::buffer, Kind::io, "sdq1"},
        {"Buffer I/O error on dev md4, logical block 9, lost async page write", Layer::buffer,
         Kind::io, "md4"},
        {"Write-error on swap-device (8:16:4711)", Layer::buffer, Kind::io, "8:16"},
        {"sdq1: rw=0, want=976773170, limit=976773168", Layer::block, Kind::beyond_end, "sdq1"},
        {"hdb: dma_intr: error=0x40 { UncorrectableError }, LBAsect=12, sector=12", Layer::ata,
         Kind::medium, "hdb"},
    });
    const auto event = parse_kernel_message(
        "I/O error, dev sdq, sector 2056 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2");
    REQUIRE(event);
    CHECK(event->operation == "WRITE");
    CHECK(event->sector == 2056u);
    CHECK(event->text == "I/O error");
}

TEST_CASE("drivers: libata, SCSI, USB, NVMe, MMC, loop, virtio") {
    check({
        {"ata9.00: failed command: READ DMA", Layer::ata, Kind::io, "ata9.00"},
        {"ata9: hard resetting link", Layer::ata, Kind::reset, "ata9"},
        {"ata9: limiting SATA link speed to 1.5 Gbps", Layer::ata, Kind::slowed, "ata9"},
        {"ata9.00: NCQ disabled due to excessive errors", Layer::ata, Kind::slowed, "ata9.00"},
        {"ata9.00: disabled", Layer::ata, Kind::lost, "ata9.00"},
        {"ata9.00: qc timeout after 5000 msecs (cmd 0xec)", Layer::ata, Kind::timeout, "ata9.00"},
        {"ata9: command 0x25 timeout, stat 0xd0 host_stat 0x24", Layer::ata, Kind::timeout, "ata9"},
        {"sd 8:0:0:0: rejecting I/O to offline device", Layer::scsi, Kind::device_gone, "8:0:0:0"},
        {"scsi 8:0:0:0: rejecting I/O to dead device", Layer::scsi, Kind::device_gone, "8:0:0:0"},
        {"sd 8:0:0:0: [sdq] tag#3 timing out command, waited 180s", Layer::scsi, Kind::timeout,
         "sdq"},
        {"sd 8:0:2:0: attempting task abort!scmd(0x00000000), outstanding for 30000 ms & timeout "
         "30000 ms",
         Layer::scsi, Kind::timeout, "8:0:2:0"},
        {"sd 8:0:0:0: [sdq] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)", Layer::scsi,
         Kind::appeared, "sdq"},
        {"SCSI device sdq: 156301488 512-byte hdwr sectors (80026 MB)", Layer::scsi, Kind::appeared,
         "sdq"},
        {"sd 8:0:0:0: [sdq] Attached SCSI disk", Layer::scsi, Kind::attached, "sdq"},
        {"sd 8:0:0:0: Attached scsi disk sdq", Layer::scsi, Kind::attached, "sdq"},
        {"sd 8:0:0:0: [sdq] tag#29 uas_eh_abort_handler 0 uas-tag 9 inflight: CMD OUT", Layer::usb,
         Kind::timeout, "sdq"},
        {"scsi host6: uas_eh_device_reset_handler start", Layer::usb, Kind::reset, "host6"},
        {"usb 2-1.4: reset SuperSpeed USB device number 3 using xhci_hcd", Layer::usb, Kind::reset,
         "usb 2-1.4"},
        {"usb 2-1.4: USB disconnect, device number 3", Layer::usb, Kind::removed, "usb 2-1.4"},
        {"scsi host6: usb-storage 2-1.4:1.0", Layer::scsi, Kind::port_map, "2-1.4"},
        {"nvme nvme3: I/O 0 QID 0 timeout, reset controller", Layer::nvme, Kind::timeout, "nvme3"},
        {"nvme nvme3: I/O tag 12 (300c) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting "
         "req_op:READ(0) size:4096",
         Layer::nvme, Kind::timeout, "nvme3"},
        {"nvme nvme3: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10",
         Layer::nvme, Kind::reset, "nvme3"},
        {"nvme nvme3: Removing after probe failure status: -19", Layer::nvme, Kind::lost, "nvme3"},
        {"nvme nvme3: Device not ready; aborting reset, CSTS=0x1", Layer::nvme, Kind::lost,
         "nvme3"},
        {"nvme3n1: Read(0x2) @ LBA 1048576, 8 blocks, Unrecovered Read Error (sct 0x2 / sc 0x81) "
         "DNR",
         Layer::nvme, Kind::medium, "nvme3n1"},
        {"nvme3n1: I/O Cmd(0x2) @ LBA 1048576, 8 blocks, I/O Error (sct 0x0 / sc 0x6) ",
         Layer::nvme, Kind::hardware, "nvme3n1"},
        {"nvme3c1n1: Write(0x1) @ LBA 8, 8 blocks, Host Path Error (sct 0x3 / sc 0x70)",
         Layer::nvme, Kind::transport, "nvme3c1n1"},
        {"mmcblk1: error -110 requesting status", Layer::mmc, Kind::timeout, "mmcblk1"},
        {"mmcblk1: recovery failed!", Layer::mmc, Kind::device_gone, "mmcblk1"},
        {"loop7: detected capacity change from 0 to 131072", Layer::block, Kind::appeared, "loop7"},
        {"loop7: detected capacity change from 131072 to 0", Layer::block, Kind::removed, "loop7"},
        {"virtio_blk virtio1: [vdc] 41943040 512-byte logical blocks (21.5 GB/20.0 GiB)",
         Layer::block, Kind::appeared, "vdc"},
    });
}

TEST_CASE("md, dm, bcache") {
    check({
        {"md/raid1:md4: Disk failure on sdq2, disabling device.", Layer::md, Kind::kicked, "sdq2"},
        {"raid5: Disk failure on sdq2, disabling device. Operation continuing on 2 devices",
         Layer::md, Kind::kicked, "sdq2"},
        {"md/raid:md4: Cannot continue operation (2/4 failed).", Layer::md, Kind::array_failed,
         "md4"},
        {"md/raid1:md4: not enough operational mirrors.", Layer::md, Kind::array_failed, "md4"},
        {"md/raid:md4: not enough operational devices (3/5 failed)", Layer::md, Kind::array_failed,
         "md4"},
        {"md/raid1:md4: sdq2: unrecoverable I/O read error for block 128", Layer::md,
         Kind::uncorrected, "sdq2"},
        {"md/raid10:md4: md4: unrecoverable I/O read error for block 128", Layer::md,
         Kind::uncorrected, "md4"},
        {"md/raid:md4: read error corrected (8 sectors at 54126592 on sdq2)", Layer::md,
         Kind::corrected, "sdq2"},
        {"raid5:md4: read error corrected (8 sectors at 54126592 on sdq2)", Layer::md,
         Kind::corrected, "sdq2"},
        {"md/raid:md4: read error not correctable (sector 9 on dm-3).", Layer::md,
         Kind::uncorrected, "dm-3"},
        {"md: kicking non-fresh sdq2 from array!", Layer::md, Kind::non_fresh, "sdq2"},
        {"md: md4: data-check done.", Layer::md, Kind::sync_done, "md4"},
        {"md: md4: recovery interrupted.", Layer::md, Kind::sync_interrupted, "md4"},
        {"md4: mismatch sector in range 8-16", Layer::md, Kind::array_mismatch, "md4"},
        {"device-mapper: multipath: 253:0: Failing path 65:16.", Layer::dm, Kind::transport,
         "65:16"},
        {"device-mapper: multipath: Failing path 65:16.", Layer::dm, Kind::transport, "65:16"},
        {"device-mapper: crypt: dm-3: INTEGRITY AEAD ERROR, sector 8", Layer::dm, Kind::checksum,
         "dm-3"},
        {"bcache: bch_count_backing_io_errors() sdq: IO error on backing device, unrecoverable",
         Layer::bcache, Kind::io, "sdq"},
    });
}

TEST_CASE("filesystems") {
    check({
        {"EXT4-fs error (device sdq1): ext4_find_entry:1455: inode #2: comm I/O error, dev: "
         "reading directory lblock 0",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"EXT4-fs error (device sdq1) in ext4_dirty_inode:5992: Journal has aborted",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"EXT3-fs error (device sdq1): ext3_get_inode_loc: unable to read inode block",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"EXT4-fs (dm-3): Remounting filesystem read-only", Layer::filesystem, Kind::read_only,
         "dm-3"},
        {"EXT4-fs warning (device sdq1): ext4_end_bio:309: I/O error 10 writing to inode 12 "
         "(offset 0 size 4096 starting block 9)",
         Layer::filesystem, Kind::io, "sdq1"},
        {"JBD2: Detected IO errors while flushing file data on sdq1-8", Layer::journal, Kind::io,
         "sdq1"},
        {"JBD2: Error -5 detected when updating journal superblock for dm-3-8.", Layer::journal,
         Kind::io, "dm-3"},
        {"Aborting journal on device sdq1-8.", Layer::journal, Kind::journal_aborted, "sdq1"},
        {"Aborting journal on device sdq1:8.", Layer::journal, Kind::journal_aborted, "sdq1"},
        {"JBD2: I/O error detected when updating journal superblock for dm-3:8.", Layer::journal,
         Kind::io, "dm-3"},
        {"Aborting journal on device dm-3.", Layer::journal, Kind::journal_aborted, "dm-3"},
        {"journal commit I/O error", Layer::journal, Kind::journal_aborted, ""},
        {"JBD2: IO error -5 recovering block 1234 in log", Layer::journal, Kind::inconsistent, ""},
        {"EXT4-fs (sdq1): error loading journal", Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"XFS (sdq1): metadata I/O error in \"xfs_trans_read_buf_map+0x1/0x2 [xfs]\" at daddr 0x8 "
         "len 8 error 5",
         Layer::filesystem, Kind::io, "sdq1"},
        {"XFS (sdq1): log I/O error -5", Layer::filesystem, Kind::io, "sdq1"},
        {"XFS (sdq1): Log I/O Error Detected. Shutting down filesystem", Layer::filesystem,
         Kind::shutdown, "sdq1"},
        {"XFS (sdq1): Metadata corruption detected at xfs_inode_buf_verify+0x1/0x2 [xfs], "
         "xfs_inode block 0x8",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"XFS (sdq1): Metadata CRC error detected at xfs_agf_read_verify+0x1/0x2 [xfs], xfs_agf "
         "block 0x1",
         Layer::filesystem, Kind::checksum, "sdq1"},
        {"BTRFS error (device sdq1): bdev /dev/sdr1 errs: wr 1, rd 4, flush 0, corrupt 2, gen 3",
         Layer::filesystem, Kind::btrfs_counters, "sdr1"},
        {"BTRFS warning (device sdq1): csum failed root 5 ino 1 off 0 csum 0x1 expected csum 0x2 "
         "mirror 1",
         Layer::filesystem, Kind::checksum, "sdq1"},
        {"BTRFS info (device sdq1): read error corrected: ino 0 off 1 (dev /dev/sdr sector 9)",
         Layer::filesystem, Kind::corrected, "sdr"},
        {"BTRFS error (device sdq1): unable to fixup (regular) error at logical 1 on dev "
         "/dev/mapper/data",
         Layer::filesystem, Kind::uncorrected, "mapper/data"},
        {"BTRFS error (device sdq1 state EA): parent transid verify failed on 1 wanted 2 found 3",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"BTRFS: error (device sdq1) in btrfs_commit_transaction:2377: errno=-5 IO failure",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"BTRFS info (device sdq1): forced readonly", Layer::filesystem, Kind::read_only, "sdq1"},
        {"FAT-fs (sdq1): error, fat_get_cluster: invalid cluster chain (i_pos 1)",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been "
         "suspended.",
         Layer::zfs, Kind::array_failed, "tank"},
    });
    const auto mount = parse_kernel_message(
        "BTRFS info (device sdq1): bdev /dev/sdr1 errs: wr 1, rd 4, flush 0, corrupt 2, gen 3");
    REQUIRE(mount);
    CHECK(mount->btrfs == BtrfsCounters{1, 4, 0, 2, 3, true});
}

TEST_CASE("drives that the kernel gave up, and drives that predict their failure") {
    check({
        {"nvme nvme3: Disabling device after reset failure: -19", Layer::nvme, Kind::lost, "nvme3"},
        {"nvme 0000:04:00.0: Removing after probe failure status: -19", Layer::nvme, Kind::lost,
         "nvme 0000:04:00.0"},
        {"nvme 0000:04:00.0: AER: PCIe Bus Error: severity=Uncorrected (Fatal), type=Inaccessible",
         Layer::nvme, Kind::transport, "nvme 0000:04:00.0"},
        {"nvme3n1: detected capacity change from 2000409264 to 0", Layer::nvme, Kind::lost,
         "nvme3n1"},
        {"ata9.00: disable device", Layer::ata, Kind::lost, "ata9.00"},
        {"ata9.00 (slot 4): disabled", Layer::ata, Kind::lost, "ata9.00"},
        {"ata9: reset failed, giving up", Layer::ata, Kind::device_gone, "ata9"},
        {"ata9: COMRESET failed (errno=-16)", Layer::ata, Kind::transport, "ata9"},
        {"sd 8:0:0:0: Device offlined - not ready after error recovery", Layer::scsi, Kind::lost,
         "8:0:0:0"},
        {"sd 8:0:1:0: [sdq] Test Unit Ready failed: Result: hostbyte=DID_NO_CONNECT "
         "driverbyte=DRIVER_OK",
         Layer::scsi, Kind::device_gone, "sdq"},
        {"sd 8:0:1:0: [sdq] Read Capacity(16) failed: Result: hostbyte=DID_TIME_OUT "
         "driverbyte=DRIVER_OK",
         Layer::scsi, Kind::timeout, "sdq"},
        {"sd 8:0:1:0: [sdq] tag#3 Add. Sense: Failure prediction threshold exceeded", Layer::scsi,
         Kind::hardware, "sdq"},
        {"sd 8:0:1:0: [sdq] Add. Sense: Hardware impending failure general hard drive failure",
         Layer::scsi, Kind::hardware, "sdq"},
        {"sd 8:0:1:0: [sdq] ASC=0x5d ASCQ=0x10", Layer::scsi, Kind::named, "sdq"},
        {"sd 8:0:1:0: [sdq] Add. Sense: ASC=0x5d ASCQ=0x10", Layer::scsi, Kind::hardware, "sdq"},
        {"sd 8:0:1:0: [sdq] Add. Sense: Failure prediction threshold exceeded (FALSE)", Layer::scsi,
         Kind::io, "sdq"},
        {"sd 6:0:0:0: [sdr] tag#0 Add. Sense: Medium not present", Layer::scsi, Kind::harmless,
         "sdr"},
        {"sd 6:0:0:0: [sdr] Add. Sense: Medium not present - tray closed", Layer::scsi,
         Kind::harmless, "sdr"},
        {"sd 8:0:1:0: [sdq] tag#0 Add. Sense: ATA pass through information available", Layer::scsi,
         Kind::harmless, "sdq"},
        {"sd 8:0:0:0: [sdq] Write Protect is off", Layer::scsi, Kind::named, "sdq"},
        {"sd 8:0:0:0: [sdq] Start/Stop Unit failed: Result: hostbyte=DID_BAD_TARGET "
         "driverbyte=DRIVER_OK",
         Layer::scsi, Kind::named, "sdq"},
        {"blk_update_request: critical medium error, dev sd>", Layer::block, Kind::medium,
         "unknown-drive"},
        {"mmcblk1: response CRC error sending r/w cmd command, card status 0x900", Layer::mmc,
         Kind::transport, "mmcblk1"},
        {"mmcblk1: unknown error -110 sending read/write command, card status 0x900", Layer::mmc,
         Kind::timeout, "mmcblk1"},
        {"mmc_host mmc1: Timeout sending command (cmd 0x202000 arg 0x0 status 0x80202000)",
         Layer::mmc, Kind::timeout, "mmc1"},
        {"mmc1: Card stuck being busy! __mmc_poll_for_busy", Layer::mmc, Kind::timeout, "mmc1"},
        {"mmc1: Card stuck in wrong state! card_busy_detect status: 0xe00", Layer::mmc,
         Kind::timeout, "mmc1"},
        {"mmc1: cqhci: timeout for tag 12, qcnt 1", Layer::mmc, Kind::timeout, "mmc1"},
        {"mmc1: error -110 whilst initialising SD card", Layer::mmc, Kind::timeout, "mmc1"},
        {"mmc1: error -84 whilst initialising MMC card", Layer::mmc, Kind::transport, "mmc1"},
    });
}

TEST_CASE("controllers and buses speak for the drives behind them") {
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
        {"qla2xxx [0000:05:00.0]-801c:10: Abort command issued nexus=10:0:0 -- 2002.",
         Layer::controller, Kind::timeout, "0000:05:00.0"},
        {"session1: session recovery timed out after 120 secs", Layer::controller, Kind::transport,
         "session1"},
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
        {"INFO: task jbd2/sdq1-8:411 blocked for more than 120 seconds.", Layer::filesystem,
         Kind::timeout, "sdq1"},
        {"INFO: task xfsaild/dm-3:411 blocked for more than 122 seconds.", Layer::filesystem,
         Kind::timeout, "dm-3"},
        {"INFO: task txg_sync:411 blocked for more than 120 seconds.", Layer::filesystem,
         Kind::timeout, ""},
    });
    for (const char* message : {
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
             "xhci_hcd 0000:00:14.0: xHCI Host Controller",
             "INFO: task qemu-system-x86:18753 blocked for more than 120 seconds.",
         }) {
        INFO(std::string(message));
        CHECK_FALSE(parse_kernel_message(message));
    }
}

TEST_CASE("filesystems, pools and arrays that cannot be used, or not fully") {
    check({
        {"EXT4-fs (sdq6): group descriptors corrupted!", Layer::filesystem, Kind::inconsistent,
         "sdq6"},
        {"EXT4-fs (sdq6): bad geometry: block count 10 exceeds size of device (9 blocks)",
         Layer::filesystem, Kind::inconsistent, "sdq6"},
        {"EXT4-fs (sdq6): ext4_check_descriptors: Checksum for group 0 failed (1!=2)",
         Layer::filesystem, Kind::inconsistent, "sdq6"},
        {"EXT4-fs warning (device sdq6): __ext4_read_dirblock:902: error reading directory block "
         "(ino 27787265, block 0)",
         Layer::filesystem, Kind::io, "sdq6"},
        {"EXT4-fs (sdq6): error count since last fsck: 8", Layer::filesystem, Kind::recorded_errors,
         "sdq6"},
        {"JBD2: recovery failed", Layer::journal, Kind::inconsistent, ""},
        {"BTRFS error (device sdq1): failed to read chunk root", Layer::filesystem,
         Kind::inconsistent, "sdq1"},
        {"BTRFS error (device sdq1): failed to read block groups: -5", Layer::filesystem,
         Kind::inconsistent, "sdq1"},
        {"BTRFS warning (device sdq1): devid 2 uuid 11111111-2222-3333-4444-555555555555 is "
         "missing",
         Layer::filesystem, Kind::missing_member, "sdq1"},
        {"parent transid verify failed on 108791845535744 wanted 731540 found 731528",
         Layer::filesystem, Kind::inconsistent, ""},
        {"BTRFS: bdev /dev/sdr1 errs: wr 1, rd 0, flush 0, corrupt 0, gen 0", Layer::filesystem,
         Kind::btrfs_counters, "sdr1"},
        {"btrfs: bdev /dev/sdr1 errs: wr 1, rd 0, flush 0, corrupt 0, gen 0", Layer::filesystem,
         Kind::btrfs_counters, "sdr1"},
        {"btrfs csum failed ino 257 off 131072 csum 1 private 2", Layer::filesystem, Kind::checksum,
         ""},
        {"BTRFS: read error corrected: ino 1 off 2 (dev /dev/sdr1 sector 9)", Layer::filesystem,
         Kind::corrected, "sdr1"},
        {"device-mapper: thin: Data device (dm-3) was full; no free data space available",
         Layer::dm, Kind::pool_full, "dm-3"},
        {"XFS (dm-3): xfs_log_force: error -5 returned.", Layer::filesystem, Kind::shutdown,
         "dm-3"},
        {"XFS (sdq1): Filesystem has been shut down due to log error (0x2).", Layer::filesystem,
         Kind::shutdown, "sdq1"},
        {"XFS (sdq1): log mount failed", Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"XFS: Internal error XFS_WANT_CORRUPTED_RETURN at line 342 of file fs/xfs/xfs_alloc.c.  "
         "Caller 0xffffffffa01e76c2",
         Layer::filesystem, Kind::inconsistent, ""},
        {"Filesystem \"dm-3\": XFS internal error xfs_trans_cancel at line 1164", Layer::filesystem,
         Kind::inconsistent, "dm-3"},
        {"I/O error in filesystem (\"sdq1\") meta-data dev sdq1 block 0x1", Layer::filesystem,
         Kind::io, "sdq1"},
        {"xfs_force_shutdown(sdq1,0x8) called from line 1165 of file fs/xfs/xfs_trans.c.",
         Layer::filesystem, Kind::shutdown, "sdq1"},
        {"SQUASHFS error: Unable to read page, block 26f9ea4, size 8684", Layer::filesystem,
         Kind::io, ""},
        {"F2FS-fs (sdq1): access invalid blkaddr:4294967295", Layer::filesystem, Kind::inconsistent,
         "sdq1"},
        {"exFAT-fs (sdq1): error, invalid access to FAT (entry 0x1)", Layer::filesystem,
         Kind::inconsistent, "sdq1"},
        {"exFAT-fs (sdq1): Filesystem has been set read-only", Layer::filesystem, Kind::read_only,
         "sdq1"},
        {"ntfs3: sdq1: ino=5, directory corrupted", Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"UBIFS error (ubi0:0 pid 1): ubifs_read_node: bad node type (255 but expected 9)",
         Layer::filesystem, Kind::inconsistent, "ubi0:0"},
        {"bcachefs (dm-3): IO error on dm-3 for data checksum error, inode 1 offset 8: expected 0 "
         "got 1 (type 5)",
         Layer::filesystem, Kind::checksum, "dm-3"},
        {"bcachefs (sdq): emergency read only", Layer::filesystem, Kind::read_only, "sdq"},
        {"bcachefs (sdq): btree write error: I/O", Layer::filesystem, Kind::io, "sdq"},
        {"OCFS2: ERROR (device sdq1): ocfs2_validate_gd_self: Group descriptor #1 has bad "
         "signature",
         Layer::filesystem, Kind::inconsistent, "sdq1"},
        {"XFS (sdq1): Mounting V5 Filesystem 01234567-89ab-cdef-0123-456789abcdef",
         Layer::filesystem, Kind::mounted, "sdq1"},
        {"EXT4-fs (sdq1): mounted filesystem 01234567-89ab-cdef-0123-456789abcdef r/w with ordered "
         "data mode.",
         Layer::filesystem, Kind::mounted, "sdq1"},
        {"BTRFS info (device sdq1): first mount of filesystem 01234567-89ab-cdef-0123-456789abcdef",
         Layer::filesystem, Kind::mounted, "sdq1"},
        {"device-mapper: thin: 253:2: switching pool to out-of-data-space (queue IO) mode",
         Layer::dm, Kind::pool_full, "253:2"},
        {"device-mapper: thin: 253:2: switching pool to out-of-data-space mode", Layer::dm,
         Kind::pool_full, "253:2"},
        {"device-mapper: thin: 253:2: switching pool to read-only mode", Layer::dm,
         Kind::array_failed, "253:2"},
        {"device-mapper: thin: 253:2: metadata operation 'dm_pool_commit_metadata' failed: error = "
         "-5",
         Layer::dm, Kind::array_failed, "253:2"},
        {"device-mapper: raid1: Mirror read failed from 8:16. Trying alternative device.",
         Layer::dm, Kind::io, "8:16"},
        {"bcache: bch_cached_dev_error() stop bcache0: too many IO errors on backing device sdq",
         Layer::bcache, Kind::lost, "sdq"},
        {"md/raid1:md4: active with 1 out of 2 mirrors", Layer::md, Kind::array_degraded, "md4"},
        {"md/raid:md4: raid level 5 active with 2 out of 3 devices, algorithm 2", Layer::md,
         Kind::array_degraded, "md4"},
        {"md/raid:md4: raid level 6 active with 5 out of 6 devices, algorithm 2", Layer::md,
         Kind::array_reduced, "md4"},
        {"md/raid10:md4: active with 3 out of 4 devices", Layer::md, Kind::array_degraded, "md4"},
        {"md/raid10:md4: sdq1: Raid device exceeded read_error threshold [cur 21:max 20]",
         Layer::md, Kind::io, "sdq1"},
        {"md/raid:md4: Too many read errors, failing device sdq1.", Layer::md, Kind::io, "sdq1"},
        {"md/raid:md4: failed to run raid set.", Layer::md, Kind::array_failed, "md4"},
    });
    for (const char* message : {
             "SQUASHFS error: Can't find a SQUASHFS superblock on sdq1",
             "F2FS-fs (sdq1): Magic Mismatch, valid(0xf2f52010) - read(0x0)",
             "F2FS-fs (sdq1): Can't find valid F2FS filesystem in 1th superblock",
             "exFAT-fs (sdq1): Volume was not properly unmounted. Some data may be corrupt. Please "
             "run fsck.",
             "FAT-fs (sdq1): Volume was not properly unmounted. Some data may be corrupt. Please "
             "run fsck.",
             "XFS (sdq1): User initiated shutdown received. Shutting down filesystem",
             "XFS (sdq1): Invalid superblock magic number",
             "XFS (sdq1): Mounting V5 Filesystem",
             "EXT4-fs (sdq1): mounted filesystem with ordered data mode. Opts: (null)",
             "BTRFS error (device sdq1): failed to read chunk tree: -2",
             "BTRFS: device fsid f9533338-485b-478c-8d75-359c845ce766 devid 1 transid 888 "
             "/dev/sdb2",
             "btrfs: disk space caching is enabled",
             "BTRFS: open_ctree failed",
             "md/raid1:md0: active with 4 out of 24 mirrors",
             "md/raid:md4: raid level 6 active with 6 out of 6 devices, algorithm 2",
             "EXT4-fs (sdq1): error count since last fsck: 0",
             "bcachefs (sdq): going read-only",
             "device-mapper: thin: 253:2: growing the data device from 1 to 2 blocks",
         }) {
        INFO(std::string(message));
        CHECK_FALSE(parse_kernel_message(message));
    }
}

TEST_CASE("names that are no drives") {
    for (const char* name : {"sr0", "fd0", "mtdblock1", "loop7", "loop7p1", "nbd0", "zram0", "ram3",
                             "mmcblk0boot1", "mmcblk0rpmb", "/dev/sr0", "st0"}) {
        CAPTURE(std::string(name));
        CHECK(is_no_drive(name));
    }
    for (const char* name :
         {"sda", "sdr1", "mmcblk0", "mmcblk0p1", "nvme0n1", "vda", "dm-0", "md0", "srx", ""}) {
        CAPTURE(std::string(name));
        CHECK_FALSE(is_no_drive(name));
    }
}

TEST_CASE("harmless messages that resemble errors are not events") {
    for (const char* message : {
             "nvme nvme3: Shutdown timeout set to 8 seconds",
             "nvme nvme3: missing or invalid SUBNQN field.",
             "EXT4-fs (sdq1): initial error at time 1600000000: ext4_find_entry:1455",
             "EXT4-fs (sdq1): warning: mounting fs with errors, running e2fsck is recommended",
             "EXT4-fs warning (device sdq1): ext4_dx_add_entry:2461: Directory (ino: 2) index "
             "full, reach max htree level :2",
             "BTRFS error (device sdq1): open_ctree failed",
             "BTRFS error (device sdq1): unrecognized mount option 'io error'",
             "md/raid1:md4: Operation continuing on 1 devices.",
             "md/raid1:md4: active with 2 out of 2 mirrors",
             "md/raid1:md4: redirecting sector 8 to another mirror: sdr2",
             "ata9: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
             "ata9: SATA link down (SStatus 0 SControl 300)",
             "ata9.00: configured for UDMA/133",
             "ata9.00: status: { DRDY }",
             "ata9: SATA max UDMA/133 abar m2048@0xf7f36000 port 0xf7f36100 irq 27",
             "usb 2-1: new SuperSpeed USB device number 3 using xhci_hcd",
             "RAS: Correctable Errors collector initialized.",
             "ACPI Error: AE_NOT_FOUND, During name lookup/catalog",
             "my error, dev sdq, sector 1",
             "nonblocking retry error, dev sdq, sector 1 op 0x0:(READ)",
             "lost page write due to I/O error on sdq1",  // follows a "Buffer I/O error"
             "ext4_abort called.",                        // stands beside an "EXT4-fs error"
             "raid6: sse2x4 gen() 12000 MB/s",
             "floppy: error 10 while reading block 0",
             "XFS (sdq1): Ending clean mount",
             "bcache: bch_count_backing_io_errors() md7: Read-ahead I/O failed on backing device, "
             "ignore",
             "I/O",
             "ata",
             "",
         }) {
        INFO(std::string(message));
        CHECK_FALSE(parse_kernel_message(message));
    }
}

TEST_CASE("suppressed messages belong to the layer of the rate-limited function") {
    const auto block = parse_kernel_message("blk_update_request: 4763 callbacks suppressed");
    REQUIRE(block);
    CHECK(block->kind == Kind::suppressed);
    CHECK(block->count == 4763);
    CHECK(block->layer == Layer::block);
    const auto audit = parse_kernel_message("kauditd_printk_skb: 24 callbacks suppressed");
    REQUIRE(audit);
    CHECK(audit->layer == Layer::other);
    CHECK_FALSE(parse_kernel_message("callbacks suppressed"));
}

TEST_CASE("whole_device: the device that a partition lies on") {
    for (const auto& [name, whole] :
         std::vector<std::pair<std::string_view, std::string_view>>{{"sdb1", "sdb"},
                                                                    {"sdab12", "sdab"},
                                                                    {"sdb", "sdb"},
                                                                    {"nvme0n1p2", "nvme0n1"},
                                                                    {"nvme0n1", "nvme0n1"},
                                                                    {"mmcblk0p1", "mmcblk0"},
                                                                    {"mmcblk0", "mmcblk0"},
                                                                    {"md0p1", "md0"},
                                                                    {"md127", "md127"},
                                                                    {"dm-3", "dm-3"},
                                                                    {"loop7p1", "loop7"},
                                                                    {"loop7", "loop7"},
                                                                    {"vda1", "vda"},
                                                                    {"xvda1", "xvda"},
                                                                    {"/dev/sdb2", "sdb"},
                                                                    {"nvme0", "nvme0"},
                                                                    {"8:16", "8:16"},
                                                                    {"ata3.00", "ata3.00"},
                                                                    {"", ""},
                                                                    {"1", "1"}}) {
        CHECK(whole_device(name) == whole);
    }
}
