// drivers/nvme/host/core.c (nvme_log_error, nvme_log_err_passthru) and pci.c.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood::kernel_messages {

namespace {

// Status code type and status code: NVM Express Base Specification 2.0, figures 97 to 103.
KernelEventKind kind_of_status(uint64_t type, uint64_t code) {
    switch (type) {
        case 0:  // generic
            switch (code) {
                case 0x01:
                case 0x02:
                    return KernelEventKind::unsupported;
                case 0x04:
                    return KernelEventKind::transport;
                case 0x05:
                    return KernelEventKind::device_gone;  // aborted, power loss
                case 0x06:
                    return KernelEventKind::hardware;
                case 0x07:
                case 0x08:
                case 0x09:
                    return KernelEventKind::timeout;  // aborted on request, queue deleted
                case 0x81:
                    return KernelEventKind::no_space;
                case 0x82:
                    return KernelEventKind::device_gone;  // namespace not ready
                case 0x83:
                    return KernelEventKind::nexus;
                default:
                    return KernelEventKind::target;
            }
        case 1:
            return KernelEventKind::target;  // command specific
        case 2:                              // media and data integrity
            switch (code) {
                case 0x82:
                case 0x83:
                case 0x84:
                    return KernelEventKind::protection;
                case 0x85:
                case 0x86:
                    return KernelEventKind::target;
                default:
                    return KernelEventKind::medium;
            }
        case 3:
            return KernelEventKind::transport;  // path related
        default:
            return KernelEventKind::io;
    }
}

// "Read(0x2) @ LBA 1048576, 8 blocks, Unrecovered Read Error (sct 0x2 / sc 0x81) DNR"
Event command(KernelEvent event, std::string_view text) {
    const size_t at = text.rfind("(sct 0x");
    if (at == std::string_view::npos) return std::nullopt;
    TextScanner status(text.substr(at + 5));
    const auto type = status.hexadecimal();
    if (!type || !status.until("sc ")) return std::nullopt;
    const auto code = status.hexadecimal();
    if (!code) return std::nullopt;
    event.kind = kind_of_status(*type, *code);
    TextScanner scan(text);
    event.operation = scan.word("(");
    if (scan.until("@ LBA ")) event.sector = scan.number();
    const std::string_view before = text.substr(0, at);
    const size_t comma = before.rfind(", ");
    event.text = trim_end(comma == std::string_view::npos ? text : before.substr(comma + 2));
    return event;
}

// A message of the controller's driver: "nvme nvme0: …"
Event controller(KernelEvent event, std::string_view text) {
    event.text = text;
    // "nvme 0000:01:00.0: AER: PCIe Bus Error: severity=Uncorrected (Fatal), …"
    if (contains(text, "PCIe Bus Error: severity=Uncorrect")) {
        event.kind = KernelEventKind::transport;
        return event;
    }
    if (text.starts_with("I/O ")) {
        // "I/O 0 QID 0 timeout, aborting"
        // "I/O tag 12 (300c) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting req_op:READ(0) …"
        if (text.find(" timeout, ") == std::string_view::npos) return std::nullopt;
        event.kind = KernelEventKind::timeout;
        if (const size_t op = text.find("req_op:"); op != std::string_view::npos) {
            event.operation = TextScanner(text.substr(op + 7)).word("(");
        }
        return event;
    }
    const auto starts = [text](std::string_view word) { return text.starts_with(word); };
    if (starts("controller is down; will reset") || starts("resetting controller due to ") ||
        starts("failed to reset: ") || starts("frozen state error detected, reset controller")) {
        event.kind = KernelEventKind::reset;
        return event;
    }
    if (starts("Removing after probe failure") || starts("Disabling device after reset failure") ||
        starts("Device not ready; aborting ") || starts("Device unresponsive")) {
        event.kind = KernelEventKind::lost;
        return event;
    }
    if (starts("Device shutdown incomplete") || starts("Identify Controller failed") ||
        starts("failed to mark controller live")) {
        event.kind = KernelEventKind::device_gone;
        return event;
    }
    if (starts("Removing ctrl:")) {
        event.kind = KernelEventKind::removed;
        return event;
    }
    if (starts("pci function ") || starts("new ctrl:")) {
        event.kind = KernelEventKind::appeared;
        if (starts("pci function ")) event.address = trim_end(text.substr(13));
        return event;
    }
    // "8/0/0 default/read/poll queues": the controller is ready; its namespaces come next
    if (is_digit(text.front()) && contains(text, " default/read/poll queues")) {
        event.kind = KernelEventKind::attached;
        return event;
    }
    return std::nullopt;
}

}  // namespace

Event nvme(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    event.layer = KernelLayer::nvme;
    const bool driver = scan.skip("nvme ");
    event.device = scan.word(": ");
    // until 4.5 the driver named the PCI function: "nvme 0000:04:00.0: I/O 3 QID 2 timeout,
    // aborting"
    if (driver && event.device == "0000") {
        const size_t end = message.find(": ");
        if (end == std::string_view::npos || end + 2 >= message.size()) return std::nullopt;
        event.device = message.substr(0, end);
        return controller(event, message.substr(end + 2));
    }
    if (event.device.size() < 5 || !event.device.starts_with("nvme") || !scan.skip(": ") ||
        scan.at_end()) {
        return std::nullopt;
    }
    const std::string_view text = scan.rest();
    if (driver) return controller(event, text);
    if (auto found = command(event, text)) return found;
    // "nvme0n1: detected capacity change from 2000409264 to 0"
    if (text.starts_with("detected capacity change from ") && text.ends_with(" to 0")) {
        event.kind = KernelEventKind::lost;
        event.text = text;
        return event;
    }
    return block(message);
}

}  // namespace lastgood::kernel_messages
