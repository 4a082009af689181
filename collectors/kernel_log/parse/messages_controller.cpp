// HBAs, RAID controllers and buses, often the only witness of the drives behind them:
// drivers/scsi (mpt3sas, megaraid, hpsa.c, aacraid, 3w-*.c, qla2xxx, scsi_transport_iscsi.c),
// drivers/message/fusion, drivers/pci/pcie (aer, pciehp), drivers/usb/host/xhci*.c.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

namespace {

struct Words {
    std::string_view text;  // anywhere in the message
    KernelEventKind kind;
};

template <size_t size>
Event first_of(KernelEvent event, const Words (&known)[size]) {
    for (const Words& words : known) {
        if (!contains(event.text, words.text)) continue;
        event.kind = words.kind;
        return event;
    }
    return std::nullopt;
}

KernelEvent controller_event(std::string_view device, std::string_view text) {
    KernelEvent event;
    event.layer = KernelLayer::controller;
    event.device = device;
    event.text = text;
    return event;
}

// "PD 02(e0x20/s2)", "VD 00/0"; empty if the text has none
std::string_view unit_in(std::string_view text, std::string_view mark) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos || at + mark.size() >= text.size() ||
        !is_digit(text[at + mark.size()]))
        return {};
    size_t end = at + mark.size();
    while (end < text.size() && contains("0123456789abcdef/", text[end])) ++end;
    if (end < text.size() && text[end] == '(') {
        const size_t close = text.find(')', end);
        if (close != std::string_view::npos) end = close + 1;
    }
    return text.substr(at, end - at);
}

// The sense key behind "Sense: 3/11/00", in hexadecimal.
KernelEventKind kind_of_sense_triple(std::string_view text) {
    const size_t at = text.find("Sense: ");
    if (at == std::string_view::npos) return KernelEventKind::io;
    const auto key = TextScanner(text.substr(at + 7)).hexadecimal();
    if (key == 3u) return KernelEventKind::medium;
    if (key == 4u) return KernelEventKind::hardware;
    if (key == 5u || key == 6u || key == 1u || key == 0u) return KernelEventKind::harmless;
    return KernelEventKind::io;
}

// An event of the firmware of a MegaRAID controller: "5434 (712345679s/0x0002/CRIT) - Predictive
// failure: PD 02(e0x20/s2)": number, time, locale, class, text.
Event megaraid_firmware(std::string_view message, std::string_view text) {
    const size_t dash = text.find(") - ");
    if (text.empty() || !is_digit(text.front()) || dash == std::string_view::npos)
        return std::nullopt;
    const std::string_view head = text.substr(0, dash);
    const std::string_view level = head.substr(head.rfind('/') + 1);
    KernelEvent event = controller_event({}, text.substr(dash + 4));
    const std::string_view drive = unit_in(event.text, "PD ");
    const std::string_view volume = unit_in(event.text, "VD ");
    event.device = drive;
    constexpr Words of_drive[] = {
        {"redictive failure", KernelEventKind::hardware},
        {"to FAILED", KernelEventKind::kicked},
        {"to UNCONFIGURED_BAD", KernelEventKind::kicked},
        {"is now FAILED", KernelEventKind::kicked},
        {"edium error", KernelEventKind::medium},
        {"ommand timeout on PD", KernelEventKind::timeout},
        {"Unexpected sense", KernelEventKind::io},
    };
    if (!drive.empty()) {
        if (const auto found = first_of(event, of_drive)) {
            KernelEvent known = *found;
            if (contains(event.text, "Unexpected sense"))
                known.kind = kind_of_sense_triple(event.text);
            return known;
        }
    } else if (!volume.empty()) {
        event.array = volume;
        constexpr Words of_volume[] = {
            {"to OFFLINE", KernelEventKind::array_failed},
            {"is now OFFLINE", KernelEventKind::array_failed},
            {"to DEGRADED", KernelEventKind::array_degraded},
            {"is now DEGRADED", KernelEventKind::array_degraded},
            {"to PARTIALLY DEGRADED", KernelEventKind::array_reduced},
            {"is now PARTIALLY DEGRADED", KernelEventKind::array_reduced},
        };
        return first_of(event, of_volume);
    }
    if (level != "CRIT" && level != "FATAL" && level != "DEAD") return std::nullopt;
    if (drive.empty()) event.device = message.substr(0, message.find(": "));
    if (level != "CRIT" && drive.empty()) event.kind = KernelEventKind::hardware;
    return event;
}

