// drivers/md: md.c, raid1.c, raid10.c, raid5.c (all ages), dm-mpath.c, dm-crypt.c, dm-integrity.c,
// bcache.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

namespace {

// The device name at the end of "(8 sectors at 54126592 on sdj)".
std::string_view device_after_on(std::string_view text) {
    const size_t at = text.find(" on ");
    if (at == std::string_view::npos) return {};
    return TextScanner(text.substr(at + 4)).word(") .,");
}

// What a personality (raid1, raid10, raid5, raid6) says of its array.
Event personality(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    event.text = text;
    const auto starts = [text](std::string_view word) { return text.starts_with(word); };
    if (scan.skip("Disk failure on ")) {
        event.kind = KernelEventKind::kicked;
        event.device = scan.word(", ");
        return event;
    }
    if (starts("read error corrected ")) {
        event.kind = KernelEventKind::corrected;
        event.device = device_after_on(text);
        return event;
    }
    if (starts("read error not correctable ") || starts("read error NOT corrected")) {
        event.kind = KernelEventKind::uncorrected;
        event.device = device_after_on(text);
        if (event.device.empty()) {  // raid1, raid10: "(sector 123 on sdb)" or only "(8 sectors at
                                     // 5 on sdb)"
            return event;
        }
        return event;
    }
    if (starts("Cannot continue operation") || starts("not enough operational") ||
        starts("cannot start dirty degraded array") || starts("not enough devices") ||
        starts("unable to start degraded array")) {
        event.kind = KernelEventKind::array_failed;
        return event;
    }
    if (starts("recovery aborted due to read error")) {
        event.kind = KernelEventKind::uncorrected;
        return event;
    }
    // "sdb1: unrecoverable I/O read error for block 123"; raid10: "md0: unrecoverable …"
    if (const size_t at = text.find("unrecoverable I/O "); at != std::string_view::npos) {
        event.kind = KernelEventKind::uncorrected;
        const std::string_view name = at >= 2 ? text.substr(0, at - 2) : std::string_view();
        if (name != event.array && name.find(' ') == std::string_view::npos) event.device = name;
        return event;
    }
    return std::nullopt;
}

// "data-check done.", "recovery interrupted."
Event sync(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    event.text = text;
    const std::string_view action = scan.word(" ");
    for (std::string_view known :
         {"resync", "recovery", "data-check", "requested-resync", "reshape", "recover", "check"}) {
        if (action != known) continue;
        if (scan.rest().starts_with(" done")) {
            event.kind = KernelEventKind::sync_done;
            event.operation = action;
            return event;
        }
        if (scan.rest().starts_with(" interrupted")) {
            event.kind = KernelEventKind::sync_interrupted;
            event.operation = action;
            return event;
        }
    }
    return std::nullopt;
}

}  // namespace

Event md(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    event.layer = KernelLayer::md;
    // "md/raid1:md0: …", "md/raid:md0: …"
    if (scan.skip("md/")) {
        scan.word(":");
        if (!scan.skip(":")) return std::nullopt;
        event.array = scan.word(":");
        if (!scan.skip(": ")) return std::nullopt;
        return personality(event, scan.rest());
    }
    // until 2.6.36: "raid1: …", "raid5:md0: …"
    if (scan.skip("raid")) {
        scan.word(":");
        if (!scan.skip(":")) return std::nullopt;
        if (!scan.skip(" ")) {
            event.array = scan.word(":");
            if (!scan.skip(": ")) return std::nullopt;
        }
        return personality(event, scan.rest());
    }
    if (scan.skip("md: ")) {
        const std::string_view text = scan.rest();
        event.text = text;
        if (scan.skip("kicking non-fresh ")) {
            event.kind = KernelEventKind::non_fresh;
            event.device = scan.word(" ");
            return event;
        }
        if (scan.skip("disabled device ")) {  // "…, could not read superblock."
            event.kind = KernelEventKind::io;
            event.device = scan.word(", ");
            return event;
        }
        if (text.starts_with("md")) {
            event.array = scan.word(":");
            if (scan.skip(": ")) return sync(event, scan.rest());
        }
        return std::nullopt;
    }
    // "md0: mismatch sector in range 8-16", since 4.15
    event.array = scan.word(":");
    if (scan.skip(": mismatch sector in range ")) {
        event.kind = KernelEventKind::array_mismatch;
        event.text = message.substr(event.array.size() + 2);
        return event;
    }
    return std::nullopt;
}

Event dm(std::string_view message) {
    TextScanner scan(message);
    scan.skip("device-mapper: ");
    KernelEvent event;
    event.layer = KernelLayer::dm;
    const std::string_view target = scan.word(":");
    if (!scan.skip(": ")) return std::nullopt;
    event.text = scan.rest();
    if (target == "multipath") {
        // "Failing path 8:16.", "253:0: Failing path 8:16."
        if (!scan.until("Failing path ")) return std::nullopt;
        event.kind = KernelEventKind::transport;
        event.device = scan.word(". ");
        return event.device.empty() ? std::nullopt : Event(event);
    }
    if (target == "crypt" || target == "integrity") {
        // "dm-0: INTEGRITY AEAD ERROR, sector 8", "dm-1: Checksum failed at sector 0x10"
        event.device = scan.word(":");
        if (!scan.skip(": ")) return std::nullopt;
        if (!scan.skip("INTEGRITY AEAD ERROR") && !scan.skip("Checksum failed at sector")) {
            return std::nullopt;
        }
        event.kind = KernelEventKind::checksum;
        event.text = event.text.substr(event.device.size() + 2);
        return event;
    }
    if (target == "thin" &&
        event.text.find("switching pool to out-of-data-space mode") != std::string_view::npos) {
        event.kind = KernelEventKind::no_space;
        event.device = scan.word(" ");
        while (event.device.ends_with(':')) event.device.remove_suffix(1);
        return event;
    }
    return std::nullopt;
}

// "bcache: bch_count_backing_io_errors() md7: IO error on backing device, unrecoverable"
// "bcache: bch_count_io_errors() nvme0n1: IO error on reading from cache, recovering."
Event bcache(std::string_view message) {
    TextScanner scan(message);
    if (!scan.skip("bcache: ")) return std::nullopt;
    if (!scan.skip("bch_count_backing_io_errors() ") && !scan.skip("bch_count_io_errors() ")) {
        return std::nullopt;
    }
    KernelEvent event;
    event.layer = KernelLayer::bcache;
    event.kind = KernelEventKind::io;
    event.device = scan.word(":");
    if (!scan.skip(": IO error on "))
        return std::nullopt;  // also "Read-ahead I/O failed …, ignore"
    event.text = message.substr(message.size() - scan.rest().size() - 12);
    return event;
}

}  // namespace lastgood::kernel_messages
