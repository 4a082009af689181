#include "collectors/kernel_log/names.hpp"

#include <algorithm>

#include "core/array_identity.hpp"
#include "core/device_name.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// Many errors under one unknown name must not read /sys once for each.
constexpr Seconds min_refresh_interval = 1;
// udev needs some time to identify a drive after the kernel has announced it.
constexpr Seconds identification_delay = 2;
constexpr size_t max_names = 4096;

bool is_number(std::string_view name) {  // "8:16"
    return consists_of(name, "0123456789:") && std::ranges::count(name, ':') == 1 &&
           name.front() != ':';
}

// Names that a watched drive can have. Errors of others (fd0, sr0, loop3, zram0) are not counted.
bool may_be_drive(std::string_view name) {
    for (std::string_view prefix : {"sd", "nvme", "vd", "xvd", "hd", "mmcblk", "ata"}) {
        if (name.starts_with(prefix)) return true;
    }
    return !name.empty() && is_digit(name.front()) && std::ranges::count(name, ':') == 3;
}

std::vector<std::string> to_vector(const std::set<std::string>& ids) {
    return {ids.begin(), ids.end()};
}

}  // namespace

bool HostKernelLogNames::Appearances::learn(const KernelEvent& event) {
    if (event.kind == KernelEventKind::mounted) {
        learn_mount(event);
        return false;
    }
    if (event.kind == KernelEventKind::removed) {
        ++removals;
        return false;
    }
    if (event.kind != KernelEventKind::appeared) return false;
    if (names.size() >= max_names && !names.contains(event.device)) return false;
    const std::string form = std::string(event.address) + " " + std::string(event.text);
    Appearance& last = names[std::string(event.device)];
    // Each file that is attached to a loop device is another one.
    const bool loop = event.device.starts_with("loop");
    if (!loop && last.count > 0 && last.form == form && last.removals == removals) return false;
    last.form = form;
    last.removals = removals;
    ++last.count;
    return true;
}

void HostKernelLogNames::Appearances::learn_mount(const KernelEvent& event) {
    if (filesystems.size() >= max_names && !filesystems.contains(event.filesystem)) return;
    // Older kernels print no UUID. On a loop device it is another file mostly, on others the same
    // filesystem.
    if (event.text.empty() && !event.filesystem.starts_with("loop")) return;
    Filesystem& last = filesystems[std::string(event.filesystem)];
    if (last.uuid == event.text && !event.text.empty()) return;
    last.uuid = event.text;
    ++last.count;
}

// True if the backlog shows that after the present event another filesystem was mounted from a
// device of this name, or another device took the name.
bool HostKernelLogNames::is_earlier_filesystem(std::string_view device) const {
    const auto is_earlier = [](const auto& live, const auto& backlog, std::string_view name,
                               unsigned fewest) {
        const auto all = backlog.find(name);
        if (all == backlog.end() || all->second.count < fewest) return false;
        const auto seen = live.find(name);
        return seen == live.end() || seen->second.count < all->second.count;
    };
    // A filesystem's errors at its mount come before the line that tells of the mount; nothing of
    // a file comes before it is attached.
    const unsigned of_names = device.starts_with("loop") ? 1 : 2;
    return is_earlier(live_.filesystems, backlog_.filesystems, device, 2) ||
           is_earlier(live_.names, backlog_.names, whole_device(device), of_names);
}

HostKernelLogNames::HostKernelLogNames(const Host& host, ReadTopology read,
                                       std::function<Seconds()> clock)
    : host_(host), read_(std::move(read)), clock_(std::move(clock)) {
    refresh();
    keep_names();
}

void HostKernelLogNames::refresh() {
    read_at_ = clock_();
    auto fresh = read_();
    if (!fresh) return;
    previous_ = std::move(topology_);
    topology_ = std::move(*fresh);
}

void HostKernelLogNames::keep_names() {
    for (const auto& [name, device] : topology_.devices) {
        if (kept_.size() >= max_names || kept_.contains(name)) continue;
        auto ids = to_vector(topology_.drives_under(name));
        if (!ids.empty()) kept_.emplace(name, std::move(ids));
    }
    // udev removes the link with its drive, but btrfs reports errors under it for longer.
    for (const auto& [link, name] : topology_.btrfs_links) {
        if (kept_.size() >= max_names && !kept_.contains(link)) continue;
        auto ids = to_vector(topology_.drives_under(name));
        if (!ids.empty()) kept_.insert_or_assign(link, std::move(ids));
    }
}

