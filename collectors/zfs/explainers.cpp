// `lastgood explain` for ZFS: the messages of its event daemon.
#include "collectors/explainer.hpp"
#include "collectors/zfs/parse/zed_message.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// "sdb1" → "sdb"; "ata-WDC_WD40EFRX_WD-1-part1" → without "-part1"
std::string drive_of(std::string_view device) {
    if (const size_t part = device.find("-part"); part != device.npos)
        return std::string(device.substr(0, part));
    const std::string_view stem = trim_end(device, decimal_digits);
    if (stem.size() > 2 && stem.size() < device.size() && stem.back() == 'p' &&
        is_digit(stem[stem.size() - 2]))
        return std::string(stem.substr(0, stem.size() - 1));
    const bool lettered = stem.starts_with("sd") || stem.starts_with("vd") ||
                          stem.starts_with("hd") || stem.starts_with("xvd");
    return std::string(lettered ? stem : device);
}

void explain_zed(std::string_view text, std::string_view line, Timestamp at, ExplainSink& sink) {
    const auto message = parse_zed_message(text);
    if (!message) return;
    const auto of_drive = [&](std::string_view kind) {
        if (message->device.empty()) return;
        const std::string drive = drive_of(message->device);
        sink.tell(metric::drive_info, drive, 1, at, line, {{"device", drive}});
        sink.count(metric::drive_kernel_errors_total, drive, at, line,
                   {{"kind", std::string(kind)}, {"layer", "zfs"}});
    };
    const auto of_pool = [&](std::string_view kind) {
        sink.count(metric::array_kernel_errors_total, message->pool, at, line,
                   {{"kind", std::string(kind)}, {"layer", "zfs"}});
    };
    switch (message->kind) {
        case ZedKind::checksum:
            return of_drive("checksum");
        case ZedKind::io:
            return of_drive("io");
        case ZedKind::timeout:
            return of_drive("timeout");
        case ZedKind::faulted:
            return of_drive("kicked");
        case ZedKind::removed:
            return of_drive("lost");
        case ZedKind::data:
            return of_pool("uncorrected");
        case ZedKind::failed:
            return of_pool("array_failed");
    }
}

}  // namespace

const ProgramLogExplainer zed_explainer{.program = "zed", .explain = explain_zed};

}  // namespace lastgood
