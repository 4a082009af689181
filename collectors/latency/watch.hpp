// Watches the requests of all drives: samples the kernel's counters every few seconds, and judges
// each minute. Reads only /proc and /sys, and asks smartctl before a drive is called slow.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/latency/groups.hpp"
#include "collectors/latency/judge/minute_maker.hpp"
#include "collectors/latency/judge/pace.hpp"
#include "collectors/latency/judge/slow_writes.hpp"
#include "collectors/latency/memory.hpp"
#include "collectors/latency/meter.hpp"
#include "collectors/latency/parse/pressure.hpp"
#include "core/config.hpp"
#include "core/host.hpp"
#include "core/observation.hpp"

namespace lastgood {

class LatencyWatch {
  public:
    static constexpr Seconds sample_interval = 5;

    // `memory` is what was learned before.
    LatencyWatch(const Host& host, const Config& config, PaceMemory memory);

    // Takes a sample: one read of /proc/diskstats for all drives, /proc/pressure/io, and `inflight`
    // of drives with requests in flight. `monotonic` grows; `now` is wall-clock time. Once a minute
    // it judges, and looks for new drives. Blocks for smartctl (10 s) before a drive is called
    // slow. Errors: /proc/diskstats or the topology cannot be read.
    Result<void> sample(Seconds monotonic, Timestamp now);
    // Whether something was found that should not wait for the next minute.
    bool has_news() const { return news_; }
    void print(Sink& sink, Timestamp now);
    const PaceMemory& memory();

  private:
    struct WatchedDrive {
        Drive drive;
        Descriptor inflight{};
        Circumstances circumstances{};
        std::vector<std::string> arrays{};
        std::optional<DiskCounters> counters{};
        InFlight in_flight{};
        WaitClock reads{}, writes{};
        Seconds reads_wait = 0, writes_wait = 0;
        DriveMeter meter{};
        SlowWriteWatch slow_writes{};
        MinuteMaker minutes{};
        Minute minute{};
        std::optional<Seconds> asked{};  // smartctl, about a self-test
        bool seen = false;               // in the newest sample
    };
    struct WatchedGroup {
        DriveGroup group;
        PaceJudge judge;
    };

    Result<void> take_inventory(Timestamp now);
    void group_drives(const Topology& topology, Timestamp now);
    WatchedDrive watch(const Topology& topology, const Drive& drive) const;
    Result<void> read_counters();
    void read_pressure();
    void take(WatchedDrive& drive, const DiskCounters& counters, Seconds elapsed);
    void judge(Timestamp now);
    void look_around(WatchedDrive& drive, bool suspect);
    void remember(const WatchedGroup& group);
    void print_drive(Sink& sink, const WatchedDrive& drive, Timestamp now) const;
    void print_pace(Sink& sink, const WatchedGroup& group, size_t member, Timestamp now) const;

    const Host& host_;
    const Config& config_;
    PaceMemory memory_;
    Descriptor diskstats_, pressure_file_;
    std::string text_;                                         // of /proc/diskstats
    std::vector<std::string> names_;                           // in /sys/block
    std::map<std::string, WatchedDrive, std::less<>> drives_;  // by id
    std::map<std::string, std::string, std::less<>> ids_;      // by device, as in diskstats
    std::vector<WatchedGroup> groups_;
    std::map<std::string, bool, std::less<>> rebuilding_;  // md array; of this minute
    std::optional<IoPressure> pressure_;
    Seconds stalled_ = 0;  // growth of pressure_->full by this sample
    Seconds now_ = 0, sampled_ = 0, minute_ended_ = 0, inventory_at_ = 0;
    bool news_ = false;
};

}  // namespace lastgood
