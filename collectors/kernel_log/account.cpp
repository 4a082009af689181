#include "collectors/kernel_log/account.hpp"

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"

namespace lastgood {

namespace {

// Bound the memory that a flood of made-up device names can take.
constexpr size_t max_series = 4096;
constexpr size_t max_btrfs_devices = 1024;

// Growth of a cumulative counter. A smaller value means that it was reset (btrfs device stats -z).
uint64_t growth(uint64_t before, uint64_t after) {
    return after >= before ? after - before : after;
}

}  // namespace

void KernelLogAccount::add(const Metric& metric, std::string_view subject, std::string_view kind,
                           std::string_view layer, uint64_t count,
                           const KernelLogReader::Origin& origin, std::optional<uint64_t> sector) {
    if (!counting_ || count == 0) return;
    Key key{&metric, std::string(subject), std::string(kind), std::string(layer)};
    auto found = series_.find(key);
    if (found == series_.end()) {
        if (series_.size() >= max_series) {
            if (metric.subject == SubjectKind::host) return;
            key.subject = "unknown-others";
        }
        found = series_.try_emplace(std::move(key)).first;
    }
    Sum& sum = found->second;
    sum.count += count;
    if (origin.time > sum.newest) sum.newest = origin.time;
    if (!origin.line.empty())
        sum.evidence.add({origin.line, sector,
                          origin.dated ? std::optional<Timestamp>(origin.time) : std::nullopt});
}

void KernelLogAccount::charge_device(const KernelEvent& event,
                                     const KernelLogReader::Origin& origin, KernelEventKind kind,
                                     uint64_t count) {
    const KernelLogSubjects subjects = names_.subjects(event, origin.device);
    const bool mapped = subjects.mapped && event.layer == KernelLayer::block;
    const std::string_view layer = to_string(mapped ? KernelLayer::dm : event.layer);
    for (const std::string& drive : subjects.drives) {
        add(metric::drive_kernel_errors_total, drive, to_string(kind), layer, count, origin,
            event.sector);
    }
    // A member that is no drive, such as a loop device: its array has lost a copy all the same.
    const bool of_member = subjects.drives.empty() && subjects.array.empty();
    const std::string array =
        of_member && !event.array.empty() ? names_.array(event.array) : subjects.array;
    if (!array.empty()) {
        add(metric::array_kernel_errors_total, array, to_string(kind), layer, count, origin,
            event.sector);
    }
}

void KernelLogAccount::charge_btrfs(const KernelEvent& event,
                                    const KernelLogReader::Origin& origin) {
    const BtrfsCounters& now = event.btrfs;
    if (now.stopped) {
        KernelEvent stop = event;
        stop.kind = KernelEventKind::shutdown;
        stop.device = {};
        charge_error(stop, origin);
    }
    if (event.device.empty()) return;  // a missing device: "(efault)", "<missing disk>"
    const auto known = btrfs_.find(event.device);
    uint64_t io = 0;
    uint64_t checksum = 0;
    if (known != btrfs_.end()) {
        const BtrfsCounters& before = known->second;
        io = growth(before.write, now.write) + growth(before.read, now.read) +
             growth(before.flush, now.flush);
        checksum =
            growth(before.corruption, now.corruption) + growth(before.generation, now.generation);
        known->second = now;
    } else {
        // btrfs prints the line because one counter has just grown; the old values are unknown.
        const bool any_io = now.write + now.read + now.flush > 0;
        (any_io ? io : checksum) = 1;
        if (btrfs_.size() < max_btrfs_devices) btrfs_.try_emplace(std::string(event.device), now);
    }
    if (now.history) return;
    if (io > 0) charge_device(event, origin, KernelEventKind::io, io);
    if (checksum > 0) charge_device(event, origin, KernelEventKind::checksum, checksum);
}

void KernelLogAccount::charge(const KernelEvent& event, const KernelLogReader::Origin& origin) {
    switch (role_of(event.kind)) {
        case KernelEventRole::error:
            charge_error(event, origin);
            return;
        case KernelEventRole::counters:
            charge_btrfs(event, origin);
            return;
        case KernelEventRole::names:
            names_.note(event);
            return;
        case KernelEventRole::suppression:
            if (event.layer == KernelLayer::other) return;
            add(metric::kernel_log_suppressed_messages_total, "", "", "", event.count, origin);
            return;
        case KernelEventRole::state:
            // The collectors of arrays and filesystems read these from sysfs; not what a controller
            // or DRBD says.
            if (event.kind != KernelEventKind::recorded_errors && event.layer != KernelLayer::md)
                charge_error(event, origin);
            return;
        case KernelEventRole::context:
            return;
    }
}

void KernelLogAccount::charge_error(const KernelEvent& event,
                                    const KernelLogReader::Origin& origin) {
    const bool of_array = event.kind == KernelEventKind::array_failed ||
                          event.kind == KernelEventKind::array_mismatch ||
                          event.kind == KernelEventKind::array_degraded ||
                          event.kind == KernelEventKind::array_reduced ||
                          event.kind == KernelEventKind::pool_full;
    if (of_array || (event.kind == KernelEventKind::uncorrected && !event.array.empty())) {
        add(metric::array_kernel_errors_total, names_.array(event.array), to_string(event.kind),
            to_string(event.layer), 1, origin, event.sector);
    }
    if (of_array) return;  // what its drives did has messages of its own
    const bool of_filesystem = event.layer == KernelLayer::journal ||
                               (event.layer == KernelLayer::filesystem && event.device.empty());
    if (!event.filesystem.empty() || of_filesystem) {
        const std::string filesystem = names_.filesystem(event.filesystem);
        if (!filesystem.empty())
            add(metric::filesystem_kernel_log_errors_total, filesystem, to_string(event.kind),
                to_string(event.layer), 1, origin, event.sector);
    }
    if (!event.device.empty()) charge_device(event, origin, event.kind, 1);
}

void KernelLogAccount::charge_lost(uint64_t records, Timestamp at) {
    add(metric::kernel_log_lost_records_total, "", "", "", records, {at, {}});
}

std::vector<Observation> KernelLogAccount::drain(std::vector<EvidenceList>* evidence) {
    std::vector<Observation> found;
    found.reserve(series_.size());
    for (auto& [key, sum] : series_) {
        Observation observation{
            key.metric, key.subject, {}, static_cast<double>(sum.count), sum.newest};
        if (!key.kind.empty()) observation.labels = {{"kind", key.kind}, {"layer", key.layer}};
        found.push_back(std::move(observation));
        if (evidence != nullptr) evidence->push_back(std::move(sum.evidence));
    }
    series_.clear();
    return found;
}

}  // namespace lastgood
