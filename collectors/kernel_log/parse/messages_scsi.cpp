// drivers/scsi/scsi_logging.c, scsi_error.c, scsi_lib.c, sd.c; drivers/usb/storage/uas.c;
// drivers/usb/core/hub.c. A failed command since 3.19:
//   sd 2:0:0:0: [sdb] tag#7 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE cmd_age=2s
//   sd 2:0:0:0: [sdb] tag#7 Sense Key : Medium Error [current]
//   sd 2:0:0:0: [sdb] tag#7 Add. Sense: Unrecovered read error
//   sd 2:0:0:0: [sdb] tag#7 CDB: Read(16) 88 00 …
// Older kernels print no "tag#7 FAILED"; 3.x prints a newline behind "[sdb]".
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

namespace {

struct HostByte {
    std::string_view name;
    uint64_t value;
    KernelEventKind kind;
};

// enum scsi_host_status of <scsi/scsi_status.h>; the kernel prints the number if the names are
// compiled out.
constexpr HostByte host_bytes[] = {
    {"DID_NO_CONNECT", 0x01, KernelEventKind::device_gone},
    {"DID_BUS_BUSY", 0x02, KernelEventKind::transport},
    {"DID_TIME_OUT", 0x03, KernelEventKind::timeout},
    {"DID_BAD_TARGET", 0x04, KernelEventKind::device_gone},
    {"DID_ABORT", 0x05, KernelEventKind::timeout},
    {"DID_PARITY", 0x06, KernelEventKind::transport},
    {"DID_ERROR", 0x07, KernelEventKind::transport},
    {"DID_RESET", 0x08, KernelEventKind::transport},
    {"DID_BAD_INTR", 0x09, KernelEventKind::transport},
    {"DID_SOFT_ERROR", 0x0b, KernelEventKind::transport},
    {"DID_TRANSPORT_DISRUPTED", 0x0e, KernelEventKind::transport},
    {"DID_TRANSPORT_FAILFAST", 0x0f, KernelEventKind::transport},
    {"DID_TARGET_FAILURE", 0x10, KernelEventKind::target},
    {"DID_NEXUS_FAILURE", 0x11, KernelEventKind::nexus},
    {"DID_ALLOC_FAILURE", 0x12, KernelEventKind::no_space},
    {"DID_MEDIUM_ERROR", 0x13, KernelEventKind::medium},
    {"DID_TRANSPORT_MARGINAL", 0x14, KernelEventKind::transport},
};

KernelEventKind kind_of_host_byte(std::string_view word) {
    for (const HostByte& host : host_bytes) {
        if (host.name == word) return host.kind;
    }
    if (word.starts_with("0x")) {
        const auto value = TextScanner(word).hexadecimal();
        for (const HostByte& host : host_bytes) {
            if (value && host.value == *value) return host.kind;
        }
    }
    return KernelEventKind::io;
}

bool is_address(std::string_view text) {
    return consists_of(text, "0123456789:") && std::ranges::count(text, ':') == 3 &&
           is_digit(text.back());
}

struct SenseKey {
    std::string_view name;
    uint64_t value;
    KernelEventKind kind;
};

// SPC-4, table 48
constexpr SenseKey sense_keys[] = {
    {"No Sense", 0x0, KernelEventKind::io},
    {"Recovered Error", 0x1, KernelEventKind::io},
    {"Not Ready", 0x2, KernelEventKind::device_gone},
    {"Medium Error", 0x3, KernelEventKind::medium},
    {"Hardware Error", 0x4, KernelEventKind::hardware},
    {"Illegal Request", 0x5, KernelEventKind::target},
    {"Unit Attention", 0x6, KernelEventKind::io},
    {"Data Protect", 0x7, KernelEventKind::target},
    {"Blank Check", 0x8, KernelEventKind::medium},
    {"Vendor Specific", 0x9, KernelEventKind::io},
    {"Copy Aborted", 0xa, KernelEventKind::io},
    {"Aborted Command", 0xb, KernelEventKind::transport},
    {"Volume Overflow", 0xd, KernelEventKind::target},
    {"Miscompare", 0xe, KernelEventKind::target},
};

// The kind for a sense key as the kernel prints it: "Medium Error", or "0x3" where the names are
// compiled out.
std::optional<KernelEventKind> kind_of_sense(std::string_view sense_key) {
    const bool number = sense_key.starts_with("0x");
    const auto value = number ? TextScanner(sense_key).hexadecimal() : std::nullopt;
    for (const SenseKey& key : sense_keys) {
        if (number ? value == key.value : sense_key.starts_with(key.name)) return key.kind;
    }
    return std::nullopt;
}

// A part of the report of a failed command: "Result: …", "Sense Key : …", "Add. Sense: …", "CDB: …"
Event command_report(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    event.text = text;
    const bool unknown = scan.skip("UNKNOWN(");
    if (unknown && !scan.until(") ")) return std::nullopt;
    if (!unknown) scan.skip("FAILED ");
    if (scan.skip("Result: ")) {
        event.part = KernelEventPart::command;
        if (scan.skip("hostbyte=")) {
            event.kind = kind_of_host_byte(scan.word(" ,"));
            if (event.kind == KernelEventKind::io && contains(text, "DRIVER_TIMEOUT")) {
                event.kind = KernelEventKind::timeout;
            }
        }
        return event;
    }
    // "Read Capacity(16) failed: Result: hostbyte=DID_NO_CONNECT driverbyte=DRIVER_OK"
    for (std::string_view command :
         {"Read Capacity(1", "READ CAPACITY", "Test Unit Ready failed"}) {
        if (!text.starts_with(command) || !scan.until("failed: Result: hostbyte=")) continue;
        event.part = KernelEventPart::command;
        event.kind = kind_of_host_byte(scan.word(" ,"));
        if (event.kind == KernelEventKind::io) event.kind = KernelEventKind::device_gone;
        return event;
    }
    if (scan.skip("Sense Key : ")) {
        const auto kind = kind_of_sense(scan.rest());
        if (!kind) return std::nullopt;
        event.part = KernelEventPart::command_line;
        event.kind = *kind;
        return event;
    }
    if (scan.skip("Add. Sense: ")) {
        event.part = KernelEventPart::detail;
        event.text = scan.rest();
        // libata reports this if the drive gave no reason: it says nothing about the request.
        event.kind = event.text.starts_with("Unaligned write command") ? KernelEventKind::transport
                                                                       : KernelEventKind::io;
        if (event.text.starts_with("Scsi parity error")) event.kind = KernelEventKind::transport;
        if (event.text.starts_with("Logical block guard check failed") ||
            event.text.starts_with("Logical block reference tag") ||
            event.text.starts_with("Logical block application tag")) {
            event.kind = KernelEventKind::protection;
        }
        if (event.text.starts_with("Space allocation failed"))
            event.kind = KernelEventKind::no_space;
        // ASC 5Dh, at any sense key; ASCQ FFh is the answer of a test
        if ((contains(event.text, "rediction threshold exceeded") ||
             contains(event.text, "impending failure") || contains(event.text, "ASC=0x5d")) &&
            !contains(event.text, "(FALSE)") && !contains(event.text, "ASCQ=0xff")) {
            event.kind = KernelEventKind::hardware;
        }
        // A card reader without card; the answer to a tool's ATA command, under key Recovered Error
        if (event.text.starts_with("Medium not present") ||
            event.text.starts_with("ATA pass through information available") ||
            contains(event.text, "ASC=0x3a") || event.text.starts_with("ASC=0x0 ASCQ=0x1d")) {
            event.kind = KernelEventKind::harmless;
        }
        return event;
    }
    if (scan.skip("CDB: ")) {
        event.part = KernelEventPart::detail;
        event.text = {};
        const size_t end = scan.rest().find(')');
        if (end != text.npos) event.operation = scan.rest().substr(0, end + 1);
        return event;
    }
    return std::nullopt;
}

struct State {
    std::string_view prefix;
    KernelEventKind kind;
    KernelLayer layer = KernelLayer::scsi;
};

constexpr State states[] = {
    {"rejecting I/O to ", KernelEventKind::device_gone},  // offline or dead device
    {"Device offlined", KernelEventKind::lost},
    {"timing out command, waited", KernelEventKind::timeout},
    {"attempting task abort", KernelEventKind::timeout},
    {"megasas: RESET ", KernelEventKind::timeout},
    {"access beyond end of device", KernelEventKind::beyond_end},
    {"uas_eh_abort_handler ", KernelEventKind::timeout, KernelLayer::usb},
    {"uas_eh_device_reset_handler start", KernelEventKind::reset, KernelLayer::usb},
};

// "scsi host6: usb-storage 2-1:1.0" gives the USB port of a SCSI host; "scsi host6: uas" does not.
Event usb_host(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    event.kind = KernelEventKind::port_map;
    event.address = event.device;
    event.device = {};
    if (scan.skip("usb-storage ")) {
        event.device = scan.word(":");
        event.text = "usb-storage";
        return event;
    }
    return text == "uas" ? Event(event) : std::nullopt;
}

// "[sdb] 15628053168 512-byte logical blocks: (8.00 TB/7.28 TiB)"
bool is_capacity(std::string_view text) {
    TextScanner scan(text);
    return scan.number() && scan.skip(" ") && scan.number() && scan.skip("-byte ") &&
           (scan.skip("logical blocks") || scan.skip("hardware sectors") ||
            scan.skip("hdwr sectors"));
}

// 2.6: "SCSI error: return code = 0x8000002"; bits 16 to 23 are the host byte.
Event return_code(KernelEvent event, std::string_view text) {
    TextScanner scan(text);
    if (!scan.skip("SCSI error: return code = ")) return std::nullopt;
    event.part = KernelEventPart::command;
    if (const auto code = scan.hexadecimal()) {
        for (const HostByte& host : host_bytes) {
            if (host.value == ((*code >> 16) & 0xff)) event.kind = host.kind;
        }
    }
    return event;
}

// The state of a device or host; `text` comes without address and name.
Event device_state(KernelEvent event, std::string_view text) {
    event.text = text;
    for (const State& known : states) {
        if (!text.starts_with(known.prefix)) continue;
        event.kind = known.kind;
        event.layer = known.layer;
        return event;
    }
    if (text.starts_with("scsi_internal_device_unblock") &&
        contains(text, "->[transport-offline]")) {
        event.kind = KernelEventKind::device_gone;
        return event;
    }
    if (text.starts_with("Attached ") && contains(text, " disk")) {
        event.kind = KernelEventKind::attached;
        // 2.6: "sd 0:0:0:0: Attached scsi disk sda"
        if (event.device.empty() || event.device == event.address) {
            event.device = text.substr(text.rfind(' ') + 1);
        }
        return event;
    }
    if (!event.device.empty() && is_capacity(text)) {
        event.kind = KernelEventKind::appeared;
        return event;
    }
    if (auto found = usb_host(event, text)) return found;
    if (auto found = return_code(event, text)) return found;
    if (event.device.empty() || event.device == event.address || event.address.empty())
        return std::nullopt;
    event.kind = KernelEventKind::named;
    return event;
}

}  // namespace

