#include "collectors/kernel_log/parse/event.hpp"

#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood {

std::string_view to_string(KernelLayer layer) {
    switch (layer) {
        case KernelLayer::block:
            return "block";
        case KernelLayer::buffer:
            return "buffer";
        case KernelLayer::ata:
            return "ata";
        case KernelLayer::scsi:
            return "scsi";
        case KernelLayer::nvme:
            return "nvme";
        case KernelLayer::usb:
            return "usb";
        case KernelLayer::mmc:
            return "mmc";
        case KernelLayer::md:
            return "md";
        case KernelLayer::dm:
            return "dm";
        case KernelLayer::bcache:
            return "bcache";
        case KernelLayer::filesystem:
            return "filesystem";
        case KernelLayer::journal:
            return "journal";
        case KernelLayer::other:
            return "other";
    }
    return "other";
}

std::string_view to_string(KernelEventKind kind) {
    switch (kind) {
        case KernelEventKind::io:
            return "io";
        case KernelEventKind::medium:
            return "medium";
        case KernelEventKind::hardware:
            return "hardware";
        case KernelEventKind::timeout:
            return "timeout";
        case KernelEventKind::transport:
            return "transport";
        case KernelEventKind::reset:
            return "reset";
        case KernelEventKind::slowed:
            return "slowed";
        case KernelEventKind::device_gone:
            return "device_gone";
        case KernelEventKind::protection:
            return "protection";
        case KernelEventKind::target:
            return "target";
        case KernelEventKind::unsupported:
            return "unsupported";
        case KernelEventKind::nexus:
            return "nexus";
        case KernelEventKind::no_space:
            return "no_space";
        case KernelEventKind::resource:
            return "resource";
        case KernelEventKind::corrected:
            return "corrected";
        case KernelEventKind::uncorrected:
            return "uncorrected";
        case KernelEventKind::checksum:
            return "checksum";
        case KernelEventKind::kicked:
            return "kicked";
        case KernelEventKind::non_fresh:
            return "non_fresh";
        case KernelEventKind::beyond_end:
            return "beyond_end";
        case KernelEventKind::array_failed:
            return "array_failed";
        case KernelEventKind::array_mismatch:
            return "array_mismatch";
        case KernelEventKind::inconsistent:
            return "inconsistent";
        case KernelEventKind::journal_aborted:
            return "journal_aborted";
        case KernelEventKind::read_only:
            return "read_only";
        case KernelEventKind::shutdown:
            return "shutdown";
        case KernelEventKind::ata_exception:
            return "ata_exception";
        case KernelEventKind::ata_recovered:
            return "ata_recovered";
        case KernelEventKind::btrfs_counters:
            return "btrfs_counters";
        case KernelEventKind::appeared:
            return "appeared";
        case KernelEventKind::attached:
            return "attached";
        case KernelEventKind::removed:
            return "removed";
        case KernelEventKind::suppressed:
            return "suppressed";
        case KernelEventKind::sync_done:
            return "sync_done";
        case KernelEventKind::sync_interrupted:
            return "sync_interrupted";
        case KernelEventKind::port_map:
            return "port_map";
    }
    return "unknown";
}

bool is_error(KernelEventKind kind) {
    switch (kind) {
        case KernelEventKind::io:
        case KernelEventKind::medium:
        case KernelEventKind::hardware:
        case KernelEventKind::timeout:
        case KernelEventKind::transport:
        case KernelEventKind::reset:
        case KernelEventKind::slowed:
        case KernelEventKind::device_gone:
        case KernelEventKind::protection:
        case KernelEventKind::target:
        case KernelEventKind::unsupported:
        case KernelEventKind::nexus:
        case KernelEventKind::no_space:
        case KernelEventKind::resource:
        case KernelEventKind::corrected:
        case KernelEventKind::uncorrected:
        case KernelEventKind::checksum:
        case KernelEventKind::kicked:
        case KernelEventKind::non_fresh:
        case KernelEventKind::beyond_end:
        case KernelEventKind::array_failed:
        case KernelEventKind::array_mismatch:
        case KernelEventKind::inconsistent:
        case KernelEventKind::journal_aborted:
        case KernelEventKind::read_only:
        case KernelEventKind::shutdown:
            return true;
        case KernelEventKind::ata_exception:
        case KernelEventKind::ata_recovered:
        case KernelEventKind::btrfs_counters:
        case KernelEventKind::appeared:
        case KernelEventKind::attached:
        case KernelEventKind::removed:
        case KernelEventKind::suppressed:
        case KernelEventKind::sync_done:
        case KernelEventKind::sync_interrupted:
        case KernelEventKind::port_map:
            return false;
    }
    return false;
}

