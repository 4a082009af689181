// fs/btrfs: volumes.c (device statistics), disk-io.c, inode.c, scrub.c, raid56.c, super.c; all ages
// since 3.4. "BTRFS error (device sda1): …" is said of anything from a mistyped mount option on:
// only texts that tell of damage count.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

namespace {

bool contains(std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
}

// "/dev/sdb1" → "sdb1", "/dev/mapper/data" → "mapper/data"; "(efault)", a device that is gone, → ""
std::string_view device_name(std::string_view path) {
    if (path.starts_with("/dev/")) return path.substr(5);
    if (path.starts_with("(") || path.starts_with("<")) return {};
    return path;
}

// "bdev /dev/sdb1 errs: wr 1, rd 4, flush 0, corrupt 0, gen 0"
Event counters(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    if (!scan.skip("bdev ")) return std::nullopt;
    const auto path = scan.until(" errs: wr ");
    if (!path) return std::nullopt;
    event.kind = KernelEventKind::btrfs_counters;
    event.device = device_name(*path);
    event.text = *path;
    const auto take = [&scan](std::string_view next, uint64_t& value) {
        const auto number = scan.number();
        if (!number) return false;
        value = *number;
        return next.empty() || scan.skip(next);
    };
    if (!take(", rd ", event.btrfs.write) || !take(", flush ", event.btrfs.read) ||
        !take(", corrupt ", event.btrfs.flush) || !take(", gen ", event.btrfs.corruption) ||
        !take("", event.btrfs.generation)) {
        return std::nullopt;
    }
    return event;
}

// The device behind " on dev /dev/sdd1, " or " on /dev/sdd (".
std::string_view device_on(std::string_view text) {
    for (std::string_view mark : {" on dev ", " on "}) {
        const size_t at = text.find(mark);
        if (at == std::string_view::npos) continue;
        const std::string_view path = TextScanner(text.substr(at + mark.size())).word(", (");
        if (path.starts_with("/dev/")) return device_name(path);
    }
    return {};
}

}  // namespace

Event btrfs(std::string_view message) {
    TextScanner scan(message);
    scan.skip("BTRFS");
    KernelEvent event;
    event.layer = KernelLayer::filesystem;
    // "BTRFS error (device sda1): …", "BTRFS: error (device sda1) in function:12: errno=-5 IO
    // failure", "BTRFS error (device sda1 state EA): …"
    const bool function = scan.skip(":");
    if (!scan.skip(" ")) return std::nullopt;
    const std::string_view level = scan.word(" ");
    if (!scan.skip(" (device ")) return std::nullopt;
    event.filesystem = scan.word(" )");
    if (!scan.until(")")) return std::nullopt;
    scan.skip(":");
    scan.skip_spaces();
    const std::string_view text = scan.rest();
    event.text = text;
    if (function) {
        if (level != "error" && level != "critical") return std::nullopt;
        event.kind = KernelEventKind::inconsistent;
        return event;
    }
    const auto starts = [text](std::string_view word) { return text.starts_with(word); };
    if (starts("bdev ")) {
        event.btrfs.history = level == "info";
        return counters(event, text);
    }
    if (starts("csum failed ") || starts("checksum error at ") ||
        starts("checksum verify failed ") || starts("direct IO failed ") ||
        starts("super block checksum error")) {
        event.kind = starts("direct IO failed ") ? KernelEventKind::io : KernelEventKind::checksum;
        return event;
    }
    if (starts("read error corrected: ")) {
        event.kind = KernelEventKind::corrected;
        const size_t at = text.find("(dev ");
        if (at != std::string_view::npos) {
            event.device = device_name(TextScanner(text.substr(at + 5)).word(" )"));
        }
        return event;
    }
    if (starts("fixed up error at logical ")) {
        event.kind = KernelEventKind::corrected;
        event.device = device_on(text);
        return event;
    }
    if (starts("unable to fixup ")) {
        event.kind = KernelEventKind::uncorrected;
        event.device = device_on(text);
        return event;
    }
    if (starts("lost page write due to ") || starts("lost super block write") ||
        starts("i/o error at logical ") || starts("error writing primary super block")) {
        event.kind = KernelEventKind::io;
        return event;
    }
    if (starts("parent transid verify failed ") || starts("bad tree block ") ||
        starts("tree level mismatch ") || starts("tree first key mismatch") ||
        starts("tree level check failed") || starts("unable to find ref byte ") ||
        starts("super block error on device") || contains(text, "tree block corruption detected")) {
        event.kind = KernelEventKind::inconsistent;
        return event;
    }
    if (starts("forced readonly")) {
        event.kind = KernelEventKind::read_only;
        return event;
    }
    if (level == "critical" &&
        (starts("corrupt ") || contains(text, "corrupt leaf") || contains(text, "corrupt node"))) {
        event.kind = KernelEventKind::inconsistent;
        return event;
    }
    return std::nullopt;
}

}  // namespace lastgood::kernel_messages
