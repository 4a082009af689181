#include "collectors/kernel_log/parse/trouble.hpp"

#include <array>
#include <cstddef>
#include <iterator>
#include <string>

#include "core/text.hpp"

namespace lastgood {

namespace {

// '#' stands for digits. Sorted.
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
    "PANIC at ",
    "PANIC: ",
    "REISERFS",
    "SPL",
    "SQUASHFS",
    "UBI",
    "UBIFS",
    "VERIFY",
    "XFS ",
    "XFS (",
    "XFS:",
    "ZFS",
    "aacraid",
    "ahci ",
    "arcmsr",
    "ata# (",
    "ata#.# (",
    "ata#.#:",
    "ata#:",
    "bcache",
    "blk-mq:",
    "blk_update_request",
    "btrfs",
    "connection#:#:",
    "cqhci",
    "critical medium error",
    "device-mapper:",
    "dm-#:",
    "drbd",
    "end_request",
    "erofs",
    "exFAT-fs",
    "hd#:",
    "hpsa ",
    "iscsi",
    "jbd#",
    "lpfc ",
    "md#:",
    "md/",
    "md:",
    "megaraid",
    "megasas",
    "mmc#:",
    "mmc_host",
    "mmcblk#:",
    "mmcblk#p#:",
    "mpt#sas",
    "mptbase",
    "mptsas",
    "mptscsih",
    "mvsas",
    "nbd#:",
    "ntfs#:",
    "nvme ",
    "nvme nvme#:",
    "nvme#:",
    "nvme#n#:",
    "nvme#n#p#:",
    "ocfs2",
    "pm80xx",
    "print_req_error",
    "qla2xxx",
    "raid",
    "sas:",
    "scsi #:",
    "scsi host#:",
    "sd #:",
    "smartpqi",
    "uas ",
    "usb-storage",
    "vd",
    "virtio_blk",
    "xvd",
    "zio ",
};

constexpr size_t slot(std::string_view text) {
    return static_cast<unsigned char>(text.front());
}

// The index of the first of `words`, which are sorted, for a first character; their number if there
// is none.
template <size_t count>
constexpr std::array<size_t, 256> first_of(const std::string_view (&words)[count]) {
    std::array<size_t, 256> first{};
    first.fill(count);
    for (size_t i = count; i-- > 0;) first[slot(words[i])] = i;
    return first;
}

constexpr auto first_storage_word = first_of(storage_words);

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

// Beginnings of words, in lower case, sorted.
constexpr std::string_view error_words[] = {
    "abort",       "can't read", "cannot read", "corrupt",       "damaged",
    "dead",        "degraded",   "error",       "fail",          "fault",
    "hung",        "inconsist",  "is missing",  "lost ",         "non-operational",
    "not respond", "offline",    "panic",       "read-only due", "shut down",
    "timed out",   "timeout",    "uncorrect",   "unreadable",    "unrecover",
};
constexpr auto first_error_word = first_of(error_words);

// Forms that hold an error word and mean no trouble, in lower case.
constexpr std::string_view harmless_words[] = {
    "errors=",     // mount options
    "btrfs info",  // btrfs says itself that it is no trouble
    "serror",      // a detail of an exception
    "irq_stat",
    "synchronize cache",  // follows the removal of a drive
    "start/stop unit",
    "not properly unmounted",
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
    "diagnostic page",       // USB bridges
    "aborts not supported",  // hpsa
    "task abort: success",
    "device reset: success",
    "target reset: success",
    "os doesn't have aspm control",
    "read log 0x00 page 0x00 failed",  // the drive has no directory of logs
};

bool is_harmless(std::string_view message) {
    const std::string lower = to_lower(message.substr(0, 512));
    for (const std::string_view word : harmless_words)
        if (lower.find(word) != lower.npos) return true;
    return false;
}

// `word` is in lower case.
bool begins_in_any_case(std::string_view text, std::string_view word) {
    if (text.size() < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i)
        if (to_lower(text[i]) != word[i]) return false;
    return true;
}

bool holds_error_word(std::string_view message) {
    bool in_word = false;
    for (size_t i = 0; i < message.size(); ++i) {
        const bool letter = is_letter(message[i]);
        if (letter && !in_word) {
            const char first = to_lower(message[i]);
            for (size_t w = first_error_word[static_cast<unsigned char>(first)];
                 w < std::size(error_words) && error_words[w].front() == first; ++w)
                if (begins_in_any_case(message.substr(i), error_words[w])) return true;
        }
        in_word = letter;
    }
    return false;
}

}  // namespace

bool looks_like_trouble(std::string_view message) {
    constexpr size_t shortest = 10;
    if (message.size() < shortest) return false;
    for (size_t i = first_storage_word[slot(message)];
         i < std::size(storage_words) && storage_words[i].front() == message.front(); ++i)
        if (begins_with(message, storage_words[i]))
            return holds_error_word(message) && !is_harmless(message);
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
