// fs/ext2, ext3, ext4 (super.c, page-io.c), fs/jbd, jbd2, fs/xfs (xfs_fsops.c, xfs_buf.c,
// xfs_error.c, xfs_log.c, xfs_mount.c).
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

// ext4_fill_super(), ext4_check_descriptors(), ext4_load_journal() of fs/ext4/super.c: the
// filesystem cannot be mounted. Texts of a probe for another type ("Can't find ext4 filesystem",
// "couldn't mount as ext3 due to feature incompatibilities") are not among them.
constexpr std::string_view ext_damages[] = {
    "group descriptors corrupted",
    "bad geometry",
    "ext4_check_descriptors: ",
    "ext3_check_descriptors: ",
    "error loading journal",
    "can't read group descriptor",
    "get root inode failed",
    "get root dentry failed",
    "corrupt root inode",
    "no journal found",
    "invalid journal inode",
    "journal inode is deleted",
    "failed to initialize system zone",
    "unsupported inode size",
    "last orphan block is corrupt",
    "unable to read superblock",
    "can't read superblock on 2nd try",
    "error reading metadata",
    "Failed to load xattr",
    "This should not happen!! Data will be lost",
    "filesystem has both journal",
    "Could not load journal inode",
    "couldn't read superblock of external journal",
    "external journal has bad superblock",
    "external journal has corrupt superblock",
    "I/O error on journal device",
};

}  // namespace