// "megaraid_sas 0000:02:00.0: …", "megasas: …"
Event megaraid(std::string_view message) {
    const size_t colon = message.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view text = message.substr(colon + 2);
    if (const auto event = megaraid_firmware(message, text)) return event;
    constexpr Words known[] = {
        {"in FAULT state", KernelEventKind::hardware},
        {"in fault state", KernelEventKind::hardware},
        {"adapter is dead", KernelEventKind::lost},
        {"Adapter is dead", KernelEventKind::lost},
        {"HBA is not operational", KernelEventKind::lost},
        {"Hardware critical error", KernelEventKind::lost},
        {"failed to do reset", KernelEventKind::lost},
        {"reset adapter failed", KernelEventKind::lost},
        {"resetting fusion adapter", KernelEventKind::reset},
    };
    return first_of(controller_event(message.substr(0, colon), text), known);
}

// "mpt3sas_cm0: …", "mpt2sas0: …", "mptbase: ioc0: …", "mptscsih: ioc0: …"
Event mpt(std::string_view message) {
    TextScanner scan(message);
    std::string_view device = scan.word(": ");
    if (!scan.skip(": ")) return std::nullopt;
    if (scan.rest().starts_with("ioc")) {
        device = scan.word(": ");
        if (!scan.skip(": ")) return std::nullopt;
    }
    KernelEvent event = controller_event(device, scan.rest());
    // "SMART data received, ASC/ASCQ = 5dh/00h": a drive behind it predicts its failure
    if (contains(event.text, "SMART data received")) {
        event.kind =
            contains(event.text, "5dh/ffh") ? KernelEventKind::harmless : KernelEventKind::hardware;
        return event;
    }
    constexpr Words known[] = {
        {"non-operational", KernelEventKind::lost},
        {"fault_state(", KernelEventKind::hardware},
        {"IOC is in FAULT state", KernelEventKind::hardware},
        {"Command Timeout", KernelEventKind::timeout},
        {"command timeout", KernelEventKind::timeout},
        {"attempting task abort", KernelEventKind::timeout},
        {"attempting device reset", KernelEventKind::reset},
        {"attempting target reset", KernelEventKind::reset},
        {"attempting host reset", KernelEventKind::reset},
        {"Initiating recovery", KernelEventKind::reset},
        {"volume is now degraded", KernelEventKind::io},
        {"volume is now failed", KernelEventKind::io},
        {"PhysDisk is now failed", KernelEventKind::io},
        {"PhysDisk is now missing", KernelEventKind::io},
        {"physdisk is now failed", KernelEventKind::io},
        {"SMART: ", KernelEventKind::hardware},
    };
    if (event.text.starts_with("config_request: ")) return std::nullopt;
    return first_of(event, known);
}

// "3w-9xxx: scsi1: AEN: ERROR (0x04:0x0009): Drive timeout detected:port=3."
Event three_ware(std::string_view message) {
    const size_t at = message.find(": AEN: ");
    if (at == std::string_view::npos) {
        constexpr Words known[] = {
            {"Character ioctl", KernelEventKind::harmless},
            {"Command (0x", KernelEventKind::timeout},
            {"Controller reset failed", KernelEventKind::lost},
            {"Unit #", KernelEventKind::timeout},
        };
        const size_t colon = message.find(": ERROR: ");
        if (colon == std::string_view::npos) return std::nullopt;
        return first_of(controller_event(message.substr(0, colon), message.substr(colon + 2)),
                        known);
    }
    KernelEvent event = controller_event(message.substr(0, at), message.substr(at + 7));
    const size_t unit = std::min(event.text.find("unit="), event.text.find("port="));
    if (unit != std::string_view::npos) event.device = trim_end(event.text.substr(unit), ".");
    constexpr Words known[] = {
        {"Drive not supported", KernelEventKind::harmless},
        {"SMART threshold exceeded", KernelEventKind::hardware},
        {"Degraded unit", KernelEventKind::kicked},
        {"Rebuild failed", KernelEventKind::uncorrected},
        {"Drive timeout detected", KernelEventKind::timeout},
        {"Drive error detected", KernelEventKind::io},
        {"Drive ECC error", KernelEventKind::medium},
        {"Source drive error", KernelEventKind::medium},
        {"Sector repair completed", KernelEventKind::medium},
        {"Unit inoperable", KernelEventKind::uncorrected},
        {"Drive removed", KernelEventKind::lost},
        {"Drive power on reset", KernelEventKind::reset},
        {"Battery", KernelEventKind::harmless},
    };
    if (const auto found = first_of(event, known)) return found;
    return event.text.starts_with("ERROR") ? Event(event) : std::nullopt;
}

