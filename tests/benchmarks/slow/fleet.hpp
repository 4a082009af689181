// Simulated hosts with drives, loads and faults, minute by minute: what their /proc/diskstats would
// say. A model, not a measurement; its numbers are assumptions that docs/slow-drives.md names.
#pragma once

#include <string>
#include <vector>

#include "collectors/latency/judge/minute_maker.hpp"
#include "collectors/latency/judge/pace.hpp"
#include "collectors/latency/parse/diskstats.hpp"
#include "tests/benchmarks/random.hpp"

namespace lastgood::simulation {

enum class FaultKind {
    none,
    constant,      // every request takes `factor` times as long
    reads,         // reads only
    growing,       // from 1 to `factor` times within three weeks
    intermittent,  // one minute in 20
};

struct Fault {
    FaultKind kind = FaultKind::none;
    double factor = 1;
    size_t drive = 0;
    int from = 0;  // minute
};

struct SimulatedDrive {
    double read_time = 0, write_time = 0;  // seconds of service of a small request
    double bandwidth = 0;                  // bytes a second
    bool shingled = false, known_shingled = false;
    bool collects_garbage = false;
    double garbage_on_reads = 0;  // how hard its collection hits reads, against writes
    // Left of an episode, in minutes, and how hard it is.
    int garbage = 0, rewriting = 0, testing = 0, throttled = 0;
    double garbage_factor = 1, rewriting_factor = 1, testing_factor = 1;
    int discarding = 0;
    double hot = 1;  // its share of the load
    int hot_left = 0;
    DiskCounters counters{};
    MinuteMaker minutes{};
    int asked = -1000;  // the minute in which the judge asked for a self-test
    bool test_known = false;
};

class SimulatedHost {
  public:
    explicit SimulatedHost(uint64_t seed);

    void set_fault(const Fault& fault) { fault_ = fault; }
    // Lets a minute pass, and the judge see it.
    void pass();
    int now() const { return now_; }
    DriveClass kind() const { return kind_; }
    size_t size() const { return drives_.size(); }
    const PaceJudge& judge() const { return judge_; }
    bool shingled(size_t drive) const { return drives_[drive].shingled; }
    // Of the newest minute: the drive had 20 requests; a sibling was comparable.
    bool loaded(size_t drive) const;
    bool comparable(size_t drive) const;
    // The line of a drive in /proc/diskstats.
    std::string diskstats_line(size_t drive) const;

  private:
    struct Load {
        double reads = 0, writes = 0;          // a second and drive
        double read_size = 0, write_size = 0;  // bytes
    };
    Load load_now();
    void begin_events();
    void begin_drive_events(size_t drive, double writes);
    void run_drive(size_t drive, const Load& load, double scale);
    double usage(size_t drive, const Load& load) const;
    double slowness(size_t drive, bool read) const;
    double fault_factor(size_t drive, bool read) const;
    double request_time(size_t drive, bool read, const Load& load) const;  // seconds

    Random random_;
    DriveClass kind_ = DriveClass::rotating;
    std::vector<SimulatedDrive> drives_;
    PaceJudge judge_;
    std::vector<Minute> minutes_;
    Fault fault_;
    int now_ = 0;
    // The load.
    double base_reads_ = 0, base_writes_ = 0, swing_ = 0, drift_ = 0, mode_size_ = 1;
    double night_ = 0;
    int mode_left_ = 0, burst_left_ = 0;
    double burst_ = 1;
    bool mirror_ = false;
    // Events.
    int scrub_left_ = 0, rebuild_left_ = 0, backup_left_ = 0, backup_minute_ = 0, hiccup_left_ = 0;
    size_t rebuilt_ = 0;
    bool tests_ = false, trims_ = false;
    int test_weekday_ = 0, scrub_day_ = 0;
    double scrub_rate_ = 0;
};

}  // namespace lastgood::simulation