std::string_view uuid_at(std::string_view text) {
    constexpr size_t length = 36;
    if (text.size() < length || text[8] != '-' || text[23] != '-') return {};
    const std::string_view uuid = text.substr(0, length);
    return consists_of(uuid, "0123456789abcdefABCDEF-") ? uuid : std::string_view();
}

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
        // "__ext4_read_dirblock:902: error reading directory block (ino 1, block 0)",
        // "ext4_clear_journal_err:5000: Filesystem error recorded from previous mount: IO failure"
        for (std::string_view words : {"error reading", "rror recorded from previous mount",
                                       "hecksum invalid", "No space for directory leaf checksum",
                                       "bad header", "corrupt", "orrupt directory"}) {
            if (contains(text, words))
                return filesystem_event(fstype, device, KernelEventKind::io, text);
        }
        return std::nullopt;
    }
    if (scan.skip("(")) {
        const std::string_view device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
        scan.skip("error: ");  // ext3
        const std::string_view text = scan.rest();
        // since 6.3: "mounted filesystem 01234567-… r/w with ordered data mode."; before, without
        // a UUID: "mounted filesystem with ordered data mode. Opts: (null)"
        if (scan.skip("mounted filesystem "))
            return filesystem_event(fstype, device, KernelEventKind::mounted, uuid_at(scan.rest()));
        if (text.starts_with("Remounting filesystem read-only")) {
            return filesystem_event(fstype, device, KernelEventKind::read_only, text);
        }
        if (text.starts_with("I/O error while writing superblock") ||
            text.starts_with("previous I/O error to superblock detected") ||
            text.starts_with("Delayed block allocation failed for inode") ||
            text.starts_with("failed to convert unwritten extents")) {
            return filesystem_event(fstype, device, KernelEventKind::io, text);
        }
        for (std::string_view words : ext_damages)
            if (text.starts_with(words))
                return filesystem_event(fstype, device, KernelEventKind::inconsistent, text);
        // Flagged as damaged when an error was met earlier.
        if (text.starts_with("warning: mounting fs with errors"))
            return filesystem_event(fstype, device, KernelEventKind::recorded_errors, text);
        // ext4's own record in its superblock; "initial error at" and "last error at" follow it
        if (scan.skip("error count") && scan.until(": ")) {
            KernelEvent event =
                filesystem_event(fstype, device, KernelEventKind::recorded_errors, text);
            event.count = scan.number().value_or(0);
            return event.count > 0 ? Event(event) : std::nullopt;
        }
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
    // and its other failures: what the journal held is lost
    for (std::string_view words :
         {"recovering block", "recovery failed", "nvalid checksum", "ournal checksum error",
          "IO error reading journal superblock", "corrupted journal superblock"}) {
        if (!contains(event.text, words)) continue;
        event.kind = KernelEventKind::inconsistent;
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

namespace {

struct Damage {
    std::string_view words;  // anywhere in the text
    KernelEventKind kind;
};

// The first match wins.
constexpr Damage xfs_damages[] = {
    {"ser initiated shutdown", KernelEventKind::harmless},
    {"hutting down filesystem", KernelEventKind::shutdown},
    {"lease unmount the filesystem and rectify", KernelEventKind::shutdown},
    {"lease umount the filesystem", KernelEventKind::shutdown},
    {"ilesystem has been shut down", KernelEventKind::shutdown},
    {"xfs_log_force: error", KernelEventKind::shutdown},
    {"xfs_do_force_shutdown(", KernelEventKind::shutdown},
    {"log mount failed", KernelEventKind::inconsistent},
    {"log mount/recovery failed", KernelEventKind::inconsistent},
    {"log mount finish failed", KernelEventKind::inconsistent},
    {"empty log check failed", KernelEventKind::inconsistent},
    {"failed to locate log tail", KernelEventKind::inconsistent},
    {"failed to find log head", KernelEventKind::inconsistent},
    {"ailed to recover ", KernelEventKind::inconsistent},
    {"ailed to read root inode", KernelEventKind::inconsistent},
    {"ailed to read RT inodes", KernelEventKind::inconsistent},
    {"ailed to initialize AG", KernelEventKind::inconsistent},
    {"SB validate failed", KernelEventKind::inconsistent},
    {"SB read failed", KernelEventKind::io},
    {"Metadata CRC error detected", KernelEventKind::checksum},
    {"orruption detected", KernelEventKind::inconsistent},
    {"Corruption of in-memory data", KernelEventKind::inconsistent},
    {"nternal error ", KernelEventKind::inconsistent},
    {"Corruption warning: ", KernelEventKind::inconsistent},
    {"corrupt inode", KernelEventKind::inconsistent},
    {"corrupt dinode", KernelEventKind::inconsistent},
    {"orrupted root inode", KernelEventKind::inconsistent},
    {"etadata I/O error", KernelEventKind::io},
    {"log I/O error", KernelEventKind::io},
    {"log recovery write I/O error", KernelEventKind::io},
    {"log recovery read I/O error", KernelEventKind::io},
    {"writeback error on ", KernelEventKind::io},
    {"etadata write error", KernelEventKind::io},
    {"page discard on page", KernelEventKind::io},
    {"Failing async write on buffer", KernelEventKind::io},
    {" returned error", KernelEventKind::io},
};

}  // namespace

// "XFS (sda1): …"; until 2.6.38 'Filesystem "sda1": XFS internal error …', "XFS: Internal error …",
// 'I/O error in filesystem ("sda1") meta-data dev sda1 …', "xfs_force_shutdown(sda1,0x8) called …"
Event xfs(std::string_view message) {
    TextScanner scan(message);
    std::string_view device;
    if (scan.skip("XFS (")) {
        device = scan.word(")");
        if (!scan.skip("): ")) return std::nullopt;
    } else if (scan.skip("Filesystem \"")) {
        device = scan.word("\"");
        if (!scan.skip("\": ")) return std::nullopt;
    } else if (scan.skip("I/O error in filesystem (\"")) {
        device = scan.word("\"");
        return filesystem_event("xfs", device, KernelEventKind::io, message);
    } else if (scan.skip("xfs_force_shutdown(")) {
        device = scan.word(",");
        return filesystem_event("xfs", device, KernelEventKind::shutdown, message);
    } else if (!scan.skip("XFS: ") && !scan.skip("XFS ")) {
        return std::nullopt;
    }
    const std::string_view text = scan.rest();
    // "Mounting V5 Filesystem 01234567-…", "Mounting V5 filesystem in no-recovery mode"
    if (text.starts_with("Mounting V")) {
        const std::string_view uuid = uuid_at(text.substr(text.rfind(' ') + 1));
        return filesystem_event("xfs", device, KernelEventKind::mounted, uuid);
    }
    for (const Damage& damage : xfs_damages) {
        if (!contains(text, damage.words)) continue;
        if (damage.kind == KernelEventKind::harmless) return std::nullopt;
        return filesystem_event("xfs", device, damage.kind, text);
    }
    return std::nullopt;
}

}  // namespace lastgood::kernel_messages
