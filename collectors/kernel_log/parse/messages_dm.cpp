// Device mapper and bcache: drivers/md/dm-mpath.c, dm-crypt.c, dm-integrity.c, dm-thin.c,
// bcache/io.c.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

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
    if (target == "thin" && contains(event.text, "switching pool to out-of-data-space mode")) {
        event.kind = KernelEventKind::no_space;
        event.device = trim_end(scan.word(" "), ":");
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
    // "Read-ahead I/O failed on backing device, ignore" is harmless.
    if (!scan.skip(": ") || !scan.rest().starts_with("IO error on ")) return std::nullopt;
    event.text = scan.rest();
    return event;
}

}  // namespace lastgood::kernel_messages
