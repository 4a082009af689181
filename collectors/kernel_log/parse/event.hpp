// What the kernel says about storage: one message, sorted. Forms are taken from the kernel's
// sources, 2.6.17 to 6.12 (block/blk-core.c, blk-mq.c, fs/buffer.c, drivers/ata/libata-eh.c,
// drivers/scsi/*, drivers/nvme/host/core.c and pci.c, drivers/md/*, fs/ext4, fs/jbd2, fs/xfs,
// fs/btrfs, …) and from logs in the wild.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lastgood {

// Who speaks. One failed request is reported by several layers; within one layer it is counted
// once.
enum class KernelLayer {
    block,   // the request that failed, as its submitter sees it: "I/O error, dev sdb, sector …"
    buffer,  // the page cache and swap: data that was not written, or could not be read
    ata,     // libata: the drive's own answer and the link
    scsi,    // the SCSI layer: result and sense data
    nvme,    // the NVMe driver
    usb,     // USB storage and UAS
    mmc,     // SD cards and eMMC
    md,      // software RAID
    dm,      // device mapper: multipath, crypt, integrity
    bcache,  // block cache
    filesystem,  // ext4, XFS, btrfs, …
    journal,     // jbd, jbd2
    other,       // not storage, or not known
};
std::string_view to_string(KernelLayer layer);

// What happened. The names of errors are the values of the label `kind`.
enum class KernelEventKind {
    // Errors of a drive (or of what stands for one):
    io,         // a request failed; this layer does not say why
    medium,     // a place on the medium cannot be read or written (sense Medium Error, ATA
                // UNC/IDNF/AMNF, NVMe 2/81)
    hardware,   // the drive reports a fault of its own (sense Hardware Error, NVMe internal error)
    timeout,    // no answer in time; the command was aborted
    transport,  // lost or garbled on the way: cable, link, backplane, HBA, USB bridge (ICRC, ATA
                // bus error, DID_TRANSPORT…)
    reset,      // the kernel reset the link, device or controller: one for each attempt
    slowed,     // the link was slowed down or command queueing switched off because of errors
    device_gone,  // the device went offline, was disabled, or does not exist any more
    protection,   // end-to-end protection: guard or reference tag is wrong (T10 DIF, NVMe PI,
                  // dm-integrity)
    target,       // the drive refused the command
    unsupported,  // the drive does not know the command (usually discard or write-same): harmless
    nexus,        // a SCSI reservation stands in the way
    no_space,     // thin-provisioned storage has no space left
    resource,     // a zone or device resource ran out
    corrected,    // md or btrfs read it from elsewhere and wrote it anew: the drive failed a read
    uncorrected,  // md or btrfs could not
    checksum,     // the data read is not what was written
    kicked,       // md failed the drive out of its array
    non_fresh,    // md left the drive out when it assembled the array: its data is older than the
                  // others'
    beyond_end,   // an access behind the end of the device: its size is not what it was
    // Errors of an array:
    array_failed,    // too many members are gone
    array_mismatch,  // a check found copies that differ
    // Errors of a filesystem:
    inconsistent,     // the filesystem found its metadata damaged
    journal_aborted,  // the journal was given up
    read_only,        // it was made read-only because of errors
    shutdown,         // it stopped because of errors
    // No errors:
    ata_exception,   // libata stopped a port for error handling; the commands that failed follow
    ata_recovered,   // libata is done with it
    btrfs_counters,  // the error counters that btrfs keeps of a device: cumulative, also printed at
                     // mount
    appeared,  // a device is there under this name; it may be another one than had the name before
    attached,  // the device is ready for use
    removed,   // a device is gone
    suppressed,  // `count` messages were left out
    sync_done,   // a resync, recovery, check or reshape came to its end
    sync_interrupted,
    port_map,  // says which SCSI host (`address`) a driver (`text`) or a USB port (`device`) has
};
std::string_view to_string(KernelEventKind kind);
bool is_error(KernelEventKind kind);

// Which part of the report of a failed command a message is. libata and the SCSI layer spread it
// over several lines; KernelLogReader puts them together.
enum class KernelEventPart {
    whole,         // says all
    command,       // begins the report of a failed command
    command_line,  // belongs to it, or begins it where the kernel has no line for that (libata
                   // before 2.6.33)
    detail,        // adds to it
    end,           // ends it (and may be an event of its own, as a reset is)
};

struct BtrfsCounters {
    uint64_t write = 0, read = 0, flush = 0, corruption = 0, generation = 0;
    bool history = false;  // printed when the filesystem was mounted: nothing happened now
    bool operator==(const BtrfsCounters&) const = default;
};

// The views point into the message.
struct KernelEvent {
    KernelLayer layer = KernelLayer::other;
    KernelEventKind kind = KernelEventKind::io;
    KernelEventPart part = KernelEventPart::whole;
    // As the kernel names it: "sdb", "sdb1", "ata3.00", "ata3", "nvme0", "nvme0n1", "dm-3", "md0",
    // "8:16", "usb 2-1", "mapper/name", "host6"; empty when the message does not say.
    std::string_view device;
    std::string_view address;  // SCSI address "2:0:0:0" where the message has one beside the name
    std::string_view array;    // "md0", where an array speaks
    std::string_view filesystem;  // device of the filesystem that speaks
    std::string_view operation;   // "READ", "WRITE FPDMA QUEUED", "Read(10)"
    std::optional<uint64_t> sector;
    uint64_t count = 1;
    std::string_view text;  // the reason in the kernel's words; of `suppressed`, the function
    BtrfsCounters btrfs;
};

// Nothing: the message is none of these. Pure, allocates nothing; a few nanoseconds for what is
// irrelevant.
std::optional<KernelEvent> parse_kernel_message(std::string_view message);

// "sdb1" → "sdb", "nvme0n1p2" → "nvme0n1", "mmcblk0p1" → "mmcblk0", "md0p1" → "md0", "/dev/sdb" →
// "sdb"; other names stay.
std::string_view whole_device(std::string_view name);

}  // namespace lastgood