void HostKernelLogNames::learn_backlog(const KernelEvent& event) {
    backlog_.learn(event);
}

void HostKernelLogNames::settle() {
    if (!stale_ || clock_() - appeared_at_ < identification_delay) return;
    stale_ = false;
    reused_.clear();
    refresh();
    keep_names();
}

void HostKernelLogNames::note(const KernelEvent& event) {
    const bool reused = live_.learn(event);
    if (event.kind == KernelEventKind::appeared || event.kind == KernelEventKind::attached) {
        const auto backlog = backlog_.names.find(event.device);
        const auto live = live_.names.find(event.device);
        const bool past = backlog != backlog_.names.end() && live != live_.names.end() &&
                          live->second.count <= backlog->second.count;
        if (past) return;  // the topology was read after this event
        stale_ = true;
        appeared_at_ = clock_();
        if (!reused) return;
        const std::string_view whole = event.device;
        if (reused_.size() < max_names) reused_.emplace(whole);
        std::erase_if(kept_, [whole](const auto& entry) {
            return entry.first == whole || whole_device(entry.first) == whole;
        });
    }
}

std::vector<std::string> HostKernelLogNames::drives_at(std::string_view place) const {
    auto ids = topology_.drives_at(place);
    if (ids.empty()) ids = previous_.drives_at(place);
    return to_vector(ids);
}

std::vector<std::string> HostKernelLogNames::drives_named(std::string_view name) {
    const auto kept = kept_.find(name);
    if (kept != kept_.end()) return kept->second;
    // A new partition or namespace of a known drive.
    const std::string_view whole = whole_device(name);
    if (whole != name) {
        if (const auto drive = kept_.find(whole); drive != kept_.end()) return drive->second;
    }
    if (read_at_ <= appeared_at_ && reused_.contains(whole))
        refresh();  // the topology may still have the old device
    auto ids = topology_.drives_under(name);
    if (ids.empty() && clock_() - read_at_ >= min_refresh_interval) {
        refresh();
        ids = topology_.drives_under(name);
    }
    if (ids.empty()) ids = topology_.drives_at(name);  // "nvme0", a controller
    auto found = to_vector(ids);
    const bool settled = clock_() - appeared_at_ >= identification_delay;
    if (!found.empty() && settled && kept_.size() < max_names) {
        kept_.emplace(std::string(name), found);
    }
    return found;
}

std::optional<KernelLogSubjects> HostKernelLogNames::by_name(std::string_view name) {
    KernelLogSubjects subjects;
    const BlockDevice* device = topology_.device(name);
    const bool composed =
        device != nullptr && (device->kind == BlockKind::dm || device->kind == BlockKind::md ||
                              device->kind == BlockKind::bcache);
    if (device != nullptr && device->kind == BlockKind::loop &&
        topology_.drive_of_device(name) == nullptr) {
        return subjects;  // a file, not a drive
    }
    subjects.drives = drives_named(name);
    if (subjects.drives.empty()) {
        if (composed || name.starts_with("md")) {
            subjects.array = array(name);
            return subjects;
        }
        return std::nullopt;
    }
    subjects.mapped = composed;
    // A stopped array has no device any more; kept_ may still have its last members.
    const bool array_device =
        device != nullptr ? device->kind == BlockKind::md : name.starts_with("md");
    if (array_device || (device != nullptr && subjects.drives.size() > 1)) {
        // The drives' own errors show which of them failed.
        subjects.drives.clear();
        subjects.array = array(name);
        subjects.mapped = false;
    }
    return subjects;
}

