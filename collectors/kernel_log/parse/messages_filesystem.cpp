// fs/ext2, ext3, ext4 (super.c, page-io.c), fs/jbd, jbd2, fs/xfs (xfs_fsops.c, xfs_buf.c,
// xfs_error.c), fs/fat, fs/f2fs, fs/reiserfs, fs/jfs; OpenZFS (module/zfs/spa_misc.c).
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

namespace {

KernelEvent filesystem_event(std::string_view fstype, std::string_view device, KernelEventKind kind,
                             std::string_view text) {
    KernelEvent event;
    event.layer = KernelLayer::filesystem;
    event.kind = kind;
    event.filesystem = device;
    event.fstype = fstype;
    event.text = text;
    return event;
}

// "sda1-8" → "sda1": jbd2 names a journal after its device and inode; older kernels print "sda1:8".
std::string_view journal_device(std::string_view name) {
    name = trim_end(name, ".");
    const size_t mark = name.find_last_of("-:");
    if (mark == std::string_view::npos || mark + 1 == name.size()) return name;
    if (!consists_of(name.substr(mark + 1), decimal_digits)) return name;
    const std::string_view device = name.substr(0, mark);
    return device == "dm" ? name : device;
}

}  // namespace

Event ext(std::string_view message) {
    TextScanner scan(message);
    const std::string_view fstype = scan.skip("EXT4-fs ")   ? "ext4"
                                    : scan.skip("EXT3-fs ") ? "ext3"
                                    : scan.skip("EXT2-fs ") ? "ext2"
                                                            : "";
    if (fstype.empty()) return std::nullopt;
    const bool error = scan.skip("error (device ") || scan.skip("(device ");
    if (error) {
        const std::string_view device = scan.word(")");
        if (!scan.skip(")")) return std::nullopt;
        scan.skip(":");
        scan.skip_spaces();
        return filesystem_event(fstype, device, KernelEventKind::inconsistent, scan.rest());
    }
    if (scan.skip("warning (device ")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        const std::string_view text = scan.rest();
        // "ext4_end_bio:309: I/O error 10 writing to inode 2755361 (…)"
        if (contains(text, "I/O error") && contains(text, " writing to inode ")) {
            return filesystem_event(fstype, device, KernelEventKind::io, text);
        }
        return std::nullopt;
    }
    if (scan.skip("(")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        const std::string_view text = scan.rest();
        if (text.starts_with("Remounting filesystem read-only")) {
            return filesystem_event(fstype, device, KernelEventKind::read_only, text);
        }
        if (text.starts_with("I/O error while writing superblock") ||
            text.starts_with("previous I/O error to superblock detected") ||
            text.starts_with("Delayed block allocation failed for inode") ||
            text.starts_with("failed to convert unwritten extents")) {
            return filesystem_event(fstype, device, KernelEventKind::io, text);
        }
        // ext4_load_journal() of fs/ext4/super.c, after the messages of jbd2 about a failed
        // recovery
        if (text.starts_with("error loading journal")) {
            return filesystem_event(fstype, device, KernelEventKind::inconsistent, text);
        }
        // "error count since last fsck", "initial error at" and "last error at" are history.
        return std::nullopt;
    }
    return std::nullopt;
}

