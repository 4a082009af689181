// `lastgood explain` for saved outputs of mdadm and btrfs, and for Unraid's mdstat.
#include <fmt/core.h>

#include <map>
#include <utility>

#include "collectors/arrays/observations.hpp"
#include "collectors/arrays/parse/btrfs_text.hpp"
#include "collectors/arrays/parse/mdadm_text.hpp"
#include "collectors/arrays/parse/unraid.hpp"
#include "collectors/explainer.hpp"
#include "core/array_identity.hpp"
#include "core/device_name.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

Result<void> explain_mdadm_output(std::string_view text, Timestamp now, ExplainSink& sink) {
    std::vector<MdArray> arrays = parse_mdadm_detail(text);
    // Both print "Raid Level"; only --examine prints superblocks.
    if (contains(text, "Magic :")) arrays = parse_mdadm_examine(text);
    if (arrays.empty()) return fail(ErrorKind::absent, "the text describes no array");
    for (const MdArray& array : arrays)
        observe_array(array, array.device.empty() ? "md" : array.device, "", nullptr, now, sink);
    return {};
}

Begin begins_mdadm(std::string_view line) {
    if (line.starts_with("/dev/md") && line.ends_with(':') && !contains(line, ' '))
        return Begin::part;
    for (const std::string_view mark : {"Raid Level : ", "Magic : a92b4efc", "Array State : "})
        if (line.starts_with(mark)) return Begin::part;
    return line.starts_with("/dev/") && line.ends_with(':') && !contains(line, ' ') ? Begin::part
                                                                                    : Begin::no;
}

// Where it is no output of mdadm after all: another tool's heading "/dev/sda:".
size_t extent_of_mdadm(std::string_view text) {
    constexpr size_t beginning = 4096;
    const std::string_view head = text.substr(0, beginning);
    if (!contains(head, "Raid Level : ") && !contains(head, "Raid Devices : ") &&
        !contains(head, "Array State : "))
        return 0;
    // Up to a line that has no form of mdadm's.
    size_t length = 0;
    while (length < text.size()) {
        std::string_view rest = text.substr(length);
        const std::string_view line = trim(take_line(rest), " \t\r>");
        const bool known = line.empty() || contains(line, " : ") || contains(line, "RaidDevice") ||
                           (line.starts_with("/dev/") && line.ends_with(':')) ||
                           line.starts_with("this ") || line.starts_with("Number ") ||
                           is_digit(line.front()) || line.front() == '-' ||
                           contains(line, "mdadm") || line.ends_with(" :");
        if (!known) break;
        length = text.size() - rest.size();
    }
    return length;
}

Result<void> explain_unraid(std::string_view text, Timestamp now, ExplainSink& sink) {
    const auto array = parse_unraid(text);
    if (!array) return fail(ErrorKind::absent, "the text describes no array");
    constexpr std::string_view id = "unraid";
    sink.observe(
        metric::array_info, id, 1, now,
        {{"device", "unraid"}, {"level", "unraid"}, {"metadata", std::string(metadata_unraid)}});
    sink.observe(metric::array_present, id, 1, now);
    if (!array->has_states && !array->disabled)
        sink.problem(id, {ErrorKind::absent, "the text does not tell the state of its disks"});
    if (!array->strange_state.empty())
        sink.problem(id, {ErrorKind::malformed, fmt::format("the state {} of a disk is not known",
                                                            array->strange_state)});
    int parity = 0, lost = 0;
    for (const UnraidDisk& disk : array->disks) {
        std::string_view state;
        switch (disk.state) {
            case UnraidDiskState::ok:
                state = "in_sync";
                break;
            case UnraidDiskState::disabled:
            case UnraidDiskState::wrong:
                state = "faulty";
                break;
            case UnraidDiskState::invalid:
                state = "rebuilding";
                break;
            case UnraidDiskState::missing:
                state = "missing";
                break;
            case UnraidDiskState::other:
                continue;
        }
        constexpr int first_parity = 0, second_parity = 29;
        if (disk.slot == first_parity || disk.slot == second_parity) ++parity;
        if (disk.state != UnraidDiskState::ok) ++lost;
        sink.observe(metric::array_member, id, 1, now,
                     {{"drive", ""},
                      {"device", disk.device},
                      {"slot", std::to_string(disk.slot)},
                      {"state", std::string(state)},
                      {"flags", ""}});
        if (!disk.device.empty())
            sink.observe(metric::array_member_errors_total, id, disk.errors, now,
                         {{"drive", ""}, {"device", disk.device}});
    }
    const int counted = array->disabled.value_or(0) + array->missing.value_or(0);
    lost = std::max({lost, counted, array->invalid.value_or(0)});
    sink.observe(metric::array_degraded_members, id, lost, now);
    // Unraid keeps each drive's filesystem apart: more losses than parities cost those drives only.
    if (parity > 0 || lost == 0)
        sink.observe(metric::array_survivable_failures, id, std::max(0, parity - lost), now);
    sink.observe(metric::array_failed, id, 0, now);
    return {};
}

