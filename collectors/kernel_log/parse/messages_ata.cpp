// drivers/ata/libata-eh.c, libata-core.c, libata-scsi.c. A failed command is reported by
// ata_eh_link_report():
//   ata3.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0
//   ata3.00: failed command: READ DMA                              (since 2.6.33)
//   ata3.00: cmd c8/00:08:… tag 0 dma 4096 in
//            res 51/40:08:… Emask 0x9 (media error)                (same printk)
//   ata3.00: status: { DRDY ERR }
//   ata3.00: error: { UNC }
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

namespace {

// State of a port, "ata3: …", or of a device on a port, "ata3.00: …".
Event port_state(KernelEvent event, std::string_view text) {
    event.part = KernelEventPart::end;
    if (text.starts_with("hard resetting link") || text.starts_with("soft resetting link") ||
        text.starts_with("hard resetting port") || text.starts_with("soft resetting port")) {
        event.kind = KernelEventKind::reset;
    } else if (text.starts_with("limiting SATA link speed") ||
               text.starts_with("limiting speed to ") ||
               text.starts_with("NCQ disabled due to excessive errors")) {
        event.kind = KernelEventKind::slowed;
    } else if (text == "disabled" || text == "disable device") {
        // printed after "reset failed, giving up", "link offline, clearing class 1 to NONE" and
        // similar messages
        event.kind = KernelEventKind::lost;
    } else if (text.starts_with("reset failed, giving up")) {
        event.kind = KernelEventKind::device_gone;
    } else if (text.starts_with("COMRESET failed")) {
        event.kind = KernelEventKind::transport;
    } else if (text.starts_with("detaching (SCSI ")) {
        event.kind = KernelEventKind::removed;
        event.address = TextScanner(text.substr(16)).word(")");
    } else if (text.starts_with("EH complete")) {
        event.kind = KernelEventKind::ata_recovered;
    } else {
        return std::nullopt;
    }
    event.text = text;
    return event;
}

KernelEventKind kind_of_error_bits(std::string_view bits) {
    if (contains(bits, "UNC") || contains(bits, "IDNF") || contains(bits, "AMNF")) {
        return KernelEventKind::medium;
    }
    if (contains(bits, "ICRC")) return KernelEventKind::transport;
    if (contains(bits, "ABRT")) return KernelEventKind::target;
    return KernelEventKind::io;
}

}  // namespace

Event ata(std::string_view message) {
    TextScanner scan(message);
    scan.skip("ata");
    if (!is_digit(scan.peek())) return std::nullopt;
    const std::string_view device = scan.word(": ");
    KernelEvent event;
    event.layer = KernelLayer::ata;
    event.device = message.substr(0, 3 + device.size());
    // Synology: "ata7.00 (slot 4): …"
    if (scan.skip(" (") && !scan.until(")")) return std::nullopt;
    if (!scan.skip(": ")) return std::nullopt;
    const std::string_view text = scan.rest();
    if (text.empty()) return std::nullopt;
    switch (text.front()) {
        case 'e':
            if (scan.skip("exception Emask ")) {
                event.kind = KernelEventKind::ata_exception;
                event.part = KernelEventPart::end;  // of the report before it
                event.text = text;
                return event;
            }
            if (scan.skip("error: {")) {
                event.part = KernelEventPart::detail;
                event.text = scan.word("}");
                event.kind = kind_of_error_bits(event.text);
                return event;
            }
            return std::nullopt;
        case 'f':
            if (!scan.skip("failed command: ")) return std::nullopt;
            event.part = KernelEventPart::command;
            event.operation = scan.rest();
            event.text = text;
            return event;
        case 'c': {
            if (!scan.skip("cmd ")) break;
            event.part = KernelEventPart::command_line;
            event.text = text;
            // Some kernels print the result in the same line; some logs lost the newline.
            if (const size_t result = text.find("Emask 0x"); result != std::string_view::npos) {
                const Event reason = ata_result(text.substr(result));
                if (reason) event.kind = reason->kind;
            }
            return event;
        }
        default:
            break;
    }
    // 2.6.17: "ata1: command 0x25 timeout, stat 0xd0 host_stat 0x24"
    if (scan.skip("command 0x") && contains(text, " timeout, stat ")) {
        event.kind = KernelEventKind::timeout;
        event.text = text;
        return event;
    }
    // a command that libata itself issued (IDENTIFY, SET FEATURES, …)
    if (text.starts_with("qc timeout")) {
        event.kind = KernelEventKind::timeout;
        event.text = text;
        return event;
    }
    return port_state(event, text);
}

// "res 41/40:00:… Emask 0x409 (media error) <F>"; ata_err_string() gives the words in parentheses.
Event ata_result(std::string_view message) {
    const size_t mask = message.find("Emask 0x");
    if (mask == std::string_view::npos) return std::nullopt;
    TextScanner scan(message.substr(mask));
    if (!scan.until("(")) return std::nullopt;
    KernelEvent event;
    event.layer = KernelLayer::ata;
    event.part = KernelEventPart::detail;
    event.text = scan.word(")");
    if (event.text == "media error") {
        event.kind = KernelEventKind::medium;
    } else if (event.text == "timeout") {
        event.kind = KernelEventKind::timeout;
    } else if (event.text == "ATA bus error" || event.text == "host bus error" ||
               event.text == "HSM violation") {
        event.kind = KernelEventKind::transport;
    } else {
        event.kind = KernelEventKind::io;
    }
    return event;
}

}  // namespace lastgood::kernel_messages
