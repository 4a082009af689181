// block/blk-core.c (end_request, blk_update_request), block/blk-mq.c (blk_print_req_error),
// fs/buffer.c, mm/page_io.c, drivers/block (loop.c, virtio_blk.c), drivers/ide.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

namespace {

struct Reason {
    std::string_view text;
    KernelEventKind kind;
};

// blk_errors[] of block/blk-core.c, all versions; without "nonblocking retry", which the submitter
// asked for (REQ_NOWAIT).
constexpr Reason reasons[] = {
    {"I/O", KernelEventKind::io},
    {"critical medium", KernelEventKind::medium},
    {"critical target", KernelEventKind::target},
    {"timeout", KernelEventKind::timeout},
    {"recoverable transport", KernelEventKind::transport},
    {"critical nexus", KernelEventKind::nexus},
    {"reservation conflict", KernelEventKind::nexus},
    {"critical space allocation", KernelEventKind::no_space},
    {"protection", KernelEventKind::protection},
    {"operation not supported", KernelEventKind::unsupported},
    {"kernel resource", KernelEventKind::resource},
    {"device resource", KernelEventKind::resource},
    {"zone resource", KernelEventKind::resource},
    {"zone open", KernelEventKind::resource},
    {"zone active", KernelEventKind::resource},
    {"device offline", KernelEventKind::device_gone},
    {"device not ready", KernelEventKind::device_gone},
    {"command duration limit exceeded", KernelEventKind::timeout},
    {"dm internal retry", KernelEventKind::io},
    {"invalid", KernelEventKind::target},
    {"critical", KernelEventKind::io},
};

// The name of a device whose own name is cut off.
constexpr std::string_view cut_off = "unknown-drive";

bool is_discard(std::string_view operation) {
    return operation == "DISCARD" || operation == "SECURE_ERASE" || operation == "WRITE_SAME" ||
           operation == "WRITE_ZEROES";
}

// "I/O error, dev sdb, sector 123 op 0x0:(READ) flags …"
Event request(std::string_view message) {
    constexpr std::string_view mark = " error, dev ";
    const size_t found = message.substr(0, 64).find(mark);
    if (found == std::string_view::npos) return std::nullopt;
    const std::string_view reason = message.substr(0, found);
    const Reason* known = nullptr;
    for (const Reason& candidate : reasons) {
        if (candidate.text == reason) known = &candidate;
    }
    if (known == nullptr) return std::nullopt;
    TextScanner scan(message.substr(found + mark.size()));
    KernelEvent event;
    event.layer = KernelLayer::block;
    event.kind = known->kind;
    event.device = scan.word(", ");
    event.text = message.substr(0, found + 6);
    if (event.device.empty()) return std::nullopt;
    if (event.device.back() == '>') event.device = cut_off;  // by journalctl at the screen's edge
    if (scan.skip(", sector ")) event.sector = scan.number();
    if (scan.until(":(")) event.operation = scan.word(")");
    if (event.kind == KernelEventKind::target && is_discard(event.operation)) {
        event.kind = KernelEventKind::unsupported;
    }
    return event;
}

// "Buffer I/O error on dev sda1, logical block 5, lost async page write"; until 3.17 "on device"
Event buffer(std::string_view message) {
    TextScanner scan(message);
    if (!scan.skip("Buffer I/O error on dev")) return std::nullopt;
    if (!scan.skip(" ") && !scan.skip("ice ")) return std::nullopt;
    KernelEvent event;
    event.layer = KernelLayer::buffer;
    event.kind = KernelEventKind::io;
    event.device = scan.word(", ");
    if (event.device.empty()) return std::nullopt;
    if (event.device.back() == '>') event.device = cut_off;
    if (scan.skip(", logical block ")) event.sector = scan.number();
    event.text = scan.skip(", ") ? scan.rest() : message.substr(0, 16);
    return event;
}

// "Write-error on swap-device (8:16:123)": major, minor and sector
Event swap(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    if (scan.skip("Write-error")) {
        event.operation = "WRITE";
    } else if (scan.skip("Read-error")) {
        event.operation = "READ";
    } else {
        return std::nullopt;
    }
    if (!scan.skip(" on swap-device (")) return std::nullopt;
    const std::string_view inside = scan.word(")");
    const size_t last = inside.rfind(':');
    if (last == std::string_view::npos) return std::nullopt;
    event.layer = KernelLayer::buffer;
    event.kind = KernelEventKind::io;
    event.device = inside.substr(0, last);
    event.sector = TextScanner(inside.substr(last + 1)).number();
    event.text = message.substr(0, message.find(" ("));
    return event;
}

// The IDE driver (until 5.13): "hda: dma_intr: error=0x40 { UncorrectableError }, LBAsect=…, …"
Event ide(std::string_view message) {
    TextScanner scan(message);
    const std::string_view device = scan.word(":");
    if (device.size() > 4 || !scan.skip(": ")) return std::nullopt;
    if (!scan.until(" error=0x") && !scan.until(": error=0x")) return std::nullopt;
    KernelEvent event;
    event.layer = KernelLayer::ata;
    event.device = device;
    event.text = scan.until("{ ") ? scan.word("}") : std::string_view("error");
    if (contains(event.text, "Uncorrectable") || contains(event.text, "SectorIdNotFound")) {
        event.kind = KernelEventKind::medium;
    } else if (contains(event.text, "BadCRC")) {
        event.kind = KernelEventKind::transport;
    }
    return event;
}

// "loop0: detected capacity change from 0 to 131072": a file was attached; "… from 131072 to 0": it
// was detached
Event loop(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    event.layer = KernelLayer::block;
    event.device = scan.word(":");
    if (!scan.skip(": detected capacity change from ")) return std::nullopt;
    event.text = scan.rest();
    const auto before = scan.number();
    if (!before || !scan.skip(" to ")) return std::nullopt;
    const auto after = scan.number();
    if (!after || (*before == 0) == (*after == 0)) return std::nullopt;
    event.kind = *before == 0 ? KernelEventKind::appeared : KernelEventKind::removed;
    return event;
}

// The layer of each function or message that the kernel rate-limits, by its beginning; the last
// match wins.
struct Owner {
    std::string_view prefix;
    KernelLayer layer;
};

constexpr Owner owners[] = {
    {"end_request", KernelLayer::block},
    {"blk_", KernelLayer::block},
    {"print_req_error", KernelLayer::block},
    {"handle_bad_sector", KernelLayer::block},
    {"bio_", KernelLayer::block},
    {"submit_bio", KernelLayer::block},
    {"buffer_io_error", KernelLayer::buffer},
    {"quiet_error", KernelLayer::buffer},
    {"end_buffer_", KernelLayer::buffer},
    {"end_swap_bio", KernelLayer::buffer},
    {"scsi_", KernelLayer::scsi},
    {"sd_", KernelLayer::scsi},
    {"sd ", KernelLayer::scsi},
    {"nvme", KernelLayer::nvme},
    {"ata", KernelLayer::ata},
    {"raid", KernelLayer::md},
    {"md", KernelLayer::md},
    {"end_sync_", KernelLayer::md},
    {"super_written", KernelLayer::md},
    {"fix_read_error", KernelLayer::md},
    {"dm_", KernelLayer::dm},
    {"bch_", KernelLayer::bcache},
    {"cached_dev", KernelLayer::bcache},
    {"btrfs", KernelLayer::filesystem},
    {"BTRFS", KernelLayer::filesystem},
    {"scrub_", KernelLayer::filesystem},
    {"repair_io_failure", KernelLayer::filesystem},
    {"verify_parent_transid", KernelLayer::filesystem},
    {"btree_", KernelLayer::filesystem},
    {"io_ctl_check", KernelLayer::filesystem},
    {"validate_extent_buffer", KernelLayer::filesystem},
    {"check_tree_block", KernelLayer::filesystem},
    {"csum_", KernelLayer::filesystem},
    {"__btrfs", KernelLayer::filesystem},
    {"end_bio_extent", KernelLayer::filesystem},
    {"ext4", KernelLayer::filesystem},
    {"__ext4", KernelLayer::filesystem},
    {"EXT4", KernelLayer::filesystem},
    {"xfs", KernelLayer::filesystem},
    {"XFS", KernelLayer::filesystem},
    {"f2fs", KernelLayer::filesystem},
    {"fat_", KernelLayer::filesystem},
    {"jbd2", KernelLayer::journal},
    {"mmc", KernelLayer::mmc},
    {"uas", KernelLayer::usb},
};

}  // namespace