namespace {

// Dispatch on the first character, then each parser on its first word: most messages end here.
kernel_messages::Event dispatch(std::string_view message) {
    namespace forms = kernel_messages;
    const auto starts = [message](std::string_view word) { return message.starts_with(word); };
    switch (message.front()) {
        case 'a':
            if (starts("ata")) return forms::ata(message);
            break;
        case 'A':
            if (starts("Aborting journal")) return forms::journal(message);
            if (starts("Add. Sense: ")) return forms::scsi_detail(message);
            break;
        case 'b':
            if (starts("blk_update_request: ")) return forms::block(message.substr(20));
            if (starts("bcache: ")) return forms::bcache(message);
            break;
        case 'B':
            if (starts("BTRFS")) return forms::btrfs(message);
            if (starts("Buffer I/O error on ")) return forms::block(message);
            break;
        case 'e':
            if (starts("end_request: ")) return forms::block(message.substr(13));
            if (starts("ext3_") || starts("ext4_")) return forms::ext(message);
            break;
        case 'E':
            if (starts("EXT")) return forms::ext(message);
            if (starts("ERROR: (device ")) return forms::other_filesystem(message);
            break;
        case 'j':
            if (starts("journal commit I/O error")) return forms::journal(message);
            break;
        case 'J':
            if (starts("JBD")) return forms::journal(message);
            break;
        case 'l':
            if (starts("lost page write due to ")) return forms::block(message);
            if (starts("loop")) return forms::block(message);
            break;
        case 'm':
            if (starts("md")) {
                if (auto event = forms::md(message)) return event;
                return forms::block(message);
            }
            if (starts("mmc")) return forms::mmc(message);
            break;
        case 'n':
            if (starts("nvme")) return forms::nvme(message);
            if (starts("nbd")) return forms::block(message);
            break;
        case 'p':
            if (starts("print_req_error: ")) return forms::block(message.substr(17));
            return forms::block(message);
        case 'r':
            if (starts("raid") && message.size() > 5 && is_digit(message[4]))
                return forms::md(message);
            if (starts("res ")) return forms::ata_result(message);
            return forms::block(message);
        case 'R':
            if (starts("Result: ")) return forms::scsi_detail(message);
            if (starts("Read-error on swap-device")) return forms::block(message);
            if (starts("REISERFS ")) return forms::other_filesystem(message);
            break;
        case 's':
            if (starts("sd ") || starts("scsi ") || starts("sd") || starts("sr ")) {
                if (auto event = forms::scsi(message)) return event;
                return forms::block(message);
            }
            break;
        case 'S':
            if (starts("SCSI device ")) return forms::scsi(message);
            if (starts("Sense Key : ")) return forms::scsi_detail(message);
            break;
        case 'u':
            if (starts("usb ")) return forms::usb(message);
            break;
        case 'v':
            if (starts("virtio_blk ")) return forms::virtio(message);
            return forms::block(message);
        case 'W':
            if (starts("Write-error on swap-device")) return forms::block(message);
            if (starts("WARNING: Pool '")) return forms::other_filesystem(message);
            break;
        case 'X':
            if (starts("XFS (")) return forms::xfs(message);
            break;
        case 'F':
            if (starts("FAT-fs (") || starts("F2FS-fs (")) return forms::other_filesystem(message);
            break;
        case 'd':
            if (starts("device-mapper: ")) return forms::dm(message);
            return forms::block(message);
        // "critical medium error, dev …", "I/O error, dev …", "invalid error, …", "timeout error,
        // …", "zone …", "hda: …"
        case 'c':
        case 'h':
        case 'i':
        case 'I':
        case 'k':
        case 'o':
        case 't':
        case 'x':
        case 'z':
            return forms::block(message);
        default:
            break;
    }
    return std::nullopt;
}

}  // namespace

std::optional<KernelEvent> parse_kernel_message(std::string_view message) {
    if (message.size() < 8) return std::nullopt;
    if (message.back() == 'd' && message.ends_with("callbacks suppressed")) {
        return kernel_messages::suppressed(message);
    }
    return dispatch(message);
}

std::string_view whole_device(std::string_view name) {
    if (name.starts_with("/dev/")) name.remove_prefix(5);
    size_t end = name.size();
    while (end > 0 && is_digit(name[end - 1])) --end;
    if (end == name.size() || end == 0) return name;
    const std::string_view stem = name.substr(0, end);
    // nvme0n1p2, mmcblk0p1, md0p1, loop0p1, nbd0p1: a number, "p", a number
    if (stem.size() > 2 && stem.back() == 'p' && is_digit(stem[stem.size() - 2])) {
        return stem.substr(0, stem.size() - 1);
    }
    // sdb1, vda1, hda1, xvda1
    const auto letters_after = [stem](std::string_view prefix) {
        if (!stem.starts_with(prefix) || stem.size() == prefix.size()) return false;
        for (char c : stem.substr(prefix.size())) {
            if (c < 'a' || c > 'z') return false;
        }
        return true;
    };
    for (std::string_view prefix : {"sd", "vd", "hd", "xvd"}) {
        if (letters_after(prefix)) return stem;
    }
    return name;
}

}  // namespace lastgood