// "qla2xxx [0000:05:00.0]-801c:10: Abort command issued nexus=10:0:0 …"
Event qla(std::string_view message) {
    TextScanner scan(message);
    if (!scan.until("[")) return std::nullopt;
    const std::string_view device = scan.word("]");
    constexpr Words known[] = {
        {"Abort command issued", KernelEventKind::timeout},
        {"DEVICE RESET ISSUED", KernelEventKind::reset},
        {"ADAPTER RESET ISSUED", KernelEventKind::reset},
        {"ISP System Error", KernelEventKind::hardware},
        {"Hardware error", KernelEventKind::hardware},
    };
    return first_of(controller_event(device, message), known);
}

// libiscsi.c, scsi_transport_iscsi.c: "connection2:0: detected conn error (1020)", "connection2:0:
// ping timeout of 5 secs expired, recv timeout 5, last rx …"; until 2.6.28 "connection2:0: iscsi:
// …"
Event connection(std::string_view message) {
    TextScanner scan(message);
    const std::string_view device = scan.word(":");
    if (device == "connection" || !is_digit(device.back()) || !scan.skip(":") || !scan.number() ||
        !scan.skip(": "))
        return std::nullopt;
    scan.skip("iscsi: ");
    const std::string_view text = scan.rest();
    KernelEvent event = controller_event(device, text);
    if (text.starts_with("detected conn error")) {
        event.kind = KernelEventKind::transport;
    } else if (text.starts_with("ping timeout of ")) {
        event.kind = KernelEventKind::timeout;
    } else {
        return std::nullopt;
    }
    return event;
}

// "session1: session recovery timed out after 120 secs" (iSCSI)
Event session(std::string_view message) {
    TextScanner scan(message);
    const std::string_view device = scan.word(":");
    if (!scan.skip(": session recovery timed out")) return std::nullopt;
    KernelEvent event = controller_event(device, message);
    event.kind = KernelEventKind::transport;
    return event;
}

}  // namespace

Event controller(std::string_view message) {
    if (message.starts_with("mega")) return megaraid(message);
    if (message.starts_with("mpt")) return mpt(message);
    if (message.starts_with("3w-")) return three_ware(message);
    if (message.starts_with("qla")) return qla(message);
    if (message.starts_with("session")) return session(message);
    if (message.starts_with("connection")) return connection(message);
    // "pcieport 0000:00:1c.4: …", "xhci_hcd 0000:00:14.0: …", "hpsa 0000:05:00.0: …", "AAC0: …"
    const size_t colon = message.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    constexpr Words known[] = {
        {"AER: device recovery failed", KernelEventKind::lost},
        {"AER: Device recovery failed", KernelEventKind::lost},
        {"Link Down", KernelEventKind::lost},
        {"HC died; cleaning up", KernelEventKind::lost},
        {"host controller not responding, assume dead", KernelEventKind::lost},
        {"ontroller lockup detected", KernelEventKind::lost},
        {"ABORT REQUEST", KernelEventKind::timeout},
        {"Host adapter abort request", KernelEventKind::timeout},
        {"Host bus reset request", KernelEventKind::reset},
        {"Host adapter reset request", KernelEventKind::reset},
        {"BLINK LED", KernelEventKind::lost},
        {"Adapter health - ", KernelEventKind::lost},
        {"dapter kernel panic", KernelEventKind::lost},
        {"dapter monitor panic", KernelEventKind::lost},
        {"esetting physical ", KernelEventKind::reset},
        {"esetting logical ", KernelEventKind::reset},
    };
    const std::string_view text = message.substr(colon + 2);
    if (message.starts_with("pcieport") && contains(text, "Link Down") &&
        !text.starts_with("pciehp: "))
        return std::nullopt;
    return first_of(controller_event(message.substr(0, colon), text), known);
}

}  // namespace lastgood::kernel_messages
