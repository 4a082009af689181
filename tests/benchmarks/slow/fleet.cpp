#include "tests/benchmarks/slow/fleet.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace lastgood::simulation {

namespace {

constexpr int hour = 60, day = 1440, week = 7 * day;
constexpr double start_of_time = 1.7e9;

std::vector<MemberTraits> traits_of(Random& random, DriveClass& kind) {
    const double which = random.uniform();
    kind = which < 0.45 ? DriveClass::rotating : which < 0.75 ? DriveClass::ssd : DriveClass::nvme;
    constexpr std::array sizes{2, 2, 3, 4, 4, 4, 6, 8, 8, 12};
    const auto size = static_cast<size_t>(
        sizes[static_cast<size_t>(random.below(static_cast<int>(sizes.size())))]);
    const bool mixed = random.chance(0.15);
    std::vector<MemberTraits> members;
    for (size_t i = 0; i < size; ++i)
        members.push_back(
            {fmt::format("drive{}", i), mixed && random.chance(0.4) ? "B" : "A", kind});
    return members;
}

}  // namespace

SimulatedHost::SimulatedHost(uint64_t seed)
    : random_(seed), judge_(traits_of(random_, kind_), start_of_time) {
    const size_t size = judge_.members().size();
    mirror_ = size == 2;
    const bool rotating = kind_ == DriveClass::rotating;
    const bool shingled = rotating && random_.chance(0.07);
    const bool known = random_.chance(0.9);
    const bool consumer = !rotating && random_.chance(0.45);
    const double model_reads = random_.between(0.2, 0.6);
    for (size_t i = 0; i < size; ++i) {
        SimulatedDrive& drive = drives_.emplace_back();
        const double other = judge_.members()[i].model == "B" ? random_.between(0.8, 1.35) : 1;
        const double own = random_.around(1, rotating ? 0.05 : 0.08) * other;
        drive.read_time = own * (rotating ? 0.008 : kind_ == DriveClass::ssd ? 0.00013 : 0.000085);
        drive.write_time = own * (rotating ? 0.006 : kind_ == DriveClass::ssd ? 0.00008 : 0.00003);
        drive.bandwidth = rotating ? 180e6 : kind_ == DriveClass::ssd ? 500e6 : 2.5e9;
        drive.shingled = shingled;
        drive.known_shingled = shingled && known;
        drive.collects_garbage = consumer;
        drive.garbage_on_reads = model_reads;
        drive.counters.has_discards = drive.counters.has_flushes = true;
        // The sums of milliseconds wrap soon.
        drive.counters.operations[0].time = static_cast<uint32_t>(random_.next());
        drive.counters.operations[1].time = static_cast<uint32_t>(random_.next());
    }
    minutes_.resize(size);
    const double activity = random_.around(1, 1.2);
    base_reads_ = (rotating ? 12 : 60) * activity * random_.around(1, 0.6);
    base_writes_ = (rotating ? 8 : 40) * activity * random_.around(1, 0.6);
    swing_ = random_.between(0.1, 1.2);
    night_ = random_.between(0, day);
    backup_minute_ = random_.below(day);
    tests_ = rotating && random_.chance(0.4);
    trims_ = !rotating && random_.chance(0.6);
    test_weekday_ = random_.below(7);
    scrub_day_ = random_.below(7);
    scrub_rate_ = rotating ? random_.between(30, 150) : random_.between(200, 1500);
}

// The load of one drive before its own share of it.
SimulatedHost::Load SimulatedHost::load_now() {
    drift_ += -0.02 * drift_ + 0.08 * random_.roughly_normal();
    if (--mode_left_ <= 0) {
        mode_left_ = static_cast<int>(random_.exponential(90)) + 5;
        mode_size_ = random_.around(1, 0.9);
    }
    if (burst_left_ > 0 && --burst_left_ == 0) burst_ = 1;
    if (burst_left_ == 0 && random_.chance(1.0 / 500)) {
        burst_left_ = static_cast<int>(random_.exponential(20)) + 2;
        burst_ = random_.between(2, 12);
    }
    const double sun = 1 + swing_ * std::sin(6.2832 * (now_ % day - night_) / day);
    const double rate = std::max(0.02, sun) * std::exp(drift_) * burst_;
    Load load{base_reads_ * rate, base_writes_ * rate * std::exp(0.3 * random_.roughly_normal()),
              std::clamp(24e3 * mode_size_, 4e3, 1e6), std::clamp(20e3 * mode_size_, 4e3, 1e6)};
    const auto add_reads = [&](double reads, double size) {
        load.read_size = (load.read_size * load.reads + size * reads) / (load.reads + reads);
        load.reads += reads;
    };
    if (scrub_left_ > 0) add_reads(scrub_rate_, 512e3);
    if (backup_left_ > 0) add_reads(kind_ == DriveClass::rotating ? 40 : 300, 256e3);
    return load;
}

