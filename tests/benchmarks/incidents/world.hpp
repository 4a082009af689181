// A simulated host: its drives, array, filesystems, backups and spool, and what happens to them.
// Time passes from event to event. A model: docs/incidents-simulated.md names its assumptions.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collectors/arrays/parse/md_array.hpp"
#include "collectors/backups/copies.hpp"
#include "core/config.hpp"
#include "core/observation.hpp"
#include "core/time_zone.hpp"
#include "core/topology.hpp"
#include "tests/benchmarks/random.hpp"

namespace lastgood::simulation {

constexpr Seconds minute = 60, hour = 3600, day = 86400, year = 365.25 * 86400;
constexpr Timestamp first_day = 1767571200;  // Monday, 2026-01-05 00:00 UTC
constexpr double gigabyte = 1e9;

enum class HostKind {
    server,      // a database on a RAID 10 of four hard disks; a backup and its copy elsewhere
    machine,     // a virtual machine: one disk of the provider and one temporary disk; one backup
    hypervisor,  // as a server; seven guests, of which each night one is backed up
};

struct SimulatedDrive {
    std::string id, device;
    bool present = true, virtual_disk = false, rotational = true;
    double power_on = 0;  // s at `first_day`
    double pending = 0, reallocated = 0, uncorrectable = 0, garbled = 0;
    bool verdict_fails = false;
    double slow = 0;           // ratio; 0: usual
    bool slow_proven = false;  // else noted only
    double write_seconds = 0;
    bool all_wait = false;  // all programs, while writes take seconds
};

struct SimulatedFilesystem {
    std::string point;
    double size = 0, used = 0;  // bytes, at `since`
    double daily = 0;           // growth, bytes
    double log = 0;             // bytes that a day's log takes, until it is rotated at midnight
    double burst = 0;           // bytes an hour, while something runs wild
    Timestamp since = 0, burst_from = 0, burst_until = 0;
    bool ephemeral = false;
    double used_at(Timestamp time) const;
    double used_share(Timestamp time) const { return used_at(time) / size; }
};

struct SimulatedBackup {
    Backup setting;
    std::string domain = "off-host";
    bool configured = true;  // the configuration names it
    bool held = false;       // by an incident: everyday life leaves it alone
    bool runs = true;        // its timer is enabled
    bool readable = true;    // its place answers
    bool cut = false;        // its copies break off
    bool told = true;        // of one that others report: they do
    Seconds takes = hour;    // a run
    Seconds interval = day;  // between two runs; of one with a schedule, that counts
    size_t keep = 14;        // copies
    std::vector<RecordedCopy> copies;
    double whole_lost = 0;  // whole copies removed since the newest is not whole
    std::map<std::string, std::vector<RecordedCopy>> streams;
    std::set<std::string> idle_streams;  // whose job does not run
};

struct SimulatedSpool {
    bool watched = true, drains = true;
    Timestamp still_since = 0;
    double count = 0, growth = 0;  // entries; a minute
};

// Something is really wrong with these subjects, or somebody works on them.
struct Cause {
    std::string what;
    std::set<std::string> subjects;
    Timestamp from = 0, until = 0;
};

struct Loss {
    Timestamp at = 0;
    std::optional<Seconds> of;  // what was written in this time is lost; nullopt: all
};

// What is injected.
struct Incident {
    Timestamp began = 0;             // the first thing that could be seen
    std::set<std::string> subjects;  // what it is about
    std::string pulled;              // the drive that is pulled, if one is
    Timestamp pulled_at = 0;
};

class World {
  public:
    World(uint64_t seed, HostKind kind);
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    using Event = std::function<void(World&)>;
    void at(Timestamp time, Event event) { events_.emplace(time, std::move(event)); }
    void after(Seconds delay, Event event) { at(now + delay, std::move(event)); }
    // infinity: none.
    Timestamp next_event() const;
    // Lets all events until `time` happen.
    void pass_until(Timestamp time);

    void kernel_error(const SimulatedDrive& drive, const std::string& kind, double count = 1);
    void cause(std::string what, std::set<std::string> subjects, Seconds lasts);
    // The newest whole copy of the data; `lost`: the domains whose copies are lost with it.
    std::optional<Timestamp> newest_copy(const std::set<std::string>& lost) const;
    void lose(const std::set<std::string>& domains);

    SimulatedBackup& backup(const std::string& name);
    SimulatedFilesystem& filesystem(const std::string& point);
    // After a change of drives, filesystems or the configuration.
    void map_topology();

    Timestamp now = first_day;
    Random random;
    HostKind kind;
    Config config;  // its backups are made from `backups` by map_topology()
    Topology topology;
    std::vector<SimulatedDrive> drives;
    std::optional<MdArray> array;
    Timestamp checked = 0;  // the array, for the last time
    std::vector<SimulatedFilesystem> filesystems;
    std::string data = "/var/lib/mysql";
    std::vector<SimulatedBackup> backups;
    std::optional<SimulatedSpool> spool;
    TimeZone zone;
    std::string zone_name;
    Seconds clock_off = 0;  // the host's clock is ahead by so much
    Timestamp off_until = 0, booting_until = 0;
    std::vector<Observation> increments;  // for the agent, since it last looked
    std::vector<std::string> forgotten;   // drives that somebody said to forget
    std::vector<Cause> causes;
    Incident incident;
    std::optional<Loss> loss;
    int next_drive = 0;

  private:
    std::multimap<Timestamp, Event> events_;
};

constexpr const char* array_name = "md-uuid-10101010:20202020:30303030:40404040";

SimulatedDrive new_drive(World& world, const std::string& device);
// Sets the state of the array by its slots.
void set_slots(World& world, std::vector<MdSlot> slots);

// Everyday life, from life.cpp: jobs, checks, reboots, full disks, holidays, outages, new drives.
void begin_life(World& world);
// What fails by itself, from faults.cpp, by published rates.
void begin_faults(World& world);

}  // namespace lastgood::simulation
