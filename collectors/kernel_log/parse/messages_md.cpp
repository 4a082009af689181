// drivers/md: md.c, raid1.c, raid10.c, raid5.c; all versions.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

namespace {

// "sdj" in "(8 sectors at 54126592 on sdj)"; empty if there is none.
std::string_view device_after_on(std::string_view text) {
    const size_t at = text.find(" on ");
    if (at == std::string_view::npos) return {};
    return TextScanner(text.substr(at + 4)).word(") .,");
}

// An array that starts: "active with 1 out of 2 mirrors", "active with 3 out of 4 devices",
// "raid level 6 active with 5 out of 6 devices, algorithm 2"
Event started(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    uint64_t level = 0;
    if (scan.skip("raid level ")) level = scan.number().value_or(0);
    if (!scan.until("active with ")) return std::nullopt;
    const auto active = scan.number();
    if (!active || !scan.skip(" out of ")) return std::nullopt;
    const auto members = scan.number();
    if (!members || *active >= *members) return std::nullopt;
    const uint64_t missing = *members - *active;
    const bool mirror = scan.skip(" mirrors");
    // Appliances make mirrors over more slots than they have bays.
    if (mirror && *active > 1) return std::nullopt;
    const bool redundant = level == 6 && missing < 2;
    event.kind = redundant ? KernelEventKind::array_reduced : KernelEventKind::array_degraded;
    return event;
}

// A message of an array's personality (raid1, raid10, raid5, raid6).
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
    // The sector stayed unreadable after it was written anew; the array still had the data.
    if (starts("read error NOT corrected")) {
        event.kind = KernelEventKind::medium;
        event.device = device_after_on(text);
        return event;
    }
    if (starts("read error not correctable ")) {
        event.kind = KernelEventKind::uncorrected;
        event.device = device_after_on(text);
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
    if (starts("failed to run raid set")) {
        event.kind = KernelEventKind::array_failed;
        return event;
    }
    // "Disk failure on …" follows both: it is what counts as the failure.
    if (scan.skip("Too many read errors, failing device ")) {
        event.device = scan.word(". ");
        return event;
    }
    // "sdb1: Raid device exceeded read_error threshold [cur 21:max 20]"
    if (contains(text, ": Raid device exceeded read_error threshold")) {
        event.device = scan.word(":");
        return event;
    }
    if (auto active = started(event, text)) return active;
    // "sdb1: unrecoverable I/O read error for block 123"; raid10: "md0: unrecoverable …"
    if (const size_t at = text.find("unrecoverable I/O "); at != std::string_view::npos) {
        event.kind = KernelEventKind::uncorrected;
        const std::string_view name = at >= 2 ? text.substr(0, at - 2) : std::string_view();
        if (name != event.array && !contains(name, ' ')) event.device = name;
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
        if (!is_digit(scan.peek())) return std::nullopt;
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

}  // namespace lastgood::kernel_messages
