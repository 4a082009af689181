// fs/btrfs: volumes.c (device statistics), disk-io.c, inode.c, scrub.c, raid56.c, super.c; since
// 3.4. btrfs prints "BTRFS error (device sda1): …" for mistyped mount options, too: only texts that
// report damage count.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

namespace {

// "/dev/sdb1" → "sdb1", "/dev/mapper/data" → "mapper/data"; a missing device, "(efault)" or
// "<missing disk>", → ""
std::string_view device_name(std::string_view path) {
    if (path.starts_with("(") || path.starts_with("<")) return {};
    return without_prefix(path, "/dev/");
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

// The device in "… on dev /dev/sdd1, …" or "… on /dev/sdd (…"; empty if there is none.
std::string_view device_on(std::string_view text) {
    for (std::string_view mark : {" on dev ", " on "}) {
        const size_t at = text.find(mark);
        if (at == std::string_view::npos) continue;
        const std::string_view path = TextScanner(text.substr(at + mark.size())).word(", (");
        if (path.starts_with("/dev/")) return device_name(path);
    }
    return {};
}

struct Damage {
    std::string_view prefix;
    KernelEventKind kind;
};

constexpr Damage damages[] = {
    {"csum failed ", KernelEventKind::checksum},
    {"checksum error at ", KernelEventKind::checksum},
    {"checksum verify failed ", KernelEventKind::checksum},
    {"super block checksum error", KernelEventKind::checksum},
    {"direct IO failed ", KernelEventKind::io},
    {"lost page write due to ", KernelEventKind::io},
    {"lost super block write", KernelEventKind::io},
    {"i/o error at logical ", KernelEventKind::io},
    {"error writing primary super block", KernelEventKind::io},
    {"parent transid verify failed ", KernelEventKind::inconsistent},
    {"bad tree block ", KernelEventKind::inconsistent},
    {"tree level mismatch ", KernelEventKind::inconsistent},
    {"tree first key mismatch", KernelEventKind::inconsistent},
    {"tree level check failed", KernelEventKind::inconsistent},
    {"unable to find ref byte ", KernelEventKind::inconsistent},
    {"super block error on device", KernelEventKind::inconsistent},
    {"forced readonly", KernelEventKind::read_only},
    {"failed to read chunk root", KernelEventKind::inconsistent},
    {"failed to read tree root", KernelEventKind::inconsistent},
    {"failed to read root ", KernelEventKind::inconsistent},
    {"failed to read fs tree", KernelEventKind::inconsistent},
    {"failed to read log tree", KernelEventKind::inconsistent},
    {"failed to read block groups", KernelEventKind::inconsistent},
    {"failed to load root ", KernelEventKind::inconsistent},
    {"failed to recover log tre", KernelEventKind::inconsistent},
    {"failed to recover relocation", KernelEventKind::inconsistent},
    {"failed to verify dev extents", KernelEventKind::inconsistent},
    {"couldn't read tree root", KernelEventKind::inconsistent},
    {"couldn't read chunk root", KernelEventKind::inconsistent},
    {"superblock checksum mismatch", KernelEventKind::checksum},
    {"level verify failed", KernelEventKind::inconsistent},
    {"bad fsid on block", KernelEventKind::inconsistent},
    {"leaf free space ret", KernelEventKind::inconsistent},
    {"open_ctree failed: -5", KernelEventKind::inconsistent},
    {"open_ctree failed: -117", KernelEventKind::inconsistent},
};

std::optional<KernelEventKind> kind_of_damage(std::string_view level, std::string_view text) {
    for (const Damage& damage : damages) {
        if (text.starts_with(damage.prefix)) return damage.kind;
    }
    // "failed to read chunk tree: -2": a device is not there (yet), which has a line of its own
    if ((text.starts_with("failed to read chunk tree") ||
         text.starts_with("failed to read the system array")) &&
        !text.ends_with("-2")) {
        return KernelEventKind::inconsistent;
    }
    // "devid 2 uuid 1234-… is missing", "… missing" until 4.12
    if (text.starts_with("devid ") && text.ends_with(" missing"))
        return KernelEventKind::missing_member;
    if (contains(text, "tree block corruption detected")) return KernelEventKind::inconsistent;
    if (level == "critical" && (text.starts_with("corrupt ") || contains(text, "corrupt leaf") ||
                                contains(text, "corrupt node"))) {
        return KernelEventKind::inconsistent;
    }
    return std::nullopt;
}

// What btrfs did about a failed read, and on which device.
Event repair(KernelEvent event, std::string_view text) {
    if (text.starts_with("read error corrected: ")) {
        event.kind = KernelEventKind::corrected;
        const size_t at = text.find("(dev ");
        if (at != std::string_view::npos) {
            event.device = device_name(TextScanner(text.substr(at + 5)).word(" )"));
        }
        return event;
    }
    if (text.starts_with("fixed up error at logical ")) {
        event.kind = KernelEventKind::corrected;
        event.device = device_on(text);
        return event;
    }
    if (text.starts_with("unable to fixup ")) {
        event.kind = KernelEventKind::uncorrected;
        event.device = device_on(text);
        return event;
    }
    return std::nullopt;
}

}  // namespace

namespace {

// The state in ": state EA" (fs/btrfs/messages.c): 'E' after an error, 'A' when a transaction was
// aborted. Either makes the filesystem read-only until it is unmounted.
bool stopped(std::string_view state) {
    TextScanner scan(state);
    if (!scan.skip(": state ") && !scan.skip(" state ")) return false;
    return scan.rest().find_first_of("EA") != std::string_view::npos;
}

// Until 4.1 many messages did not name the filesystem: "BTRFS: bdev /dev/sdb1 errs: wr 1, …",
// "btrfs: checksum error at logical …"; so do those of the tool btrfs check.
Event unnamed(KernelEvent event, std::string_view text) {
    event.fstype = "btrfs";
    event.text = text;
    if (text.starts_with("bdev ")) return counters(event, text);
    if (auto repaired = repair(event, text)) return repaired;
    const auto kind = kind_of_damage("error", text);
    if (!kind) return std::nullopt;
    event.kind = *kind;
    return event;
}

}  // namespace

Event old_btrfs(std::string_view message) {
    KernelEvent event;
    event.layer = KernelLayer::filesystem;
    TextScanner scan(message);
    if (!scan.skip("btrfs: ")) scan.skip("btrfs ");
    return unnamed(event, scan.rest());
}

// "BTRFS error (device sda1): …", "BTRFS error (device sda1: state EA): …" since 5.18,
// "BTRFS: error (device sda1) in function:12: errno=-5 IO failure"
Event btrfs(std::string_view message) {
    TextScanner scan(message);
    scan.skip("BTRFS");
    KernelEvent event;
    event.layer = KernelLayer::filesystem;
    const bool in_function = scan.skip(":");
    if (!scan.skip(" ")) return std::nullopt;
    // "BTRFS: Transaction aborted (error -5)": a stack trace and a message with the device follow
    if (in_function && !scan.rest().starts_with("error (device ") &&
        !scan.rest().starts_with("critical (device "))
        return unnamed(event, scan.rest());
    const std::string_view level = scan.word(" ");
    if (!scan.skip(" (device ")) return std::nullopt;
    event.filesystem = scan.word(" ):");
    event.fstype = "btrfs";
    const auto state = scan.until(")");
    if (!state) return std::nullopt;
    scan.skip(":");
    scan.skip_spaces();
    const std::string_view text = scan.rest();
    event.text = text;
    if (in_function) {
        if (level != "error" && level != "critical") return std::nullopt;
        event.kind = KernelEventKind::inconsistent;
        return event;
    }
    if (text.starts_with("bdev ")) {
        event.btrfs.history = level == "info";
        event.btrfs.stopped = stopped(*state);
        return counters(event, text);
    }
    // since 5.18: "first mount of filesystem 01234567-…"
    constexpr std::string_view first_mount = "first mount of filesystem ";
    if (text.starts_with(first_mount)) {
        event.kind = KernelEventKind::mounted;
        event.text = uuid_at(text.substr(first_mount.size()));
        return event.text.empty() ? std::nullopt : Event(event);
    }
    if (auto repaired = repair(event, text)) return repaired;
    const auto kind = kind_of_damage(level, text);
    if (!kind && !stopped(*state)) return std::nullopt;
    event.kind = kind.value_or(KernelEventKind::shutdown);
    return event;
}

}  // namespace lastgood::kernel_messages
