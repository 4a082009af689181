#include "tests/benchmarks/incidents/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/host.hpp"
#include "core/metrics/drives.hpp"

namespace lastgood::simulation {

namespace {

constexpr const char* berlin = "Europe/Berlin";

std::vector<RecordedCopy> old_copies(World& world, size_t count, Seconds apart, Seconds newest) {
    std::vector<RecordedCopy> copies;
    for (size_t i = 0; i < count; ++i)
        copies.push_back({.time = world.now - newest - apart * static_cast<double>(count - 1 - i),
                          .size = world.random.between(0.97, 1.03) * 200 * gigabyte,
                          .name = "",
                          .reason = ""});
    return copies;
}

void add_backup(World& world, const std::string& name, std::vector<std::string> covers,
                const std::string& location, const std::string& domain) {
    SimulatedBackup backup;
    backup.setting.name = name;
    backup.setting.kind = BackupKind::files;
    backup.setting.covers = std::move(covers);
    backup.setting.location = location;
    backup.domain = domain;
    backup.takes = world.random.around(1.5 * hour, 0.4);
    backup.copies = old_copies(world, backup.keep, day, world.random.between(2, 20) * hour);
    world.backups.push_back(std::move(backup));
}

void add_hop(World& world, const std::string& name, std::string of) {
    add_backup(world, name, {}, "/net/elsewhere/" + name + "/*.zst", "off-host");
    SimulatedBackup& hop = world.backups.back();
    const SimulatedBackup original = world.backup(of);
    hop.setting.copy_of = std::move(of);
    hop.setting.max_age = original.streams.empty() ? 50 * hour : 9 * day;
    hop.setting.max_lag = original.streams.empty() ? 30 * hour : 8 * day;
    hop.copies = original.copies;
    hop.streams = original.streams;
    hop.setting.each = original.setting.each;
}

void add_guests(World& world) {
    add_backup(world, "guests", {"/"}, "/net/store/guests/*/*.zst", "off-host");
    SimulatedBackup& guests = world.backup("guests");
    guests.setting.each = Streams::by_directory;
    guests.setting.plan.schedule = "*-*-* 02:30";
    guests.setting.plan.time_zone = world.zone_name;
    guests.setting.plan.grace = 6 * hour;
    guests.copies.clear();
    guests.keep = 4;
    for (size_t i = 0; i < 7; ++i) {
        const std::string guest = fmt::format("vm{}", i + 1);
        guests.setting.plan.slots[i].push_back(guest);
        // The first day is a Monday; that of Sunday was a day ago.
        const double days_ago = static_cast<double>((8 - i) % 7);
        guests.streams[guest] =
            old_copies(world, 4, 7 * day, (days_ago == 0 ? 7 : days_ago) * day - 4 * hour);
    }
}

void add_array(World& world) {
    MdArray array;
    array.device = "md0";
    array.level = parse_md_level("raid10");
    array.layout = raid10_layout(2, 1, false, 1);
    array.raid_disks = 4;
    array.metadata = "1.2";
    array.uuid = "10101010:20202020:30303030:40404040";
    world.array = std::move(array);
    for (const char* device : {"sda", "sdb", "sdc", "sdd"})
        world.drives.push_back(new_drive(world, device));
    set_slots(world, std::vector<MdSlot>(4, MdSlot::in_sync));
    world.checked = world.now - world.random.between(1, 29) * day;
}

void add_disk(World& world, const std::string& device) {
    world.drives.push_back(new_drive(world, device));
    world.drives.back().virtual_disk = true;
    world.drives.back().rotational = false;
    world.drives.back().id = "virtio-" + device;
}

SimulatedFilesystem made(World& world, const std::string& point, double size, double share) {
    SimulatedFilesystem made;
    made.point = point;
    made.size = size;
    made.used = size * share;
    made.daily = size * world.random.between(0, 0.0003);
    made.log = size * world.random.between(0, 0.01);
    made.since = world.now;
    return made;
}

BlockDevice block_device(const std::string& name, size_t number, BlockKind kind) {
    BlockDevice device;
    device.name = name;
    device.number = fmt::format("{}:{}", kind == BlockKind::md ? 9 : 8, number);
    device.kind = kind;
    return device;
}

}  // namespace

double SimulatedFilesystem::used_at(Timestamp time) const {
    const double days = (time - since) / day;
    const double wild = burst * std::max(0.0, std::min(time, burst_until) - burst_from) / hour;
    const double rotated = log * (time / day - std::floor(time / day));
    return std::clamp(used + daily * days + rotated + (time >= burst_from ? wild : 0), 0.0, size);
}

SimulatedDrive new_drive(World& world, const std::string& device) {
    SimulatedDrive drive;
    drive.id = fmt::format("wwn-0x5000e5a0000{:05x}", ++world.next_drive);
    drive.device = device;
    drive.power_on = world.random.between(0, 4) * year;
    return drive;
}

void set_slots(World& world, std::vector<MdSlot> slots) {
    MdArray& array = *world.array;
    array.slots = std::move(slots);
    array.degraded = static_cast<int>(
        std::ranges::count_if(array.slots, [](MdSlot one) { return one != MdSlot::in_sync; }));
    array.members.clear();
    for (size_t i = 0; i < array.slots.size(); ++i) {
        if (array.slots[i] == MdSlot::missing) continue;
        MdMember member;
        member.device = world.drives[i].device;
        member.slot = static_cast<int>(i);
        member.state =
            array.slots[i] == MdSlot::in_sync ? MdMemberState::in_sync : MdMemberState::rebuilding;
        array.members.push_back(std::move(member));
    }
    array.state = parse_md_state("clean");
}

World::World(uint64_t seed, HostKind its_kind) : random(seed), kind(its_kind) {
    const Host here("/");
    const auto read = read_time_zone(here, berlin);
    zone = read ? *read : TimeZone();
    zone_name = read ? berlin : "UTC";
    if (kind == HostKind::machine) {
        add_disk(*this, "vda");
        add_disk(*this, "vdb");
        filesystems.push_back(made(*this, "/", 100 * gigabyte, random.between(0.3, 0.7)));
        filesystems.push_back(made(*this, "/mnt", 200 * gigabyte, 0.001));
        filesystems.back().ephemeral = true;
        filesystems.back().daily = 0;
        filesystems.back().log = 0;
        add_backup(*this, "nightly", {"/"}, "/net/store/nightly/*.zst", "off-host");
    } else {
        add_array(*this);
        filesystems.push_back(made(*this, "/", 8000 * gigabyte, random.between(0.3, 0.75)));
        if (kind == HostKind::hypervisor)
            add_guests(*this);
        else
            add_backup(*this, "nightly", {"/"}, "/net/store/nightly/*.zst", "off-host");
        add_hop(*this, "elsewhere", backups.front().setting.name);
    }
    map_topology();
}

Timestamp World::next_event() const {
    return events_.empty() ? std::numeric_limits<double>::infinity() : events_.begin()->first;
}

void World::pass_until(Timestamp time) {
    while (!events_.empty() && events_.begin()->first <= time) {
        auto event = events_.extract(events_.begin());
        now = std::max(now, event.key());
        event.mapped()(*this);
    }
    now = std::max(now, time);
}

void World::kernel_error(const SimulatedDrive& drive, const std::string& error, double count) {
    increments.push_back({&metric::drive_kernel_errors_total,
                          drive.id,
                          {{"kind", error}, {"layer", "block"}},
                          count,
                          now + clock_off});
}

void World::cause(std::string what, std::set<std::string> subjects, Seconds lasts) {
    causes.push_back({std::move(what), std::move(subjects), now, now + lasts});
}

std::optional<Timestamp> World::newest_copy(const std::set<std::string>& lost) const {
    std::optional<Timestamp> newest;
    const auto look = [&](const std::vector<RecordedCopy>& copies) {
        std::optional<Timestamp> own;
        for (const RecordedCopy& copy : copies)
            if (copy.whole && copy.time <= now) own = std::max(own.value_or(copy.time), copy.time);
        return own;
    };
    for (const SimulatedBackup& one : backups) {
        if (lost.contains(one.domain) || !one.configured) continue;
        std::optional<Timestamp> own = look(one.copies);
        for (const auto& [name, copies] : one.streams)  // the data is that of all guests
            if (const auto of = look(copies)) own = own ? std::min(*own, *of) : of;
        if (own) newest = std::max(newest.value_or(*own), *own);
    }
    return newest;
}

void World::lose(const std::set<std::string>& domains) {
    if (loss) return;
    const auto newest = newest_copy(domains);
    loss = Loss{now, newest ? std::optional(now - *newest) : std::nullopt};
}

SimulatedBackup& World::backup(const std::string& name) {
    return *std::ranges::find_if(
        backups, [&](const SimulatedBackup& one) { return one.setting.name == name; });
}

SimulatedFilesystem& World::filesystem(const std::string& point) {
    return *std::ranges::find(filesystems, point, &SimulatedFilesystem::point);
}

void World::map_topology() {
    topology = Topology();
    for (size_t i = 0; i < drives.size(); ++i) {
        if (!drives[i].present) continue;
        Drive drive;
        drive.id = drives[i].id;
        drive.device = drives[i].device;
        drive.rotational = drives[i].rotational;
        topology.drives[drive.id] = drive;
        topology.devices[drive.device] = block_device(drive.device, 16 * i, BlockKind::drive);
    }
    if (array) {
        BlockDevice md = block_device("md0", 0, BlockKind::md);
        for (const MdMember& member : array->members) md.below.push_back(member.device);
        topology.devices["md0"] = md;
    }
    for (size_t i = 0; i < filesystems.size(); ++i) {
        Mount mount;
        mount.id = static_cast<int>(i) + 20;
        mount.number = array ? "9:0" : fmt::format("8:{}", 16 * i);
        mount.root = "/";
        mount.point = filesystems[i].point;
        mount.source = array ? "/dev/md0" : "/dev/" + drives[i].device;
        mount.type = "ext4";
        topology.mounts.push_back(std::move(mount));
    }
    config.backups.clear();
    for (const SimulatedBackup& one : backups)
        if (one.configured) config.backups.push_back(one.setting);
}

}  // namespace lastgood::simulation
