// Device mapper and bcache: drivers/md/dm-mpath.c, dm-crypt.c, dm-integrity.c, dm-thin.c, dm-cache,
// dm-raid1.c, bcache/io.c.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

namespace {

// "253:2: switching pool to out-of-data-space (queue IO) mode", "… to read-only mode",
// "253:2: metadata operation 'dm_pool_commit_metadata' failed: error = -5"
Event pool(KernelEvent event) {
    TextScanner scan(event.text);
    event.array = trim_end(scan.word(" "), ":");
    const std::string_view text = event.text;
    if (contains(text, " to out-of-data-space") || contains(text, "no free data space") ||
        contains(text, "no free metadata space") || contains(text, "out of metadata space")) {
        event.kind = KernelEventKind::pool_full;
        // "Data device (dm-3) was full; no free data space available"
        if (const size_t open = text.find("(dm-"); open != text.npos)
            event.array = TextScanner(text.substr(open + 1)).word(")");
        return event;
    }
    const bool names_pool = !event.array.empty() && is_digit(event.array.front());
    const bool failed = contains(text, "to read-only mode") || contains(text, "to failure mode") ||
                        contains(text, "to fail mode") ||
                        (contains(text, "metadata operation '") && contains(text, "failed"));
    if (!names_pool || !failed) return std::nullopt;
    event.kind = KernelEventKind::array_failed;
    return event;
}

// dm-raid1.c: "Read failure on mirror device 8:16.  Trying alternative device.",
// "Mirror read failed from 8:16. Trying alternative device."
Event mirror(KernelEvent event) {
    TextScanner scan(event.text);
    if (!scan.until("mirror device ") && !scan.until("read failed from ")) return std::nullopt;
    event.device = scan.word(". ");
    event.kind = KernelEventKind::io;
    return contains(event.device, ':') ? Event(event) : std::nullopt;
}

}  // namespace

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
    if (target == "thin" || target == "cache") return pool(event);
    if (target == "raid1" || target == "mirror") return mirror(event);
    if (target == "verity" && contains(event.text, "is corrupted")) {
        event.kind = KernelEventKind::checksum;
        event.device = scan.until(": ").value_or("");
        return event.device.empty() ? std::nullopt : Event(event);
    }
    return std::nullopt;
}

// "bcache: bch_count_backing_io_errors() md7: IO error on backing device, unrecoverable"
// "bcache: bch_count_io_errors() nvme0n1: IO error on reading from cache, recovering."
Event bcache(std::string_view message) {
    TextScanner scan(message);
    if (!scan.skip("bcache: ")) return std::nullopt;
    // "bch_cached_dev_error() stop bcache0: too many IO errors on backing device sdb"
    if (contains(message, "too many IO errors on backing device ")) {
        KernelEvent event;
        event.layer = KernelLayer::bcache;
        event.kind = KernelEventKind::lost;
        event.device = message.substr(message.rfind(' ') + 1);
        event.text = scan.rest();
        return event;
    }
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