KernelLogSubjects HostKernelLogNames::subjects(const KernelEvent& event,
                                               std::string_view kmsg_device) {
    const std::string_view name = event.device;
    if (is_no_drive(name) && !name.starts_with("loop")) return {};
    // A drive behind a controller has no name of the kernel's.
    if (event.layer == KernelLayer::controller) {
        if (name.empty()) return {};
        std::string id = "unknown-" + std::string(name);
        std::ranges::replace(id, ' ', '_');
        return {{std::move(id)}, {}, false};
    }
    // A USB port or SCSI host may have no drive or several.
    if (name.starts_with("usb ") || name.starts_with("host")) {
        KernelLogSubjects subjects;
        subjects.drives = drives_at(name);
        if (subjects.drives.size() != 1) subjects.drives.clear();
        return subjects;
    }
    const std::string whole(whole_device(name));
    const auto old = backlog_.names.find(whole);
    if (old != backlog_.names.end() && old->second.count > 1) {
        const auto seen = live_.names.find(whole);
        if (seen == live_.names.end() || seen->second.count < old->second.count) {
            if (!may_be_drive(whole)) return {};
            return {{"unknown-" + whole}, {}, false};
        }
    }
    // DEVICE= of the record is exact.
    if (kmsg_device.size() > 1 && kmsg_device.front() == 'b') {
        if (const BlockDevice* device = topology_.device(kmsg_device.substr(1))) {
            // The number may belong to another device by now; then the name decides.
            const bool same = is_number(name) || device->name == name || !kept_.contains(name);
            if (same) {
                if (auto subjects = by_name(device->name)) return *subjects;
            }
        }
    }
    const bool port = name.starts_with("ata");
    if (!port && !name.empty() && std::ranges::count(name, ':') != 3) {
        std::string resolved(name);
        if (is_number(name)) {
            if (const BlockDevice* device = topology_.device(name)) resolved = device->name;
        }
        if (auto subjects = by_name(resolved)) return *subjects;
    }
    KernelLogSubjects subjects;
    for (std::string_view place : {port ? name : event.address,
                                   kmsg_device.starts_with("+scsi:")       ? kmsg_device.substr(6)
                                   : kmsg_device.starts_with("+ata_port:") ? kmsg_device.substr(10)
                                                                           : std::string_view(),
                                   name}) {
        if (place.empty()) continue;
        subjects.drives = drives_at(place);
        if (!subjects.drives.empty()) return subjects;
    }
    if (port && clock_() - read_at_ >= min_refresh_interval) {
        refresh();
        subjects.drives = drives_at(name);
        if (!subjects.drives.empty()) return subjects;
    }
    if (may_be_drive(name) || is_number(name)) subjects.drives = {"unknown-" + whole};
    return subjects;
}

std::string HostKernelLogNames::array(std::string_view device) {
    std::string name(whole_device(device));
    if (is_number(name)) {  // "253:2", a thin pool
        const BlockDevice* pool = topology_.device(name);
        if (pool != nullptr) name = pool->name;
    }
    if (name.starts_with("md")) {
        std::string id = md_array_id(host_, name);
        if (!id.empty()) {
            if (array_ids_.size() < max_names || array_ids_.contains(name))
                array_ids_.insert_or_assign(name, id);
            return id;
        }
    }
    // The array is stopped: sysfs has no uuid any more.
    if (const auto known = array_ids_.find(name); known != array_ids_.end()) return known->second;
    // An LVM RAID volume has the id that the arrays collector gives it.
    const BlockDevice* mapped = topology_.device(name);
    if (mapped != nullptr && is_lvm_array(topology_, *mapped)) {
        return lvm_array_id(host_, name, mapped->dm_name);
    }
    return name;
}

std::string HostKernelLogNames::filesystem(std::string_view device) {
    // Another message of the same failure names the filesystem: it aborts or cannot be mounted.
    if (device.empty() || is_earlier_filesystem(device)) return {};
    const Mount* mount = mount_of(device);
    if (mount == nullptr && clock_() - read_at_ >= min_refresh_interval) {
        refresh();  // it may have been mounted since
        mount = mount_of(device);
    }
    return mount != nullptr ? mount->point : std::string(device);
}

const Mount* HostKernelLogNames::mount_of(std::string_view device) const {
    const BlockDevice* block = topology_.device(device);
    const Mount* best = nullptr;
    for (const Mount& mount : topology_.mounts) {
        const bool same = (block != nullptr && mount.number == block->number) ||
                          mount.source == "/dev/" + std::string(device);
        if (!same && block != nullptr && mount.source.starts_with("/dev/")) {
            const BlockDevice* source = topology_.device(mount.source);
            if (source == nullptr || source->name != block->name) continue;
        } else if (!same) {
            continue;
        }
        if (best == nullptr || (best->root != "/" && mount.root == "/")) best = &mount;
    }
    return best;
}

}  // namespace lastgood