void SimulatedHost::begin_events() {
    for (int* left : {&scrub_left_, &rebuild_left_, &backup_left_, &hiccup_left_})
        if (*left > 0) --*left;
    const int minute = now_ % day, weekday = now_ / day % 7;
    if (minute == backup_minute_) backup_left_ = 30 + static_cast<int>(random_.exponential(80));
    if (now_ % (4 * week) == scrub_day_ * day + 57)
        scrub_left_ = 4 * hour + random_.below(8 * hour);
    if (random_.chance(1.0 / (26.0 * week))) {
        rebuild_left_ = 3 * hour + random_.below(9 * hour);
        rebuilt_ = static_cast<size_t>(random_.below(static_cast<int>(drives_.size())));
    }
    if (random_.chance(1.0 / (2.0 * week))) hiccup_left_ = 1 + random_.below(6);
    if (tests_ && weekday == test_weekday_ && minute == 3 * hour) {
        const bool all = random_.chance(0.5);  // all at once, or one this week
        const auto one = static_cast<size_t>(now_ / week) % drives_.size();
        for (size_t i = 0; i < drives_.size(); ++i)
            if (all || i == one) {
                drives_[i].testing = 2 * hour + random_.below(8 * hour);
                drives_[i].testing_factor = random_.between(1.5, 8);
            }
    }
    if (trims_ && weekday == 1 && minute >= 10 && minute < 10 + static_cast<int>(drives_.size()) &&
        (mirror_ || random_.chance(0.8)))
        drives_[static_cast<size_t>(minute - 10)].discarding = 1 + random_.below(25);
}

void SimulatedHost::begin_drive_events(size_t i, double writes) {
    SimulatedDrive& drive = drives_[i];
    for (int* left : {&drive.garbage, &drive.rewriting, &drive.testing, &drive.discarding,
                      &drive.throttled, &drive.hot_left})
        if (*left > 0) --*left;
    if (drive.collects_garbage && drive.garbage == 0 &&
        random_.chance(std::min(writes / 40, 4.0) / 400)) {
        drive.garbage = 1 + static_cast<int>(std::min(random_.around(6, 1.0), 180.0));
        drive.garbage_factor = random_.between(2, 15);
    }
    if (drive.shingled && drive.rewriting == 0 && random_.chance(std::min(writes / 8, 4.0) / 300)) {
        drive.rewriting = 1 + static_cast<int>(std::min(random_.around(15, 1.2), 600.0));
        drive.rewriting_factor = random_.between(3, 40);
    }
    if (drive.hot_left == 0) {
        drive.hot = 1;
        if (random_.chance(1.0 / 4000)) {  // one file, one busy table
            drive.hot = random_.between(1.3, 5);
            drive.hot_left = 2 + static_cast<int>(random_.exponential(45));
        }
    }
    if (random_.chance(1.0 / 20000)) drive.throttled = 1 + random_.below(3);
}

// How many times as long a request is served, for all reasons.
double SimulatedHost::slowness(size_t i, bool read) const {
    const SimulatedDrive& drive = drives_[i];
    double factor = 1;
    const auto on = [&](double hit, double share) { factor *= 1 + (hit - 1) * share; };
    if (drive.garbage > 0) on(drive.garbage_factor, read ? drive.garbage_on_reads : 1);
    if (drive.rewriting > 0) on(drive.rewriting_factor, read ? 0.6 : 1);
    if (drive.testing > 0) on(drive.testing_factor, 1);
    if (drive.discarding > 0) on(6, 1);
    if (drive.throttled > 0) on(12, 1);
    if (hiccup_left_ > 0) on(8, 1);
    return factor;
}

// How many times as long the fault makes a request.
double SimulatedHost::fault_factor(size_t i, bool read) const {
    if (i != fault_.drive || now_ < fault_.from) return 1;
    switch (fault_.kind) {
        case FaultKind::none:
            return 1;
        case FaultKind::constant:
            return fault_.factor;
        case FaultKind::reads:
            return read ? fault_.factor : 1;
        case FaultKind::growing:
            return 1 + (fault_.factor - 1) * std::min((now_ - fault_.from) / (3.0 * week), 1.0);
        case FaultKind::intermittent:
            return (now_ - fault_.from) % 20 == 0 ? fault_.factor : 1;
    }
    return 1;
}

double SimulatedHost::request_time(size_t i, bool read, const Load& load) const {
    const SimulatedDrive& drive = drives_[i];
    const double service = (read ? drive.read_time : drive.write_time) * slowness(i, read);
    const double transfer = (read ? load.read_size : load.write_size) / drive.bandwidth;
    return (service + transfer) * fault_factor(i, read);
}