Event block(std::string_view message) {
    if (message.starts_with("loop")) {
        if (auto event = loop(message)) return event;
    }
    if (message.starts_with("Buffer")) return buffer(message);
    if (message.starts_with("Write-error") || message.starts_with("Read-error"))
        return swap(message);
    if (message.starts_with("hd")) {
        if (auto event = ide(message)) return event;
    }
    if (auto event = request(message)) return event;
    return named_device(message);
}

// "dm-0: rw=0, want=…, limit=…" behind "attempt to access beyond end of device", and
// fs/iomap: "dm-3: writeback error on inode 133, offset 4096, sector 2064", since 5.5; of XFS and
// others, named after the device alone
Event named_device(std::string_view message) {
    constexpr size_t longest_name = 40;
    const size_t colon = message.substr(0, longest_name).find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = message.substr(0, colon);
    const std::string_view text = message.substr(colon + 2);
    KernelEvent event;
    event.text = text;
    if (text.starts_with("rw=") && contains(text, "limit=")) {
        event.layer = KernelLayer::block;
        event.kind = KernelEventKind::beyond_end;
        event.device = name;
        event.text = "attempt to access beyond end of device";
        return event;
    }
    if (!text.starts_with("writeback error on inode ") || contains(name, ' ')) return std::nullopt;
    event.layer = KernelLayer::filesystem;
    event.kind = KernelEventKind::io;
    event.filesystem = name;
    TextScanner scan(text);
    if (scan.until(", sector ")) event.sector = scan.number();
    return event;
}

// "virtio_blk virtio1: [vda] 41943040 512-byte logical blocks (21.5 GB/20.0 GiB)"
Event virtio(std::string_view message) {
    TextScanner scan(message);
    if (!scan.until("[")) return std::nullopt;
    KernelEvent event;
    event.layer = KernelLayer::block;
    event.device = scan.word("]");
    if (!scan.skip("] ") || !scan.number() || !scan.skip(" ")) return std::nullopt;
    event.kind = KernelEventKind::appeared;
    event.text = scan.rest();
    return event;
}

Event suppressed(std::string_view message) {
    TextScanner scan(message);
    const size_t end = message.rfind(" callbacks suppressed");
    const size_t before = message.substr(0, end).rfind(' ');
    if (before == std::string_view::npos) return std::nullopt;
    const auto count = TextScanner(message.substr(before + 1)).number();
    if (!count) return std::nullopt;
    KernelEvent event;
    event.kind = KernelEventKind::suppressed;
    event.count = *count;
    event.text = trim_end(message.substr(0, before), ": ");
    for (const Owner& owner : owners) {
        if (event.text.starts_with(owner.prefix)) event.layer = owner.layer;
    }
    return event;
}

}  // namespace lastgood::kernel_messages
