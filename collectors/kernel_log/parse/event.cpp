#include "collectors/kernel_log/parse/event.hpp"

#include <array>
#include <iterator>

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
        case KernelLayer::zfs:
            return "zfs";
        case KernelLayer::controller:
            return "controller";
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
        case KernelEventKind::lost:
            return "lost";
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
        case KernelEventKind::array_degraded:
            return "array_degraded";
        case KernelEventKind::array_reduced:
            return "array_reduced";
        case KernelEventKind::pool_full:
            return "pool_full";
        case KernelEventKind::inconsistent:
            return "inconsistent";
        case KernelEventKind::journal_aborted:
            return "journal_aborted";
        case KernelEventKind::read_only:
            return "read_only";
        case KernelEventKind::shutdown:
            return "shutdown";
        case KernelEventKind::missing_member:
            return "missing_member";
        case KernelEventKind::recorded_errors:
            return "recorded_errors";
        case KernelEventKind::harmless:
            return "harmless";
        case KernelEventKind::mounted:
            return "mounted";
        case KernelEventKind::named:
            return "named";
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

KernelEventRole role_of(KernelEventKind kind) {
    switch (kind) {
        case KernelEventKind::io:
        case KernelEventKind::medium:
        case KernelEventKind::hardware:
        case KernelEventKind::timeout:
        case KernelEventKind::transport:
        case KernelEventKind::reset:
        case KernelEventKind::slowed:
        case KernelEventKind::device_gone:
        case KernelEventKind::lost:
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
        case KernelEventKind::pool_full:
        case KernelEventKind::missing_member:
            return KernelEventRole::error;
        case KernelEventKind::array_degraded:
        case KernelEventKind::array_reduced:
        case KernelEventKind::recorded_errors:
            return KernelEventRole::state;
        case KernelEventKind::btrfs_counters:
            return KernelEventRole::counters;
        case KernelEventKind::appeared:
        case KernelEventKind::attached:
        case KernelEventKind::removed:
        case KernelEventKind::mounted:
        case KernelEventKind::port_map:
            return KernelEventRole::names;
        case KernelEventKind::suppressed:
            return KernelEventRole::suppression;
        case KernelEventKind::ata_exception:
        case KernelEventKind::ata_recovered:
        case KernelEventKind::sync_done:
        case KernelEventKind::sync_interrupted:
        case KernelEventKind::harmless:
        case KernelEventKind::named:
            return KernelEventRole::context;
    }
    return KernelEventRole::context;
}

