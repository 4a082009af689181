// SD cards and eMMC: drivers/mmc.
#include "collectors/kernel_log/parse/messages.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"

namespace lastgood::kernel_messages {

Event mmc(std::string_view message) {
    TextScanner scan(message);
    KernelEvent event;
    event.layer = KernelLayer::mmc;
    scan.skip("mmc_host ");
    event.device = scan.word(": ");
    if (!scan.skip(": ")) return std::nullopt;
    const std::string_view text = scan.rest();
    event.text = text;
    const bool card = event.device.starts_with("mmcblk");  // else the host, "mmc0"
    const auto starts = [text](std::string_view word) { return text.starts_with(word); };
    if (card && scan.skip("error -")) {
        // "error -110 requesting status" (ETIMEDOUT),
        // "error -84 transferring data, sector 1, nr 8, cmd response …" (EILSEQ: CRC error)
        const auto number = scan.number();
        if (!number) return std::nullopt;
        event.kind = number == 110u  ? KernelEventKind::timeout
                     : number == 84u ? KernelEventKind::transport
                                     : KernelEventKind::io;
        if (scan.until("sector ")) event.sector = scan.number();
        return event;
    }
    if (card && (starts("timed out sending ") || starts("recovery failed!"))) {
        event.kind = starts("recovery") ? KernelEventKind::device_gone : KernelEventKind::timeout;
        return event;
    }
    if (card && starts("mmc")) {  // "mmcblk0: mmc0:0001 DG4032 29.1 GiB"
        event.kind = KernelEventKind::appeared;
        return event;
    }
    // "response CRC error sending r/w cmd command, card status 0x900"
    if (card && contains(text, "CRC error sending ")) {
        event.kind = KernelEventKind::transport;
        return event;
    }
    // "unknown error -110 sending read/write command, card status 0x900"
    if (card && starts("unknown error -")) {
        event.kind = contains(text, "-110") ? KernelEventKind::timeout : KernelEventKind::io;
        return event;
    }
    if (!card && (starts("Card stuck ") || starts("cqhci: timeout for tag ") ||
                  starts("Timeout sending command") ||
                  (starts("error -110 ") && (contains(text, "initialising SD card") ||
                                             contains(text, "initialising MMC card"))))) {
        event.kind = KernelEventKind::timeout;
        return event;
    }
    if (!card && starts("error -") &&
        (contains(text, "initialising SD card") || contains(text, "initialising MMC card"))) {
        event.kind = contains(text, "-84 ") ? KernelEventKind::transport : KernelEventKind::io;
        return event;
    }
    if (!card && starts("cache flush error ")) {
        event.kind = contains(text, "-110") ? KernelEventKind::timeout : KernelEventKind::io;
        return event;
    }
    if (!card && starts("Timeout waiting for hardware ")) {
        event.kind = KernelEventKind::timeout;
        return event;
    }
    if (!card && starts("card ") && text.ends_with(" removed")) {
        event.kind = KernelEventKind::removed;
        return event;
    }
    return block(message);
}

}  // namespace lastgood::kernel_messages
