#include "collectors/kernel_log/parse/trouble.hpp"

#include <array>
#include <cstddef>
#include <iterator>

#include "core/text.hpp"

namespace lastgood {

namespace {

// '#' stands for digits. Ordered by first character.
constexpr std::string_view storage_words[] = {
    "(ada#:",
    "(da#:",
    "3w-",
    "BTRFS",
    "Buffer I/O error",
    "EXT#-fs",
    "F2FS-fs",
    "FAT-fs",
    "GFS2:",
    "I/O error",
    "JBD",
    "JFS:",
    "NTFS-fs",
    "NTFS3",
    "OCFS2:",
    "REISERFS",
    "SQUASHFS",
    "UBIFS",
    "UBI",
    "XFS (",
    "XFS:",
    "XFS ",
    "ZFS",
    "aacraid",
    "ahci ",
    "arcmsr",
    "ata#:",
    "ata#.#:",
    "ata# (",
    "ata#.# (",
    "bcache",
    "blk_update_request",
    "blk-mq:",
    "btrfs",
    "critical medium error",
    "cqhci",
    "device-mapper:",
    "dm-#:",
    "drbd",
    "end_request",
    "erofs",
    "exFAT-fs",
    "hpsa ",
    "hd#:",
    "iscsi",
    "jbd#",
    "lpfc ",
    "md/",
    "md#:",
    "md:",
    "megaraid",
    "megasas",
    "mmc#:",
    "mmcblk#:",
    "mmcblk#p#:",
    "mmc_host",
    "mpt#sas",
    "mptbase",
    "mptsas",
    "mptscsih",
    "mvsas",
    "ntfs#:",
    "nvme nvme#:",
    "nvme#n#:",
    "nvme#n#p#:",
    "nvme#:",
    "nvme ",
    "nbd#:",
    "ocfs2",
    "print_req_error",
    "pm80xx",
    "qla2xxx",
    "raid",
    "sas:",
    "scsi host#:",
    "scsi #:",
    "sd #:",
    "smartpqi",
    "usb-storage",
    "uas ",
    "vd",
    "virtio_blk",
    "xvd",
    "zio ",
};

constexpr size_t slot(std::string_view text) {
    return static_cast<unsigned char>(text.front());
}

constexpr auto first_words = [] {
    std::array<bool, 256> first{};
    for (const std::string_view word : storage_words) first[slot(word)] = true;
    return first;
}();

bool begins_with(std::string_view text, std::string_view pattern) {
    for (const char c : pattern) {
        if (c != '#') {
            if (!text.starts_with(c)) return false;
            text.remove_prefix(1);
            continue;
        }
        const size_t before = text.size();
        text = trim_start(text, decimal_digits);
        if (text.size() == before) return false;
    }
    return true;
}

// Parts of a word, in lower case.
constexpr std::string_view error_words[] = {
    "error",   "fail",      "fault",       "abort",      "timeout",    "timed out",
    "corrupt", "offline",   "dead",        "shut down",  "unrecover",  "uncorrect",
    "lost ",   "hung",      "not respond", "degraded",   "is missing", "read-only due",
    "damaged", "inconsist", "cannot read", "can't read", "unreadable", "non-operational",
};

// Forms that hold an error word and mean no trouble, in lower case.
constexpr std::string_view harmless_words[] = {
    "errors=",     // mount options
    "btrfs info",  // btrfs says itself that it is no trouble
    "serror",      // a detail of an exception
    "error=0",
    "error status/mask",
    "faulty=0",
    "no error",
    "corrected error",
    "severity=corrected",
    "error recovery",
    "error handler",
    "fault toleran",
    "without fault",
    "fail-fast",
    "failfast",
    "default timeout",
    "shutdown timeout",
    "set timeout",
    "timeout set",
    "default_",
    "apst feature",      // power saving
    "free space cache",  // made anew
    "failed, trying pio",
    "failed to enable aa",
    "failed to get ncq",
    "failed to get identify",
    "native max address",
    "failed to resume link",  // old drives and empty ports
    "asking for cache data failed",
    "diagnostic page",  // USB bridges
};

bool holds(std::string_view text, std::string_view word) {
    return text.find(word) != text.npos;
}

bool holds_error_word(std::string_view message) {
    constexpr size_t longest = 512;
    char lower[longest];
    const size_t size = std::min(message.size(), longest);
    for (size_t i = 0; i < size; ++i) lower[i] = to_lower(message[i]);
    const std::string_view text(lower, size);
    for (const std::string_view word : harmless_words)
        if (holds(text, word)) return false;
    for (const std::string_view word : error_words)
        if (holds(text, word)) return true;
    return false;
}

}  // namespace

bool looks_like_trouble(std::string_view message) {
    constexpr size_t shortest = 10;
    if (message.size() < shortest || !first_words[slot(message)]) return false;
    for (const std::string_view word : storage_words)
        if (word.front() == message.front() && begins_with(message, word))
            return holds_error_word(message);
    return false;
}

bool line_looks_like_trouble(std::string_view line) {
    constexpr size_t longest_prefix = 120;
    constexpr int most_words = 16;
    if (looks_like_trouble(line)) return true;
    for (int words = 0; words < most_words; ++words) {
        const size_t end = line.substr(0, longest_prefix).find_first_of("]|:");
        if (end == line.npos || end + 2 >= line.size()) return false;
        line.remove_prefix(end + 1);
        if (!line.starts_with(' ')) continue;
        line = trim_start(line, " ");
        if (looks_like_trouble(line)) return true;
    }
    return false;
}

}  // namespace lastgood