namespace {

struct Form {
    std::string_view prefix;
    kernel_messages::Event (*parse)(std::string_view message);
    bool strip = false;  // the parser takes the message without the prefix
};

// Grouped by first character, so that one look-up in first_form rejects most messages.
// The first parser that knows the message wins.
constexpr Form forms[] = {
    {"Aborting journal", kernel_messages::journal},
    {"Add. Sense: ", kernel_messages::scsi_detail},
    {"AAC", kernel_messages::controller},
    {"BTRFS", kernel_messages::btrfs},
    {"Buffer I/O error on ", kernel_messages::block},
    {"EXT", kernel_messages::ext},
    {"ERROR: (device ", kernel_messages::other_filesystem},
    {"FAT-fs (", kernel_messages::other_filesystem},
    {"F2FS-fs (", kernel_messages::other_filesystem},
    {"Filesystem ", kernel_messages::xfs},
    {"GFS2: ", kernel_messages::other_filesystem},
    {"I/O error in filesystem (", kernel_messages::xfs},
    {"INFO: task ", kernel_messages::stuck_task},
    {"I", kernel_messages::block},  // "I/O error, dev …"
    {"JBD", kernel_messages::journal},
    {"NILFS ", kernel_messages::other_filesystem},
    {"NTFS-fs error ", kernel_messages::other_filesystem},
    {"OCFS2: ", kernel_messages::other_filesystem},
    {"Result: ", kernel_messages::scsi_detail},
    {"Read-error on swap-device", kernel_messages::block},
    {"REISERFS ", kernel_messages::other_filesystem},
    {"SCSI device ", kernel_messages::scsi},
    {"SPLError: ", kernel_messages::zfs},
    {"Sense Key : ", kernel_messages::scsi_detail},
    {"SQUASHFS error: ", kernel_messages::other_filesystem},
    {"UBIFS ", kernel_messages::other_filesystem},
    {"Write-error on swap-device", kernel_messages::block},
    {"WARNING: ", kernel_messages::zfs},
    {"XFS", kernel_messages::xfs},
    {"ata", kernel_messages::ata},
    {"aacraid: ", kernel_messages::controller},
    {"blk_update_request: ", kernel_messages::block, true},
    {"btrfs", kernel_messages::old_btrfs},
    {"bcachefs", kernel_messages::other_filesystem},
    {"bcache: ", kernel_messages::bcache},
    {"bcache", kernel_messages::named_device},
    {"block drbd", kernel_messages::drbd},
    {"connection", kernel_messages::controller},
    {"c", kernel_messages::block},  // "critical medium error, dev …"
    {"device-mapper: ", kernel_messages::dm},
    {"drbd", kernel_messages::drbd},
    {"d", kernel_messages::block},  // "device offline error, dev …", "dm-0: rw=0, …"
    {"end_request: ", kernel_messages::block, true},
    {"exFAT-fs (", kernel_messages::other_filesystem},
    {"hpsa ", kernel_messages::controller},
    {"h", kernel_messages::block},  // "hda: …"
    {"i", kernel_messages::block},  // "invalid error, dev …"
    {"journal commit I/O error", kernel_messages::journal},
    {"k", kernel_messages::block},  // "kernel resource error, dev …"
    {"loop", kernel_messages::block},
    {"md", kernel_messages::md},
    {"md", kernel_messages::block},
    {"megaraid_sas ", kernel_messages::controller},
    {"megasas: ", kernel_messages::controller},
    {"mpt", kernel_messages::controller},
    {"mmc", kernel_messages::mmc},
    {"mmc", kernel_messages::named_device},
    {"nvme", kernel_messages::nvme},
    {"nvme", kernel_messages::named_device},
    {"ntfs3", kernel_messages::other_filesystem},
    {"nbd", kernel_messages::block},
    {"o", kernel_messages::block},  // "operation not supported error, dev …"
    {"print_req_error: ", kernel_messages::block, true},
    {"parent transid verify failed on ", kernel_messages::old_btrfs},
    {"pcieport ", kernel_messages::controller},
    {"p", kernel_messages::block},  // "protection error, dev …"
    {"qla2xxx ", kernel_messages::controller},
    {"raid", kernel_messages::md},
    {"res ", kernel_messages::ata_result},
    {"r", kernel_messages::block},  // "recoverable transport error, dev …"
    {"sd", kernel_messages::scsi},
    {"sd", kernel_messages::block},
    {"scsi ", kernel_messages::scsi},
    {"session", kernel_messages::controller},
    {"sr ", kernel_messages::scsi},
    {"t", kernel_messages::block},  // "timeout error, dev …"
    {"usb ", kernel_messages::usb},
    {"ubi", kernel_messages::other_filesystem},
    {"virtio_blk ", kernel_messages::virtio},
    {"v", kernel_messages::block},  // "vda1: rw=0, …"
    {"xfs_force_shutdown(", kernel_messages::xfs},
    {"xhci_hcd ", kernel_messages::controller},
    {"x", kernel_messages::block},  // "xvda1: rw=0, …"
    {"zio pool=", kernel_messages::zfs},
    {"z", kernel_messages::block},  // "zone resource error, dev …"
    {"3w-", kernel_messages::controller},
};

constexpr size_t slot(std::string_view text) {
    return static_cast<unsigned char>(text.front());
}

// The index of the first form for a first character; std::size(forms) if there is none.
constexpr auto first_form = [] {
    std::array<size_t, 256> first{};
    first.fill(std::size(forms));
    for (size_t i = std::size(forms); i-- > 0;) first[slot(forms[i].prefix)] = i;
    return first;
}();

}  // namespace

std::optional<KernelEvent> parse_kernel_message(std::string_view message) {
    constexpr size_t shortest = 8;  // no known form is shorter
    if (message.size() < shortest) return std::nullopt;
    if (message.back() == 'd' && message.ends_with("callbacks suppressed")) {
        return kernel_messages::suppressed(message);
    }
    for (size_t i = first_form[slot(message)];
         i < std::size(forms) && forms[i].prefix.front() == message.front(); ++i) {
        const Form& form = forms[i];
        if (!message.starts_with(form.prefix)) continue;
        if (form.strip) return form.parse(message.substr(form.prefix.size()));
        if (auto event = form.parse(message)) return event;
    }
    return std::nullopt;
}

bool is_no_drive(std::string_view name) {
    name = without_prefix(name, "/dev/");
    for (std::string_view prefix : {"sr", "scd", "fd", "st", "loop", "nbd", "ram", "zram", "mtd",
                                    "mtdblock", "ubiblock", "cdrom", "pktcdvd"}) {
        if (name.starts_with(prefix) && name.size() > prefix.size() &&
            is_digit(name[prefix.size()]))
            return true;
    }
    return name.starts_with("mmcblk") && (contains(name, "boot") || contains(name, "rpmb"));
}

}  // namespace lastgood
