#include "tests/collectors/kernel_log/parse/event_forms.hpp"

using namespace lastgood;
using Kind = KernelEventKind;
using Layer = KernelLayer;
using test::check;
using test::check_harmless;

TEST_CASE("ext4 and btrfs that cannot be used, or not fully") {
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
        {"EXT4-fs (sdq6): filesystem has both journal and inode journals!", Layer::filesystem,
         Kind::inconsistent, "sdq6"},
        {"EXT3-fs (sdq6): error: filesystem has both journal and inode journals", Layer::filesystem,
         Kind::inconsistent, "sdq6"},
        {"EXT4-fs (dm-0): warning: mounting fs with errors, running e2fsck is recommended",
         Layer::filesystem, Kind::recorded_errors, "dm-0"},
        {"EXT4-fs (sdq6): error count since last fsck: 8", Layer::filesystem, Kind::recorded_errors,
         "sdq6"},
        {"BTRFS error (device sdq1: state EA): bdev /dev/sdr1 errs: wr 1, rd 0, flush 0, corrupt "
         "0, gen 0",
         Layer::filesystem, Kind::btrfs_counters, "sdr1"},
        {"BTRFS info (device sdq1: state EA): forced readonly", Layer::filesystem, Kind::read_only,
         "sdq1"},
        {"BTRFS warning (device sdq1: state A): Skipping commit of aborted transaction.",
         Layer::filesystem, Kind::shutdown, "sdq1"},
        {"BTRFS error (device sdq1 state E): open_ctree failed", Layer::filesystem, Kind::shutdown,
         "sdq1"},
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
    });
}

TEST_CASE("XFS and other filesystems that cannot be used, or not fully") {
    check({
        {"XFS (dm-3): xfs_log_force: error -5 returned.", Layer::filesystem, Kind::shutdown,
         "dm-3"},
        {"XFS (sdq1): Filesystem has been shut down due to log error (0x2).", Layer::filesystem,
         Kind::shutdown, "sdq1"},
        {"sdq1: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem,
         Kind::io, "sdq1"},
        {"dm-3: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem,
         Kind::io, "dm-3"},
        {"nvme3n1p2: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem,
         Kind::io, "nvme3n1p2"},
        {"nvme3n1p2: rw=0, sector=1, nr_sectors = 8 limit=4", Layer::block, Kind::beyond_end,
         "nvme3n1p2"},
        {"mmcblk0p2: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem,
         Kind::io, "mmcblk0p2"},
        {"md4: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem, Kind::io,
         "md4"},
        {"bcache0: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem,
         Kind::io, "bcache0"},
        {"rbd0: writeback error on inode 133, offset 4096, sector 2064", Layer::filesystem,
         Kind::io, "rbd0"},
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
        {"XFS (sdq1): Mounting V5 Filesystem", Layer::filesystem, Kind::mounted, "sdq1"},
        {"XFS (sdq1): Mounting V5 Filesystem 01234567-89ab-cdef-0123-456789abcdef",
         Layer::filesystem, Kind::mounted, "sdq1"},
        {"EXT4-fs (sdq1): mounted filesystem with ordered data mode. Opts: (null)",
         Layer::filesystem, Kind::mounted, "sdq1"},
        {"EXT4-fs (sdq1): mounted filesystem 01234567-89ab-cdef-0123-456789abcdef r/w with ordered "
         "data mode.",
         Layer::filesystem, Kind::mounted, "sdq1"},
        {"BTRFS info (device sdq1): first mount of filesystem 01234567-89ab-cdef-0123-456789abcdef",
         Layer::filesystem, Kind::mounted, "sdq1"},
    });
}

TEST_CASE("pools and arrays that cannot be used, or not fully") {
    check({
        {"device-mapper: thin: Data device (dm-3) was full; no free data space available",
         Layer::dm, Kind::pool_full, "dm-3"},
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
}

TEST_CASE("harmless messages of filesystems and arrays") {
    check_harmless({
        "SQUASHFS error: Can't find a SQUASHFS superblock on sdq1",
        "F2FS-fs (sdq1): Magic Mismatch, valid(0xf2f52010) - read(0x0)",
        "F2FS-fs (sdq1): Can't find valid F2FS filesystem in 1th superblock",
        "exFAT-fs (sdq1): Volume was not properly unmounted. Some data may be corrupt. Please "
        "run fsck.",
        "FAT-fs (sdq1): Volume was not properly unmounted. Some data may be corrupt. Please "
        "run fsck.",
        "XFS (sdq1): User initiated shutdown received. Shutting down filesystem",
        "XFS (sdq1): Invalid superblock magic number",
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
    });
}
