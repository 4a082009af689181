// `lastgood explain` for ZFS: zpool status, and the messages of its event daemon.
#include <algorithm>
#include <array>

#include "collectors/explainer.hpp"
#include "collectors/zfs/parse/zed_message.hpp"
#include "collectors/zfs/parse/zpool_status.hpp"
#include "core/array_identity.hpp"
#include "core/device_name.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// "sdb1" → "sdb"; "ata-WDC_WD40EFRX_WD-1-part1" → without "-part1"
std::string drive_of(std::string_view device) {
    const size_t part = device.find("-part");
    return std::string(part == device.npos ? whole_device(device) : device.substr(0, part));
}

void observe(const ZedMessage& message, std::string_view line, Timestamp at, ExplainSink& sink) {
    const auto of_drive = [&](std::string_view kind) {
        if (message.device.empty()) return;
        const std::string drive = drive_of(message.device);
        sink.tell(metric::drive_info, drive, 1, at, line, {{"device", drive}});
        sink.count(metric::drive_kernel_errors_total, drive, at, line,
                   {{"kind", std::string(kind)}, {"layer", "zfs"}});
    };
    const auto of_pool = [&](std::string_view kind) {
        sink.count(metric::array_kernel_errors_total, message.pool, at, line,
                   {{"kind", std::string(kind)}, {"layer", "zfs"}});
    };
    switch (message.kind) {
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

bool explain_zed(std::string_view text, std::string_view line, Timestamp at, ExplainSink& sink) {
    const auto message = parse_zed_message(text);
    if (message) observe(*message, line, at, sink);
    return message.has_value();
}

void observe_leaf(const ZpoolLeaf& leaf, Timestamp now, ExplainSink& sink) {
    const std::string drive = drive_of(leaf.device);
    const bool fault =
        leaf.state == "FAULTED" || leaf.state == "UNAVAIL" || leaf.state == "REMOVED";
    if (!fault && leaf.state == "AVAIL") return;  // a spare
    sink.observe(metric::drive_info, drive, 1, now, {{"device", drive}});
    const auto tell = [&](const char* kind, uint64_t count) {
        sink.tell(metric::drive_kernel_errors_total, drive, static_cast<double>(count), now,
                  leaf.line, {{"kind", kind}, {"layer", "zfs"}});
    };
    tell("io", leaf.read + leaf.write);
    tell("checksum", leaf.checksum);
    if (fault) tell("kicked", 1);
}

void observe_pool(const ZpoolStatus& status, Timestamp now, ExplainSink& sink) {
    const std::string& pool = status.pool;
    sink.observe(metric::array_info, pool, 1, now,
                 {{"device", pool}, {"level", "zfs"}, {"metadata", std::string(metadata_zfs)}});
    sink.observe(metric::array_present, pool, 1, now);
    const bool failed =
        status.state == "FAULTED" || status.state == "UNAVAIL" || status.state == "SUSPENDED";
    sink.tell(metric::array_failed, pool, failed ? 1 : 0, now, status.state_line);
    int left = 1;
    bool lost = status.state == "DEGRADED";
    for (const ZpoolGroup& group : status.groups) {
        if (group.lost == 0) continue;
        lost = true;
        left = std::min(left, group.parity - group.lost);
    }
    if (lost && !failed) {
        const bool any =
            std::ranges::any_of(status.groups, [](const ZpoolGroup& one) { return one.lost > 0; });
        sink.tell(
            metric::array_kernel_errors_total, pool, 1, now, status.state_line,
            {{"kind", any && left > 0 ? "array_reduced" : "array_degraded"}, {"layer", "zfs"}});
    }
    if (status.data_errors > 0)
        sink.tell(metric::array_kernel_errors_total, pool, static_cast<double>(status.data_errors),
                  now, status.errors_line, {{"kind", "uncorrected"}, {"layer", "zfs"}});
    for (const ZpoolLeaf& leaf : status.leaves) observe_leaf(leaf, now, sink);
    constexpr std::array known = {"ONLINE",  "DEGRADED", "FAULTED",  "OFFLINE",
                                  "UNAVAIL", "REMOVED",  "SUSPENDED"};
    if (!contains(known, status.state))
        sink.problem(pool, {ErrorKind::absent, "the text does not tell its state in known words"});
    if (!status.has_errors_line)
        sink.problem(pool, {ErrorKind::absent,
                            "the text does not tell whether it has data errors: it is cut off"});
    for (const std::string_view row : status.unread) sink.not_understood(row);
}

Result<void> explain_zpool(std::string_view text, Timestamp now, ExplainSink& sink) {
    const auto pools = parse_zpool_status(text);
    if (pools.empty()) return fail(ErrorKind::absent, "the text describes no pool");
    for (const ZpoolStatus& pool : pools) observe_pool(pool, now, sink);
    return {};
}

Begin begins_zpool(std::string_view line) {
    return line.starts_with("pool: ") ? Begin::part : Begin::no;
}

}  // namespace

const Explainer zpool_status_explainer{
    .what = "zpool's output",
    .command = "zpool",
    .begins = begins_zpool,
    .explain = explain_zpool,
};
const ProgramLogExplainer zed_explainer{.program = "zed", .explain = explain_zed};

}  // namespace lastgood