Begin begins_unraid(std::string_view line) {
    if (line.starts_with("sbName=")) return Begin::output;
    for (const std::string_view key : {"mdState=", "mdNumDisks=", "mdNumDisabled=", "rdevStatus."})
        if (line.starts_with(key)) return Begin::part;
    return Begin::no;
}

std::span<const EvidenceWords> words_of_unraid() {
    static const std::vector<EvidenceWords> words = {
        {&metric::array_degraded_members,
         {"DISK_DSBL", "DISK_NP_", "DISK_INVALID", "mdNumDisabled"}},
        {&metric::array_member, {"DISK_DSBL", "DISK_WRONG"}},
    };
    return words;
}

Result<void> explain_btrfs(std::string_view text, Timestamp now, ExplainSink& sink) {
    const auto devices = parse_btrfs_device_stats(text);
    const auto scrubs = parse_btrfs_scrub_status(text);
    if (devices.empty() && scrubs.empty())
        return fail(ErrorKind::absent, "the text has no statistics of btrfs");
    std::map<std::pair<std::string, std::string_view>, double> sums;
    for (const BtrfsDeviceStats& device : devices) {
        const std::string drive(whole_device(device.device));
        sink.observe(metric::drive_info, drive, 1, now, {{"device", drive}});
        // Several partitions of a drive may be devices of filesystems.
        const auto tell = [&](const char* kind, uint64_t count) {
            double& sum = sums[{drive, kind}];
            sum += static_cast<double>(count);
            sink.tell(metric::drive_kernel_errors_total, drive, sum, now, device.line,
                      {{"kind", kind}, {"layer", "filesystem"}});
        };
        tell("io", device.io);
        tell("checksum", device.wrong);
        if (device.counters < BtrfsDeviceStats::all_counters)
            sink.problem(drive, {ErrorKind::absent,
                                 "the text does not have all its counters: it is cut off"});
    }
    for (const BtrfsScrub& scrub : scrubs) {
        if (!scrub.has_result)
            sink.problem("", {ErrorKind::absent,
                              fmt::format("the text does not tell whether the scrub of {} found "
                                          "errors: it is cut off",
                                          scrub.uuid)});
        sink.observe(metric::filesystem_info, scrub.uuid, 1, now,
                     {{"device", scrub.uuid}, {"fstype", "btrfs"}});
        const auto tell = [&](const char* kind, uint64_t count) {
            sink.tell(metric::filesystem_kernel_log_errors_total, scrub.uuid,
                      static_cast<double>(count), now, scrub.line,
                      {{"kind", kind}, {"layer", "filesystem"}});
        };
        tell("uncorrected", scrub.uncorrectable);
        tell("corrected",
             std::max(scrub.corrected, scrub.errors - std::min(scrub.errors, scrub.uncorrectable)));
    }
    return {};
}

Begin begins_btrfs(std::string_view line) {
    for (const std::string_view head : {"scrub status for ", "scrub done for "})
        if (line.starts_with(head)) return Begin::output;
    if (line.starts_with("UUID:             ")) return Begin::part;
    const bool stats = line.starts_with('[') &&
                       (contains(line, "].write_io_errs") || contains(line, "].read_io_errs") ||
                        contains(line, "].corruption_errs"));
    return stats ? Begin::part : Begin::no;
}

}  // namespace

const Explainer mdadm_output_explainer{
    .what = "mdadm's output",
    .command = "mdadm",
    .begins = begins_mdadm,
    .extent = extent_of_mdadm,
    .explain = explain_mdadm_output,
};
const Explainer unraid_explainer{
    .what = "Unraid's mdstat",
    .command = {},
    .begins = begins_unraid,
    .explain = explain_unraid,
    .words = words_of_unraid,
};
const Explainer btrfs_output_explainer{
    .what = "btrfs's output",
    .command = "btrfs",
    .begins = begins_btrfs,
    .explain = explain_btrfs,
};

}  // namespace lastgood