double SimulatedHost::usage(size_t i, const Load& load) const {
    const SimulatedDrive& drive = drives_[i];
    const double channels = kind_ == DriveClass::rotating ? 1.4 : 12;  // a queue helps the heads
    const double read = request_time(i, true, load), write = request_time(i, false, load);
    return drive.hot * (load.reads * read + load.writes * write) / channels;
}

void SimulatedHost::run_drive(size_t i, const Load& load, double scale) {
    SimulatedDrive& drive = drives_[i];
    const double share = drive.hot * scale;
    // A mirror gives runs of reads to one half.
    const double half = mirror_ ? random_.roughly(1, 0.35) : random_.roughly(1, 0.06);
    const double reads = random_.events(60 * load.reads * share * half);
    const double writes = random_.events(60 * load.writes * share);
    const double busy = std::min(usage(i, load) * scale, 0.985);
    const double queue = 1 + std::min(busy / (1 - busy), 40.0) * 0.7;
    const bool rotating = kind_ == DriveClass::rotating;
    const auto add = [&](Operation operation, double count, double size, double time) {
        if (count < 1) return;
        const double spread = rotating ? 0.10 : 0.14;
        const double noise = random_.roughly(1, std::sqrt(spread * spread + 1.0 / count));
        const double mean = time * noise * queue;
        const double sectors = std::max(8.0, size * random_.roughly(1, 0.05) / 512);
        OperationCounters& counters = drive.counters.operations[static_cast<size_t>(operation)];
        counters.done += static_cast<uint64_t>(count);
        counters.sectors += static_cast<uint64_t>(count * sectors);
        counters.time += static_cast<uint32_t>(std::llround(count * mean * 1000));
    };
    add(Operation::read, reads, load.read_size, request_time(i, true, load));
    add(Operation::write, writes, load.write_size, request_time(i, false, load));
    if (drive.discarding > 0) drive.counters.operations[2].done += 10;
    drive.counters.busy_time += static_cast<uint32_t>(60000 * std::min(busy * 1.2, 1.0));
}

void SimulatedHost::pass() {
    begin_events();
    const Load load = load_now();
    double most = 0;
    for (size_t i = 0; i < drives_.size(); ++i) {
        begin_drive_events(i, load.writes);
        if (backup_left_ > 0 && now_ % 10 == 0 && drives_[i].hot_left == 0) {
            drives_[i].hot = random_.around(1, 0.3);  // a file lies here or there
            drives_[i].hot_left = 10;
        }
        most = std::max(most, usage(i, load));
    }
    // Programs wait for the slowest member: the whole group does less then.
    const double scale = most > 0.95 ? 0.95 / most : 1;
    const bool rebooted = random_.chance(1.0 / (5.0 * week));
    for (size_t i = 0; i < drives_.size(); ++i) {
        SimulatedDrive& drive = drives_[i];
        if (rebooted) {
            drive.counters.operations = {};
            drive.counters.busy_time = 0;
        }
        Load own = load;
        if (rebuild_left_ > 0) {
            (i == rebuilt_ ? own.writes : own.reads) += scrub_rate_;
            (i == rebuilt_ ? own.write_size : own.read_size) = 512e3;
        }
        run_drive(i, own, scale);
        if (judge_.suspects(i) || drive.test_known) {
            if (now_ - drive.asked >= 10) {
                drive.asked = now_;
                drive.test_known = drive.testing > 0;
            }
        }
        minutes_[i] = drive.minutes.add(drive.counters,
                                        {.shingled = drive.known_shingled,
                                         .rebuilding = rebuild_left_ > 0,
                                         .self_test = drive.test_known,
                                         .kind = kind_},
                                        60.0 * (now_ + 1));
    }
    judge_.judge(minutes_, start_of_time + 60.0 * now_);
    ++now_;
}

bool SimulatedHost::loaded(size_t drive) const {
    return std::ranges::any_of(minutes_[drive].parts, [](const Minute::Part& part) {
        return part.count >= least_requests;
    });
}

bool SimulatedHost::comparable(size_t drive) const {
    return std::ranges::any_of(both_directions, [&](Direction direction) {
        return compare_with_siblings(judge_.members(), minutes_, drive, direction)
            .found.has_value();
    });
}

std::string SimulatedHost::diskstats_line(size_t drive) const {
    const DiskCounters& all = drives_[drive].counters;
    std::string text = fmt::format(" 8 {} sd{}", drive * 16, static_cast<char>('a' + drive));
    const auto add = [&](const OperationCounters& one) {
        text += fmt::format(" {} 0 {} {}", one.done, one.sectors, one.time);
    };
    add(all.operations[0]);
    add(all.operations[1]);
    text += fmt::format(" {} {} {}", all.in_flight, all.busy_time, all.queue_time);
    add(all.operations[2]);
    return text + fmt::format(" {} {}", all.operations[3].done, all.operations[3].time);
}

}  // namespace lastgood::simulation
