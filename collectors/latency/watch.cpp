#include "collectors/latency/watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "collectors/latency/parse/testing.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds minute = 60;
constexpr Seconds inventory_interval = 600;  // mounts and arrays change without new drives
constexpr Seconds ask_interval = 600;        // for a self-test that began or ended
constexpr size_t largest_diskstats = 4 * mib;

// Reads a whole file of /proc that stays open. A read returns one page at most (seq_file).
bool read_again(int fd, std::string& text) {
    text.clear();
    char buffer[16384];
    while (text.size() < largest_diskstats) {
        const ssize_t got = ::pread(fd, buffer, sizeof(buffer), static_cast<off_t>(text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return true;
        text.append(buffer, static_cast<size_t>(got));
    }
    return true;
}

// Names in sysfs have '!' where those in /proc/diskstats have '/' ("cciss/c0d0").
std::string diskstats_name(std::string name) {
    std::ranges::replace(name, '!', '/');
    return name;
}

}  // namespace

LatencyWatch::LatencyWatch(const Host& host, const Config& config, PaceMemory memory)
    : host_(host), config_(config), memory_(std::move(memory)) {
    diskstats_ = Descriptor(host.open("/proc/diskstats").value_or(-1));
    pressure_file_ = Descriptor(host.open("/proc/pressure/io").value_or(-1));
}

Result<void> LatencyWatch::sample(Seconds monotonic, Timestamp now) {
    now_ = monotonic;
    news_ = false;
    const bool first = inventory_at_ == 0;
    const bool minute_over = first || now_ - minute_ended_ >= minute - 0.5;
    if (minute_over) {
        auto names = host_.list("/sys/block").value_or(std::vector<std::string>{});
        if (first || names != names_ || now_ - inventory_at_ >= inventory_interval) {
            names_ = std::move(names);
            if (auto done = take_inventory(now); !done) return done;
        }
    }
    if (auto done = read_counters(); !done) return done;
    if (minute_over) judge(now);
    return {};
}

LatencyWatch::WatchedDrive LatencyWatch::watch(const Topology& topology, const Drive& drive) const {
    WatchedDrive watched{.drive = drive};
    watched.inflight = Descriptor(host_.open(drive.sysfs + "/inflight").value_or(-1));
    watched.arrays = arrays_of(topology, drive.id);
    watched.circumstances.kind = class_of(drive);
    watched.circumstances.shingled = is_shingled(host_, drive);
    return watched;
}

Result<void> LatencyWatch::take_inventory(Timestamp now) {
    auto topology = Topology::read(host_, config_.loop_devices);
    if (!topology) return Failure(topology.error());
    inventory_at_ = now_;
    ids_.clear();
    std::erase_if(drives_,
                  [&](const auto& entry) { return !topology->drives.contains(entry.first); });
    for (const auto& [id, drive] : topology->drives) {
        ids_[diskstats_name(drive.device)] = id;
        const auto known = drives_.find(id);
        if (known != drives_.end() && known->second.drive.sysfs == drive.sysfs) {
            known->second.arrays = arrays_of(*topology, id);
            continue;
        }
        drives_.insert_or_assign(id, watch(*topology, drive));
    }
    group_drives(*topology, now);
    return {};
}

void LatencyWatch::group_drives(const Topology& topology, Timestamp now) {
    for (const WatchedGroup& group : groups_) remember(group);
    std::vector<WatchedGroup> before = std::move(groups_);
    groups_.clear();
    for (DriveGroup& group : find_groups(topology)) {
        const auto same = std::ranges::find_if(before, [&](const WatchedGroup& one) {
            return one.group.name == group.name && one.group.members == group.members;
        });
        if (same != before.end()) {
            groups_.push_back(std::move(*same));
            continue;
        }
        PaceJudge judge(group.members, now);
        for (size_t i = 0; i < group.members.size(); ++i)
            if (const auto past = memory_.drives.find(group.members[i].id);
                past != memory_.drives.end())
                judge.set_past(i, past->second);
        if (const auto past = memory_.groups.find(group.name); past != memory_.groups.end())
            for (const Direction direction : both_directions)
                for (const Episode& episode : past->second[index(direction)])
                    judge.add_episode(direction, episode);
        groups_.push_back({std::move(group), std::move(judge)});
    }
}

Result<void> LatencyWatch::read_counters() {
    if (diskstats_.get() < 0 || !read_again(diskstats_.get(), text_))
        return fail(ErrorKind::failed, "/proc/diskstats: " + errno_text(errno));
    read_pressure();
    const Seconds elapsed = sampled_ == 0 ? 0 : now_ - sampled_;
    sampled_ = now_;
    for (auto& [id, drive] : drives_) drive.seen = false;
    std::string_view rest = text_;
    while (!rest.empty()) {
        const auto line = parse_diskstats_line(take_line(rest));
        if (!line) continue;
        const auto id = ids_.find(line->device);
        if (id == ids_.end()) continue;
        const auto drive = drives_.find(id->second);
        if (drive != drives_.end()) take(drive->second, line->counters, elapsed);
    }
    return {};
}

void LatencyWatch::read_pressure() {
    stalled_ = 0;
    char buffer[512];
    const ssize_t got =
        pressure_file_.get() < 0 ? -1 : ::pread(pressure_file_.get(), buffer, sizeof(buffer), 0);
    const auto pressure =
        got > 0 ? parse_io_pressure_totals({buffer, static_cast<size_t>(got)}) : std::nullopt;
    if (pressure && pressure_) stalled_ = std::max(0.0, pressure->full - pressure_->full);
    pressure_ = pressure;
}

void LatencyWatch::take(WatchedDrive& drive, const DiskCounters& counters, Seconds elapsed) {
    const InFlight waited = drive.in_flight;
    drive.in_flight = {};
    char buffer[128];
    if (counters.in_flight > 0) {
        const ssize_t got = ::pread(drive.inflight.get(), buffer, sizeof(buffer), 0);
        if (got > 0)
            drive.in_flight =
                parse_inflight({buffer, static_cast<size_t>(got)}).value_or(InFlight{});
    }
    drive.reads_wait =
        drive.reads.update(drive.in_flight.reads, counters.of(Operation::read).done, now_);
    drive.writes_wait =
        drive.writes.update(drive.in_flight.writes, counters.of(Operation::write).done, now_);
    const auto work = drive.counters ? work_between(*drive.counters, counters) : std::nullopt;
    drive.counters = counters;
    drive.seen = true;
    if (!work || elapsed <= 0) return;
    drive.meter.add(*work, elapsed, now_);
    const bool before = drive.slow_writes.verdict().has_value();
    const bool erratic = drive.circumstances.shingled || drive.drive.transport == Transport::usb ||
                         drive.drive.transport == Transport::mmc;
    drive.slow_writes.add({*work, elapsed, drive.in_flight.writes, waited.writes, stalled_},
                          {drive.drive.rotational, erratic, drive.circumstances.rebuilding}, now_);
    news_ = news_ || before != drive.slow_writes.verdict().has_value();
}

// What a minute needs to know besides the counters.
void LatencyWatch::look_around(WatchedDrive& drive, bool suspect) {
    Circumstances& now = drive.circumstances;
    now.rebuilding = std::ranges::any_of(drive.arrays, [&](const std::string& array) {
        const auto [entry, added] = rebuilding_.try_emplace(array, false);
        if (added) {
            const auto action = host_.read_line("/sys/block/" + array + "/md/sync_action");
            entry->second =
                action && (*action == "recover" || *action == "resync" || *action == "reshape");
        }
        return entry->second;
    });
    if (!suspect && !now.self_test) return;
    if (drive.asked && now_ - *drive.asked < ask_interval) return;
    drive.asked = now_;
    const auto answer =
        host_.run({.arguments = {"smartctl", "--json", "--nocheck=standby", "--capabilities",
                                 "--log=selftest", "/dev/" + drive.drive.device},
                   .deadline = 10});
    now.self_test = answer && parse_self_test_running(answer->standard_output).value_or(false);
}

void LatencyWatch::judge(Timestamp now) {
    minute_ended_ = now_;
    rebuilding_.clear();
    for (WatchedGroup& group : groups_) {
        std::vector<Minute> minutes;
        std::vector<Pace> before;
        for (size_t i = 0; i < group.group.members.size(); ++i) {
            before.push_back(group.judge.verdict(i).pace);
            Minute& last = minutes.emplace_back();
            last.skip = NotJudged::interrupted;
            const auto drive = drives_.find(group.group.members[i].id);
            if (drive == drives_.end() || !drive->second.seen) continue;
            look_around(drive->second, group.judge.suspects(i));
            last = drive->second.minutes.add(*drive->second.counters, drive->second.circumstances,
                                             now_);
        }
        group.judge.judge(minutes, now);
        for (size_t i = 0; i < before.size(); ++i)
            news_ = news_ || before[i] != group.judge.verdict(i).pace;
    }
}

void LatencyWatch::remember(const WatchedGroup& group) {
    for (size_t i = 0; i < group.group.members.size(); ++i)
        memory_.drives.insert_or_assign(group.group.members[i].id, group.judge.past(i));
    if (group.group.members.size() < 2) return;
    for (const Direction direction : both_directions)
        memory_.groups[group.group.name][index(direction)] = group.judge.episodes(direction);
}

const PaceMemory& LatencyWatch::memory() {
    for (const WatchedGroup& group : groups_) remember(group);
    return memory_;
}

}  // namespace lastgood