Event journal(std::string_view message) {
    KernelEvent event;
    event.layer = KernelLayer::journal;
    event.text = message;
    TextScanner scan(message);
    if (scan.skip("Aborting journal on device ")) {
        event.kind = KernelEventKind::journal_aborted;
        event.filesystem = journal_device(scan.word(" "));
        return event;
    }
    // log_wait_commit() of fs/jbd/journal.c and of older fs/jbd2/journal.c
    if (message == "journal commit I/O error") {
        event.kind = KernelEventKind::journal_aborted;
        return event;
    }
    if (!scan.skip("JBD2: ") && !scan.skip("JBD: ")) return std::nullopt;
    event.text = scan.rest();
    // "IO error -5 recovering block 1234 in log", fs/jbd2/recovery.c
    if (event.text.starts_with("IO error ") && contains(event.text, " recovering block ")) {
        event.kind = KernelEventKind::io;
        return event;
    }
    // "Detected IO errors while flushing file data on sda1-8"
    if (scan.skip("Detected IO errors ")) {
        if (!scan.until(" on ")) return std::nullopt;
        event.kind = KernelEventKind::io;
        event.filesystem = journal_device(scan.word(" "));
        return event;
    }
    if (event.text.starts_with("I/O error") || event.text.starts_with("Error -")) {
        if (!scan.until(" for ")) return std::nullopt;
        event.kind = KernelEventKind::io;
        event.filesystem = journal_device(scan.word(" "));
        return event;
    }
    return std::nullopt;
}

Event xfs(std::string_view message) {
    TextScanner scan(message);
    scan.skip("XFS (");
    const std::string_view device = scan.word(")");
    if (!scan.skip("): ")) return std::nullopt;
    const std::string_view text = scan.rest();
    if (contains(text, "Shutting down filesystem") || contains(text, "hutting down filesystem.")) {
        return filesystem_event("xfs", device, KernelEventKind::shutdown, text);
    }
    if (text.starts_with("metadata I/O error") || text.starts_with("log I/O error") ||
        text.starts_with("log recovery ") || text.starts_with("writeback error on ") ||
        text.starts_with("metadata write error") || text.starts_with("page discard on page")) {
        if (text.starts_with("log recovery ") && !contains(text, "I/O error")) return std::nullopt;
        return filesystem_event("xfs", device, KernelEventKind::io, text);
    }
    if (text.starts_with("Metadata CRC error detected")) {
        return filesystem_event("xfs", device, KernelEventKind::checksum, text);
    }
    if (text.starts_with("Metadata corruption detected") || text.starts_with("Internal error ") ||
        text.starts_with("Corruption warning: ")) {
        return filesystem_event("xfs", device, KernelEventKind::inconsistent, text);
    }
    // "Corruption detected. Unmount and run xfs_repair" follows each of them: not counted again.
    return std::nullopt;
}

Event other_filesystem(std::string_view message) {
    TextScanner scan(message);
    if (scan.skip("FAT-fs (")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        if (scan.rest().starts_with("error, ")) {
            return filesystem_event("vfat", device, KernelEventKind::inconsistent, scan.rest());
        }
        if (scan.rest().starts_with("Filesystem has been set read-only")) {
            return filesystem_event("vfat", device, KernelEventKind::read_only, scan.rest());
        }
        return std::nullopt;
    }
    if (scan.skip("F2FS-fs (")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        if (scan.rest().starts_with("Stopped filesystem due to reason")) {
            return filesystem_event("f2fs", device, KernelEventKind::shutdown, scan.rest());
        }
        if (scan.rest().starts_with("inconsistent ")) {
            return filesystem_event("f2fs", device, KernelEventKind::inconsistent, scan.rest());
        }
        return std::nullopt;
    }
    const bool jfs = scan.skip("ERROR: (device ");
    if (jfs || scan.skip("REISERFS error (device ") || scan.skip("REISERFS panic (device ")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        return filesystem_event(jfs ? "jfs" : "reiserfs", device, KernelEventKind::inconsistent,
                                scan.rest());
    }
    if (scan.skip("REISERFS abort (device ")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        return filesystem_event("reiserfs", device, KernelEventKind::journal_aborted, scan.rest());
    }
    // "WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been suspended."
    if (scan.skip("WARNING: Pool '")) {
        KernelEvent event;
        event.layer = KernelLayer::filesystem;
        event.kind = KernelEventKind::array_failed;
        event.array = scan.word("'");
        event.text = message;
        if (!contains(message, "uncorrectable I/O failure")) return std::nullopt;
        return event;
    }
    return std::nullopt;
}

}  // namespace lastgood::kernel_messages
