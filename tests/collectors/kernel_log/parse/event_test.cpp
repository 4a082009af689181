#include "collectors/kernel_log/parse/event.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "collectors/kernel_log/parse/text.hpp"
#include "tests/collectors/kernel_log/parse/event_forms.hpp"

using namespace lastgood;
using Kind = KernelEventKind;
using Layer = KernelLayer;
using test::check;

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
        {"md/raid:md4: read error NOT corrected!! (sector 9 on sdq2).", Layer::md, Kind::medium,
         "sdq2"},
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
