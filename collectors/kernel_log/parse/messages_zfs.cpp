// OpenZFS (module/zfs/spa_misc.c, zio.c) and DRBD (drivers/block/drbd).
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

// "WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been suspended."
// "zio pool=tank vdev=/dev/sdb1 error=5 type=2 offset=3293896704 size=24576 flags=188881"
Event zfs(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    event.layer = KernelLayer::zfs;
    // "SPLError: 3525:0:(spl-err.c:67:vcmn_err()) WARNING: …", until 0.6.3
    if (scan.skip("SPLError: ") && !scan.until("()) ")) return std::nullopt;
    event.text = scan.rest();
    // "WARNING: MMP writes to pool 'tank' have not succeeded in over 60000 ms; suspending pool."
    if (scan.skip("WARNING: Pool '") || scan.skip("WARNING: MMP writes to pool '")) {
        event.kind = KernelEventKind::array_failed;
        event.array = scan.word("'");
        if (!contains(scan.rest(), "uncorrectable I/O failure") &&
            !contains(scan.rest(), "suspending pool"))
            return std::nullopt;
        return event;
    }
    scan.skip("zio pool=");
    event.array = scan.word(" ");
    if (!scan.skip(" vdev=")) return std::nullopt;
    const std::string_view path = scan.word(" ");
    // A path of /dev/disk/by-id names the drive by its last part.
    event.device = path.substr(path.rfind('/') + 1);
    if (!scan.skip(" error=")) return std::nullopt;
    const auto error = scan.number();
    if (!error) return std::nullopt;
    constexpr uint64_t eio = 5, enxio = 6, enodev = 19, ebade = 52, etimedout = 110,
                       eremoteio = 121;
    switch (*error) {
        case eio:
            event.kind = KernelEventKind::io;
            break;
        case enxio:
        case enodev:
            event.kind = KernelEventKind::device_gone;
            break;
        case ebade:  // ZFS's ECKSUM
            event.kind = KernelEventKind::checksum;
            break;
        case etimedout:
            event.kind = KernelEventKind::timeout;
            break;
        case eremoteio:
            event.kind = KernelEventKind::target;
            break;
        default:
            event.kind = KernelEventKind::io;
            break;
    }
    if (scan.skip(" type=")) {
        const auto type = scan.number();
        event.operation = type == 1u ? "READ" : type == 2u ? "WRITE" : "";
        if (type && *type > 2 && *error != eio) return std::nullopt;  // discard, open: refused
    }
    return event;
}

// "block drbd0: disk( UpToDate -> Failed )", "drbd r0/0 drbd1: disk( UpToDate -> Failed )
// [io-error]"
Event drbd(std::string_view message) {
    const size_t colon = message.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view head = message.substr(0, colon);
    const std::string_view text = message.substr(colon + 2);
    KernelEvent event;
    event.layer = KernelLayer::block;
    event.array = head.substr(head.rfind(' ') + 1);
    event.text = text;
    if (!event.array.starts_with("drbd")) return std::nullopt;
    if (const size_t disk = text.find("disk( ");
        disk != std::string_view::npos && (disk == 0 || text[disk - 1] == ' ') &&
        contains(text.substr(disk, text.find(')', disk) - disk), "-> Failed")) {
        event.kind = KernelEventKind::array_degraded;
        return event;
    }
    // "local WRITE IO error sector 2048+8 on sdb1": of the drive below; the peer has the data.
    for (const std::string_view operation : {"WRITE", "READ"}) {
        TextScanner scan(text);
        if (!scan.skip("local ") || !scan.skip(operation) || !scan.skip(" IO error")) continue;
        event.kind = KernelEventKind::io;
        event.operation = operation;
        if (scan.skip(" sector ")) event.sector = scan.number();
        if (scan.until(" on ")) event.device = scan.word(" ");
        if (event.device.empty()) event.kind = KernelEventKind::array_degraded;
        return event;
    }
    // "Local IO failed in drbd_request_endio. Detaching..."; not detached: the line above tells
    if (text.starts_with("Local IO failed in ") && contains(text, "Detaching")) {
        event.kind = KernelEventKind::array_degraded;
        return event;
    }
    return std::nullopt;
}

// khungtaskd (kernel/hung_task.c): "INFO: task jbd2/sda1-8:411 blocked for more than 120 seconds."
Event stuck_task(std::string_view message) {
    TextScanner scan(message);
    scan.skip("INFO: task ");
    const auto name = scan.until(" blocked for more than ");
    if (!name) return std::nullopt;
    KernelEvent event;
    event.layer = KernelLayer::filesystem;
    event.kind = KernelEventKind::timeout;
    event.text = message;
    const std::string_view task = name->substr(0, name->rfind(':'));
    if (task.starts_with("jbd2/")) {
        event.filesystem = task.substr(5, task.rfind('-') - 5);
        event.fstype = "ext4";
    } else if (task.starts_with("xfsaild/")) {
        event.filesystem = task.substr(8);
        event.fstype = "xfs";
    } else if (!task.starts_with("btrfs-transacti") && !task.starts_with("txg_sync") &&
               !(task.starts_with("md") && contains(task, "_raid")) && !contains(task, "flush-")) {
        // A program may wait for much else: a network filesystem, a check that was paused.
        return std::nullopt;
    }
    return event;
}

}  // namespace lastgood::kernel_messages
