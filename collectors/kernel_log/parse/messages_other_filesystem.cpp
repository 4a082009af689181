// Filesystems that print little: fs/fat, exfat, ntfs, ntfs3, f2fs, ubifs and drivers/mtd/ubi,
// squashfs, reiserfs, jfs, ocfs2, gfs2, nilfs2; bcachefs (fs/bcachefs of 6.7 to 6.16 and its
// module).
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

namespace {

struct Damage {
    std::string_view words;  // anywhere in the text
    KernelEventKind kind;
};

// Texts of a probe for the type ("Can't find a SQUASHFS superblock", "Magic Mismatch") and of an
// unclean unmount say nothing about damage: kind harmless. The first match wins.
constexpr Damage damages[] = {
    {"not properly unmounted", KernelEventKind::harmless},
    {"an't find ", KernelEventKind::harmless},
    {"agic Mismatch", KernelEventKind::harmless},
    {"ot supported", KernelEventKind::harmless},
    {"nrecognized mount option", KernelEventKind::harmless},
    {"emergency read only", KernelEventKind::read_only},
    {"et read-only", KernelEventKind::read_only},
    {"to read-only mode", KernelEventKind::read_only},
    {"now read-only", KernelEventKind::read_only},
    {"Remounting filesystem read-only", KernelEventKind::read_only},
    {"Stopped filesystem due to reason", KernelEventKind::shutdown},
    {"about to withdraw", KernelEventKind::shutdown},
    {"withdrawn", KernelEventKind::shutdown},
    {"shutting down", KernelEventKind::shutdown},
    {"inconsisten", KernelEventKind::inconsistent},
    {"Inconsistent", KernelEventKind::inconsistent},
    {"access invalid blkaddr", KernelEventKind::inconsistent},
    {"ailed to get valid F2FS checkpoint", KernelEventKind::inconsistent},
    {"ailed to initialize F2FS", KernelEventKind::inconsistent},
    {"orrupted", KernelEventKind::inconsistent},
    {"corruption", KernelEventKind::inconsistent},
    {"itmap was wrongly", KernelEventKind::inconsistent},
    {"consistency error", KernelEventKind::inconsistent},
    {"checksum error", KernelEventKind::checksum},
    {"hecksum mismatch", KernelEventKind::checksum},
    {"no device to read from", KernelEventKind::io},
    {"write error", KernelEventKind::io},
    {"read error", KernelEventKind::io},
    {"IO error", KernelEventKind::io},
    {"I/O error", KernelEventKind::io},
};

Event damaged(std::string_view fstype, std::string_view device, std::string_view text,
              std::optional<KernelEventKind> otherwise = std::nullopt) {
    KernelEvent event;
    event.layer = KernelLayer::filesystem;
    event.filesystem = device;
    event.fstype = fstype;
    event.text = text;
    for (const Damage& damage : damages) {
        if (!contains(text, damage.words)) continue;
        if (damage.kind == KernelEventKind::harmless) return std::nullopt;
        event.kind = damage.kind;
        return event;
    }
    if (!otherwise) return std::nullopt;
    event.kind = *otherwise;
    return event;
}

struct Form {
    std::string_view prefix;  // before the device
    std::string_view ends;    // what ends the device
    std::string_view fstype;
    bool error = false;  // each message of this form reports damage
};

constexpr Form forms[] = {
    {"FAT-fs (", ")", "vfat"},
    {"exFAT-fs (", ")", "exfat"},
    {"F2FS-fs (", ")", "f2fs"},
    {"ERROR: (device ", ")", "jfs", true},
    {"REISERFS error (device ", ")", "reiserfs", true},
    {"REISERFS panic (device ", ")", "reiserfs", true},
    {"NTFS-fs error (device ", ")", "ntfs"},
    {"ntfs3: ", ":", "ntfs3"},
    {"ntfs3(", ")", "ntfs3"},
    {"UBIFS error (", " )", "ubifs", true},
    {"UBIFS warning (", " )", "ubifs"},
    {"OCFS2: ERROR (device ", ")", "ocfs2", true},
    {"GFS2: fsid=", " ", "gfs2"},
    {"NILFS error (device ", ")", "nilfs2", true},
    {"NILFS (", ")", "nilfs2"},
    {"bcachefs (", " )", "bcachefs"},
};

}  // namespace

Event other_filesystem(std::string_view message) {
    TextScanner scan(message);
    for (const Form& form : forms) {
        if (!scan.skip(form.prefix)) continue;
        const std::string_view device = trim_end(scan.word(form.ends), ":");
        std::string_view text = scan.rest();
        const bool fat_error = text.starts_with("): error, ");
        std::optional<KernelEventKind> otherwise;
        if (form.error || fat_error) otherwise = KernelEventKind::inconsistent;
        // UBIFS refuses what is no UBIFS with an error, too.
        if (form.fstype == "ubifs" && contains(text, "cannot open \"ubi")) return std::nullopt;
        return damaged(form.fstype, device, trim_start(text, "): "), otherwise);
    }
    if (scan.skip("REISERFS abort (device ")) {
        auto event = damaged("reiserfs", scan.word(")"), message, KernelEventKind::journal_aborted);
        if (event) event->kind = KernelEventKind::journal_aborted;
        return event;
    }
    // "ubi0 error: ubi_io_read: error -74 (ECC error) while reading 64 bytes from PEB 9:0"
    if (message.starts_with("ubi")) {
        const std::string_view device = scan.word(" :");
        if (!contains(message, " error: ") && !message.starts_with("ubi0: error")) {
            return std::nullopt;
        }
        return damaged("ubi", device, message, KernelEventKind::io);
    }
    // "SQUASHFS error: Unable to read page, block 26f9ea4, size 8684": it names no device
    if (scan.skip("SQUASHFS error: ")) {
        const std::string_view text = scan.rest();
        const bool read = text.starts_with("Unable to read ") ||
                          text.starts_with("Failed to read block") ||
                          contains(text, "decompression failed") || contains(text, "uncompress");
        if (!read) return std::nullopt;
        return damaged("squashfs", {}, text, KernelEventKind::io);
    }
    return std::nullopt;
}

}  // namespace lastgood::kernel_messages
