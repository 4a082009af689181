// The parsers of parse_kernel_message, one for each subsystem. Each takes a whole message, except
// where noted; nullopt: no known form. Pure, no allocation.
#pragma once

#include <optional>
#include <string_view>

#include "collectors/kernel_log/parse/event.hpp"

namespace lastgood::kernel_messages {

using Event = std::optional<KernelEvent>;

// "I/O error, dev …" without the function's name before it, "Buffer I/O error …", swap, IDE, loop
Event block(std::string_view message);
Event named_device(std::string_view message);  // "sda1: rw=0, …", "sda1: writeback error on …"
Event suppressed(std::string_view message);    // "…: 25 callbacks suppressed"
Event ata(std::string_view message);           // "ata3.00: …", "ata3: …"
Event ata_result(std::string_view message);    // "res 41/40:…", the line behind "cmd …"
Event scsi(std::string_view message);          // "sd 2:0:0:0: …", "scsi host6: …"
Event scsi_detail(std::string_view message);   // "Sense Key : …", "Result: …" alone in a line
Event usb(std::string_view message);           // "usb 2-1: …"
Event nvme(std::string_view message);          // "nvme nvme0: …", "nvme0n1: …"
Event mmc(std::string_view message);           // "mmcblk0: …", "mmc0: …"
Event virtio(std::string_view message);        // "virtio_blk virtio1: [vda] …"
Event md(std::string_view message);            // "md: …", "md/raid1:md0: …", "raid5: …"
Event dm(std::string_view message);            // "device-mapper: …"
Event bcache(std::string_view message);        // "bcache: …"
Event ext(std::string_view message);           // "EXT4-fs …"
// The UUID at the start of the text, "01234567-89ab-…"; empty if there is none.
std::string_view uuid_at(std::string_view text);
Event journal(std::string_view message);     // "JBD2: …", "Aborting journal on device …"
Event xfs(std::string_view message);         // "XFS (…): …"
Event old_btrfs(std::string_view message);   // "btrfs: …", "parent transid verify failed on …"
Event btrfs(std::string_view message);       // "BTRFS …"
Event zfs(std::string_view message);         // "zio pool=…", "WARNING: Pool '…"
Event drbd(std::string_view message);        // "block drbd0: …", "drbd r0/0 drbd1: …"
Event stuck_task(std::string_view message);  // "INFO: task … blocked for more than …"
// HBAs and RAID controllers (mpt, megaraid, hpsa, aacraid, 3ware, qla2xxx), iSCSI sessions, PCIe
// ports, xHCI
Event controller(std::string_view message);
// FAT, exFAT, NTFS, F2FS, bcachefs, UBIFS, squashfs, ReiserFS, JFS, OCFS2, GFS2, NILFS
Event other_filesystem(std::string_view message);

}  // namespace lastgood::kernel_messages
