#include "collectors/journal/names.hpp"

#include <algorithm>
#include <set>

#include "core/drive_identity.hpp"
#include "core/text.hpp"
#include "core/udev_record.hpp"

namespace lastgood {

namespace {

constexpr Seconds min_refresh_interval = 1;
constexpr size_t max_names = 4096;
// Each unknown name is a series for ever; damaged messages must not fill the state.
constexpr size_t max_unknown_names = 64;
// A device that appears this early was there at boot: udev announces it when the host is up.
constexpr Seconds boot_takes = 300;
// The journal's clock and the boot's may differ a little.
constexpr Seconds clock_tolerance = 60;

// A name as a part of an id; empty if it is none: too long, or not plain text.
std::string plain(std::string_view device) {
    std::string name;
    for (const char c : device) {
        if (c < ' ' || c > '~') return {};
        if (c == '[' || c == ']') continue;
        name += c == ' ' || c == '/' ? '_' : c;
    }
    return name.size() > 128 ? std::string() : name;
}

bool may_be_drive(std::string_view device) {
    return is_drive(block_kind(device, false), false);
}

}  // namespace

JournalNames::JournalNames(const Host& host, ReadTopology read, std::function<Seconds()> clock)
    : host_(host), read_(std::move(read)), clock_(std::move(clock)) {
    refresh();
}

void JournalNames::learn(const JournalIdentity& identity) {
    if (said_.size() >= max_names && !said_.contains(identity.device)) return;
    std::string id = make_drive_id(identity.wwn, identity.model, identity.serial);
    if (id.empty()) return;
    // The drive may have another id here, if its WWN cannot be read in the same way.
    if (const Drive* drive = topology_.find_drive(identity.serial)) id = drive->id;
    said_.insert_or_assign(identity.device, std::move(id));
}

void JournalNames::refresh() {
    read_at_ = clock_();
    block_devices_ = host_.list("/sys/block").value_or(std::vector<std::string>());
    auto fresh = read_();
    if (!fresh) return;
    topology_ = std::move(*fresh);
    for (const auto& [id, drive] : topology_.drives) {
        std::vector<std::string> names = drive.other_devices;
        names.push_back(drive.device);
        for (const std::string& name : names) {
            if (last_.size() >= max_names && !last_.contains(name)) continue;
            std::string& known = last_[name];
            if (!known.empty() && known != id) before_.insert_or_assign(name, known);
            known = id;
        }
    }
}

void JournalNames::look() {
    if (host_.list("/sys/block").value_or(std::vector<std::string>()) != block_devices_) refresh();
}

// The drives under a block device; none under an array or a file.
std::set<std::string> JournalNames::drives_named(std::string_view name) const {
    const BlockDevice* device = topology_.device(name);
    if (device == nullptr) return {};
    if (const Drive* drive = topology_.drive_of_device(device->name)) return {drive->id};
    switch (device->kind) {
        case BlockKind::drive:
        case BlockKind::partition:
        case BlockKind::dm:
        case BlockKind::bcache:
            return topology_.drives_under(name);
        case BlockKind::md:
        case BlockKind::loop:
        case BlockKind::zram:
        case BlockKind::other:
            return {};
    }
    return {};
}

// The drive that has this name now; nullptr: none or several.
const Drive* JournalNames::present(std::string_view device) const {
    if (contains(device, '[')) return nullptr;  // behind a controller
    std::set<std::string> ids = drives_named(device);
    if (ids.empty() && device.starts_with("nvme")) ids = topology_.drives_at(device);
    for (const char* directory : {"", "disk/by-id/", "disk/by-path/", "disk/by-vdev/"}) {
        if (!ids.empty() || contains(device, "..")) break;
        const auto path = host_.resolve("/dev/" + std::string(directory) + std::string(device));
        if (path) ids = drives_named(last_component(*path));
    }
    return ids.size() == 1 ? topology_.drive(*ids.begin()) : nullptr;
}

bool JournalNames::was_here(const Drive& drive, Timestamp at) const {
    const BlockDevice* device = topology_.device(drive.device);
    if (device == nullptr) return true;
    const Seconds appeared = read_udev_record(host_, device->number).initialized;
    return appeared < boot_takes || host_.boot_time() + appeared <= at + clock_tolerance;
}

std::string JournalNames::unknown(std::string_view device) {
    const auto known = unknown_.find(device);
    if (known != unknown_.end()) return known->second;
    const std::string name = plain(device);
    if (name.empty() || unknown_.size() >= max_unknown_names) return {};
    return unknown_.emplace(std::string(device), "unknown-" + name).first->second;
}

bool JournalNames::knows(std::string_view device) {
    if (clock_() - read_at_ >= min_refresh_interval) refresh();
    return present(device) != nullptr || last_.contains(device) || said_.contains(device) ||
           !may_be_drive(device);
}

std::string JournalNames::drive(std::string_view device, Timestamp at, bool this_boot) {
    if (device.empty()) return {};
    if (clock_() - read_at_ >= min_refresh_interval) refresh();
    if (this_boot) {
        if (const Drive* drive = present(device)) {
            if (was_here(*drive, at)) return drive->id;
            const auto earlier = before_.find(device);
            return earlier != before_.end() ? earlier->second : unknown(device);
        }
        if (const auto gone = last_.find(device); gone != last_.end()) return gone->second;
        if (const auto said = said_.find(device); said != said_.end()) return said->second;
    }
    return may_be_drive(device) ? unknown(device) : std::string();
}

}  // namespace lastgood
