#include "collectors/arrays/btrfs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "collectors/arrays/parse/btrfs_scrub_file.hpp"
#include "collectors/arrays/rebuild.hpp"
#include "core/array_identity.hpp"
#include "core/kernel_number.hpp"
#include "core/metrics/array_risk.hpp"
#include "core/metrics/arrays.hpp"

namespace lastgood {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 9> profiles = {{
    {"single", 0},
    {"dup", 0},  // both copies on one device
    {"raid0", 0},
    {"raid1", 1},
    {"raid1c3", 2},
    {"raid1c4", 3},
    {"raid10", 1},
    {"raid5", 1},
    {"raid6", 2},
}};

struct Weakest {
    std::string profile;
    int survives = -1;
    std::string unknown;
};

// allocation/{data,metadata,system}/ has a directory for each profile in use (the kernel's
// fs/btrfs/sysfs.c).
Weakest weakest_profile(const Host& host, const std::string& directory) {
    Weakest weakest;
    for (const char* type : {"data", "metadata", "system", "mixed"}) {
        const std::string allocation = fmt::format("{}/allocation/{}", directory, type);
        auto entries = host.list(allocation);
        if (!entries) {
            if (entries.error().kind != ErrorKind::absent) weakest.unknown = type;
            continue;
        }
        for (const std::string& entry : *entries) {
            if (!host.exists(fmt::format("{}/{}/total_bytes", allocation, entry))) continue;
            const int survives = btrfs_profile_survives(entry);
            if (survives < 0) weakest.unknown = entry;
            if (survives < 0 || (weakest.survives >= 0 && survives >= weakest.survives)) continue;
            weakest.profile = entry;
            weakest.survives = survives;
        }
    }
    return weakest;
}

// The members that are there. `left`: how many of them may still be lost; nothing: not known.
void observe_present_members(const Topology* topology, const std::string& id,
                             const std::vector<std::string>& devices, std::optional<int> left,
                             Timestamp now, Sink& sink) {
    for (const std::string& device : devices) {
        std::set<std::string> drives;
        if (topology != nullptr) drives = topology->drives_under(device);
        if (drives.empty()) drives.insert("");
        for (const std::string& drive : drives) {
            sink.observe(metric::array_member, id, 1, now,
                         {{"drive", drive},
                          {"device", device},
                          {"slot", ""},
                          {"state", "in_sync"},
                          {"flags", ""}});
            if (left && *left >= 0)
                sink.observe(metric::array_member_fatal, id, *left == 0 ? 1 : 0, now,
                             {{"drive", drive}, {"device", device}});
        }
    }
}

// What the filesystem does to its devices (Linux fs/btrfs/sysfs.c, exclusive_operation, since
// 5.10); "" for nothing, and for what moves no data.
std::string work_of(const Host& host, const std::string& directory) {
    const std::string word = host.read_line(directory + "/exclusive_operation").value_or("");
    return word.starts_with("device ") || word.starts_with("balance") ? word : std::string();
}

// What is allotted on a device, the mean of all: a rebuild writes that. nullopt: not known.
std::optional<double> allotted_on_a_device(const Host& host, const std::string& directory,
                                           size_t devices) {
    double total = 0;
    for (const char* type : {"data", "metadata", "system", "mixed"}) {
        const auto text =
            host.read_line(fmt::format("{}/allocation/{}/disk_total", directory, type));
        if (!text) continue;
        const auto bytes = parse_kernel_number(*text);
        if (!bytes) return std::nullopt;
        total += *bytes;
    }
    if (total <= 0 || devices == 0) return std::nullopt;
    return total / static_cast<double>(devices);
}

// How long a rebuild takes, and when all of it was last read.
void observe_rebuild_of(const Host& host, const Topology* topology, const std::string& uuid,
                        const std::vector<std::string>& devices, Timestamp now, Sink& sink) {
    const std::string id = btrfs_array_id(uuid);
    MdArray array;  // its members only
    for (const std::string& device : devices) array.members.emplace_back().device = device;
    array.component_bytes = allotted_on_a_device(host, "/sys/fs/btrfs/" + uuid, devices.size());
    observe_rebuild(array, id, 0, topology, now, sink);
    const auto status = host.read("/var/lib/btrfs/scrub.status." + uuid);
    if (!status) return;  // never scrubbed by this tool, or by another one
    if (const auto end = btrfs_scrub_end(*status, devices.size()); end && *end <= now)
        sink.observe(metric::array_last_check_timestamp_seconds, id, *end, now);
}

void observe_one(const Host& host, const Topology* topology, const std::string& uuid, Timestamp now,
                 Sink& sink) {
    const std::string directory = "/sys/fs/btrfs/" + uuid;
    auto devices = host.list(directory + "/devices");
    if (!devices) return;
    const std::string id = btrfs_array_id(uuid);
    size_t missing = 0;
    const auto observe_missing = [&](const std::string& device, const std::string& slot) {
        ++missing;
        sink.observe(metric::array_member, id, 1, now,
                     {{"drive", ""},
                      {"device", device},
                      {"slot", slot},
                      {"state", "missing"},
                      {"flags", ""}});
    };
    if (auto numbers = host.list(directory + "/devinfo"))
        for (const std::string& number : *numbers) {
            auto flag = host.read_line(fmt::format("{}/devinfo/{}/missing", directory, number));
            if (flag && *flag == "1") observe_missing("", number);
        }
    if (devices->size() + missing < 2) return;  // not an array
    // A device that is removed while mounted stays in devices/, and "missing" stays 0 until the
    // next mount.
    if (topology != nullptr)
        std::erase_if(*devices, [&](const std::string& device) {
            const bool gone = topology->device(device) == nullptr;
            if (gone) observe_missing(device, "");
            return gone;
        });

    const Weakest weakest = weakest_profile(host, directory);
    auto label = host.read_line(directory + "/label");
    sink.observe(metric::array_info, id, 1, now,
                 {{"device", devices->empty() ? "" : devices->front()},
                  {"level", weakest.profile.empty() ? "btrfs" : "btrfs " + weakest.profile},
                  {"layout", ""},
                  {"metadata", std::string(metadata_btrfs)},
                  {"name", label ? *label : std::string()}});
    const bool readable = weakest.survives >= 0 && weakest.unknown.empty();
    sink.observe(metric::array_present, id, 1, now);
    sink.observe(metric::array_readable, id, readable ? 1 : 0, now);
    if (!readable)
        sink.problem(
            id, {ErrorKind::malformed,
                 weakest.unknown.empty()
                     ? fmt::format("btrfs {}: no profile in {}/allocation", uuid, directory)
                     : fmt::format("btrfs {}: unknown profile \"{}\"", uuid, weakest.unknown)});
    sink.observe(metric::array_members, id, static_cast<double>(devices->size() + missing), now);
    sink.observe(metric::array_degraded_members, id, static_cast<double>(missing), now);
    const int left = weakest.survives - static_cast<int>(missing);
    observe_present_members(topology, id, *devices, readable ? std::optional(left) : std::nullopt,
                            now, sink);
    if (const std::string work = work_of(host, directory); !work.empty())
        sink.observe(
            metric::array_sync_action, id, 1, now,
            {{"action", work}, {"phase", work.ends_with("paused") ? "delayed" : "running"}});
    if (!readable) return;
    if (weakest.survives > 0) observe_rebuild_of(host, topology, uuid, *devices, now, sink);
    if (left >= 0 && !devices->empty())
        sink.observe(metric::array_next_loss_fatal_ratio, id, left == 0 ? 1 : 0, now);
    sink.observe(metric::array_failed, id, left < 0 ? 1 : 0, now);
    sink.observe(metric::array_survivable_failures, id, std::max(left, 0), now);
    sink.observe(metric::array_fatal_members, id,
                 left == 0 ? static_cast<double>(devices->size()) : 0.0, now);
}

}  // namespace

int btrfs_profile_survives(std::string_view profile) {
    for (const auto& [name, survives] : profiles)
        if (name == profile) return survives;
    return -1;
}

void observe_btrfs_arrays(const Host& host, const Topology* topology, Timestamp now, Sink& sink) {
    auto entries = host.list("/sys/fs/btrfs");
    if (!entries) return;
    for (const std::string& entry : *entries)
        if (entry != "features") observe_one(host, topology, entry, now, sink);
}

}  // namespace lastgood
