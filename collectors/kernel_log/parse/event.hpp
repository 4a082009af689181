// Classifies kernel messages about storage. The forms come from the kernel's sources, 2.6.17 to
// 6.12 (each messages_*.cpp names its files), and from recorded logs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lastgood {

// The part of the kernel that printed the message; the value of the label `layer`. Several layers
// report the same failed request; each layer counts it once.
enum class KernelLayer {
    block,       // a failed request: "I/O error, dev sdb, sector …"
    buffer,      // page cache and swap: data that was not written or could not be read
    ata,         // libata: the drive's status and the link
    scsi,        // result and sense data of a command
    nvme,        // the NVMe driver
    usb,         // usb-storage and UAS
    mmc,         // SD cards and eMMC
    md,          // software RAID
    dm,          // device mapper: multipath, crypt, integrity, thin
    bcache,      // block cache
    zfs,         // OpenZFS
    controller,  // an HBA, a RAID controller, a host controller of USB or PCIe
    filesystem,  // ext4, XFS, btrfs, …
    journal,     // jbd, jbd2
    other,       // not storage, or unknown
};
std::string_view to_string(KernelLayer layer);

// What the message reports. The errors among them are the values of the label `kind`.
enum class KernelEventKind {
    // Errors of a drive (or of a device above one):
    io,           // a request failed; this layer gives no reason
    medium,       // sectors cannot be read or written (sense Medium Error, ATA UNC, IDNF or AMNF,
                  // NVMe status 2/81)
    hardware,     // the drive reports an internal fault (sense Hardware Error, NVMe Internal Error)
                  // or predicts its failure (ASC 5Dh)
    timeout,      // the command got no answer in time and was aborted
    transport,    // lost or corrupted between host and drive: cable, link, backplane, HBA, USB
                  // bridge (ICRC, ATA bus error, DID_TRANSPORT_…)
    reset,        // the kernel reset the link, device or controller; one event for each attempt
    slowed,       // the kernel lowered the link speed or disabled NCQ because of errors
    device_gone,  // the device is offline or does not answer
    lost,         // the kernel gave the device up: it is gone until the next reset or replug
    protection,   // end-to-end protection: a guard or reference tag is wrong (T10 PI, NVMe PI)
    target,       // the drive refused the command
    unsupported,  // the drive does not implement the command (mostly discard, write same): harmless
    nexus,        // a SCSI reservation forbids the command
    no_space,     // thin-provisioned storage is full
    resource,     // the device ran out of zones or other resources
    corrected,    // md or btrfs repaired a failed read from another copy
    uncorrected,  // md or btrfs found no good copy
    checksum,     // the data read differs from the data written
    kicked,       // md failed the drive out of its array
    non_fresh,    // md left the drive out of the array at assembly: its data is outdated
    beyond_end,   // access beyond the end of the device: the device has shrunk
    // Errors of an array:
    array_failed,    // more members are lost than the array survives
    array_mismatch,  // a check found copies that differ
    array_degraded,  // members are missing, and no redundancy is left; state of that moment
    array_reduced,   // members are missing, but redundancy is left; state of that moment
    pool_full,       // a thin pool has no space: writes to its volumes wait or fail
    // Errors of a filesystem:
    inconsistent,     // damaged metadata
    journal_aborted,  // the journal was aborted
    read_only,        // remounted read-only because of errors
    shutdown,         // shut down because of errors
    missing_member,   // mounted, or not, with a device of it missing
    // No errors:
    recorded_errors,   // the filesystem's own record of `count` errors, printed at mount and daily
    harmless,          // a failed command that says nothing about the drive (no medium)
    mounted,           // `filesystem` was mounted; `text` is its UUID, empty in older kernels
    named,             // teaches that `address` is `device`
    ata_exception,     // libata began error handling on a port; the failed commands follow
    ata_recovered,     // libata ended error handling on the port
    btrfs_counters,    // btrfs's error counters of a device: cumulative, also printed at mount
    appeared,          // a device has this name now; an earlier one may have had it before
    attached,          // the device is ready for use
    removed,           // the device is gone
    suppressed,        // the kernel suppressed `count` messages
    sync_done,         // a resync, recovery, check or reshape has finished
    sync_interrupted,  // it was interrupted
    port_map,          // `address` is the SCSI host of USB port `device`; `text` is the driver
};
std::string_view to_string(KernelEventKind kind);

// What an event of this kind is good for.
enum class KernelEventRole {
    error,        // counts against a drive, an array or a filesystem
    counters,     // has btrfs's counters, whose growth counts
    names,        // says which device has a name
    suppression,  // says that messages are missing
    state,        // the state at that moment, which a live host shows elsewhere
    context,      // belongs to other messages; means nothing by itself
};
KernelEventRole role_of(KernelEventKind kind);

// libata and the SCSI layer report a failed command in several messages, which KernelLogReader
// joins: the position of a message in that report.
enum class KernelEventPart {
    whole,         // a complete report
    command,       // first message of a report
    command_line,  // a later message, or the first where the kernel prints no `command` message
                   // (libata before 2.6.33)
    detail,        // a later message
    end,           // ends the report; may be an event of its own (a reset)
};

// Errors since the last `btrfs device stats -z`, over all mounts.
struct BtrfsCounters {
    uint64_t write = 0, read = 0, flush = 0, corruption = 0, generation = 0;
    bool history = false;  // printed at mount: no new error
    bool stopped = false;  // the filesystem has stopped because of errors
    bool operator==(const BtrfsCounters&) const = default;
};

// The string_views point into the parsed message.
struct KernelEvent {
    KernelLayer layer = KernelLayer::other;
    KernelEventKind kind = KernelEventKind::io;
    KernelEventPart part = KernelEventPart::whole;
    // The kernel's name: "sdb", "sdb1", "ata3.00", "ata3", "nvme0", "nvme0n1", "dm-3", "md0",
    // "8:16", "2:0:0:0", "usb 2-1", "mapper/name", "host6"; empty if the message names no device.
    std::string_view device;
    std::string_view address;        // SCSI address "2:0:0:0" or "host6"; empty if not printed
    std::string_view array;          // the array that reports: "md0", a ZFS pool's name
    std::string_view filesystem;     // device of the filesystem that reports; empty for some
                                     // messages of a journal
    std::string_view fstype;         // its type, "ext4"; empty if the message does not tell
    std::string_view operation;      // "READ", "WRITE FPDMA QUEUED", "Read(10)"
    std::optional<uint64_t> sector;  // in the layer's own unit: sectors of 512 bytes, NVMe logical
                                     // blocks, or blocks of the page cache
    uint64_t count = 1;              // of `suppressed`: messages that were left out; of
                                     // `recorded_errors`: errors
    std::string_view text;  // the reason in the kernel's words; of `suppressed`: the function
    BtrfsCounters btrfs;    // of `btrfs_counters`
};

// Classifies one message, without any log prefix; nullopt if it reports none of the above. Pure,
// allocates nothing; a few nanoseconds for messages that are not about storage.
std::optional<KernelEvent> parse_kernel_message(std::string_view message);

// Whether errors under this name say nothing about a drive: CD, floppy and tape drives, network and
// memory devices, files (loop), raw flash, an eMMC's boot and RPMB areas.
bool is_no_drive(std::string_view name);

}  // namespace lastgood