Event scsi(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    event.layer = KernelLayer::scsi;
    // 2.6: "SCSI device sda: 156301488 512-byte hdwr sectors (80026 MB)"
    if (scan.skip("SCSI device ")) {
        event.device = scan.word(":");
        return scan.skip(": ") ? device_state(event, scan.rest()) : std::nullopt;
    }
    // 2.6: "sda: Current: sense key: Medium Error", "sda: Current: sense key=0x3"
    if (!scan.skip("sd ") && !scan.skip("scsi ") && !scan.skip("sr ")) {
        const std::string_view name = scan.word(":");
        if (name.size() > 8 ||
            (!scan.skip(": Current: sense key") && !scan.skip(": Current [descriptor]: sense key")))
            return std::nullopt;
        if (!scan.skip(": ") && !scan.skip("=")) return std::nullopt;
        const auto kind = kind_of_sense(scan.rest());
        if (!kind) return std::nullopt;
        event.device = name;
        event.part = KernelEventPart::command_line;
        event.kind = *kind;
        event.text = scan.rest();
        return event;
    }
    const size_t end = scan.rest().find(": ");
    if (end == std::string_view::npos || end > 24) return std::nullopt;
    const std::string_view address = scan.rest().substr(0, end);
    scan.advance(end + 2);
    if (address.starts_with("host")) {
        event.device = address;
        return device_state(event, scan.rest());
    }
    if (!is_address(address)) return std::nullopt;
    event.address = address;
    event.device = address;
    scan.skip_spaces();
    if (scan.skip("[")) {
        const std::string_view name = scan.word("]");
        if (!scan.skip("]")) return std::nullopt;
        event.device = name;
        scan.skip_spaces();
    }
    if (scan.skip("tag#")) {
        scan.word(" ");
        scan.skip_spaces();
    }
    if (scan.at_end() || scan.rest().starts_with("Unhandled ")) {
        event.part = KernelEventPart::detail;  // 3.x: names the device of the next lines
        return event;
    }
    if (auto found = command_report(event, scan.rest())) return found;
    return device_state(event, scan.rest());
}

Event scsi_detail(std::string_view message) {
    KernelEvent event;
    event.layer = KernelLayer::scsi;
    return command_report(event, message);
}

Event usb(std::string_view message) {
    TextScanner scan(message);
    scan.skip("usb ");
    const std::string_view port = scan.word(":");
    if (port.empty() || !is_digit(port.front()) || !scan.skip(": ")) return std::nullopt;
    KernelEvent event;
    event.layer = KernelLayer::usb;
    event.device = message.substr(0, 4 + port.size());
    event.text = scan.rest();
    if (scan.skip("USB disconnect")) {
        event.kind = KernelEventKind::removed;
        return event;
    }
    if (scan.skip("reset ") && contains(event.text, "USB device number")) {
        event.kind = KernelEventKind::reset;
        return event;
    }
    return std::nullopt;
}

}  // namespace lastgood::kernel_messages
