#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "collectors/latency/judge/slow_writes.hpp"
#include "collectors/latency/parse/diskstats.hpp"
#include "tests/benchmarks/random.hpp"
#include "tests/benchmarks/slow/parts.hpp"

namespace lastgood::simulation {

namespace {

constexpr double day = 86400;

enum class Load { database, files, sparse, copies };
constexpr std::array all_loads{Load::database, Load::files, Load::sparse, Load::copies};

struct Model {
    const char* name;
    bool rotating;
    size_t channels;     // requests served at once
    double read, write;  // seconds
    double bandwidth;    // bytes a second and channel
    bool falls_asleep;
};
constexpr std::array models{
    Model{"hard disk", true, 1, 0.008, 0.006, 180e6, false},
    Model{"hard disk that falls asleep", true, 1, 0.008, 0.006, 180e6, true},
    Model{"SATA SSD", false, 4, 0.00013, 0.00008, 120e6, false},
    Model{"NVMe", false, 16, 0.000085, 0.00003, 150e6, false},
};

// How writes are slow from `from` on.
struct SlowWrites {
    double from = 1e18;
    double more = 0;   // seconds that a slow write takes longer
    double share = 1;  // of writes
};

// Somebody who sends a request when the one before has ended.
struct Client {
    double next = 0;
    bool writes = true;
    double bytes = 8192;
    double think = 1;         // mean, seconds; 0: none
    double pause = 0;         // between bursts; 0: none
    int burst = 0, left = 0;  // requests of a burst
    bool operator>(const Client& other) const { return next > other.next; }
};

class SimulatedWrites {
  public:
    SimulatedWrites(uint64_t seed, const Model& model, Load load, const SlowWrites& slow)
        : random_(seed), model_(model), slow_(slow), free_(model.channels) {
        add_clients(load);
    }

    // Whether writes were found to take seconds, after the next 5 s.
    bool sample() {
        now_ += 5;
        while (!clients_.empty() && clients_.top().next <= now_) {
            Client client = clients_.top();
            clients_.pop();
            serve(client);
            clients_.push(client);
        }
        for (; !flying_.empty() && flying_.top().end <= now_; flying_.pop()) {
            const Flying& one = flying_.top();
            OperationCounters& counters = counters_.operations[one.write ? 1 : 0];
            ++counters.done;
            counters.sectors += static_cast<uint64_t>(one.bytes / 512);
            time_[one.write ? 1 : 0] += one.end - one.start;
            counters.time =
                static_cast<uint32_t>(static_cast<uint64_t>(time_[one.write ? 1 : 0] * 1000));
            waiting_[one.write ? 1 : 0] -= 1;
        }
        return judge();
    }
    double now() const { return now_; }
    // When the first write after `from` was sent.
    std::optional<double> first_slow() const { return first_slow_; }

  private:
    struct Flying {
        double end, start, bytes;
        bool write;
        bool operator>(const Flying& other) const { return end > other.end; }
    };

    void add_clients(Load load) {
        const auto add = [&](int count, const Client& like) {
            for (int i = 0; i < count; ++i) {
                Client client = like;
                client.next = random_.uniform() * 10;
                client.think *= random_.between(0.5, 2);
                clients_.push(client);
            }
        };
        const double speed = model_.rotating ? 1 : 0.3;
        switch (load) {
            case Load::database:
                add(6, {.bytes = 8192, .think = 0.4 * speed});
                add(4, {.writes = false, .bytes = 16384, .think = 0.2 * speed});
                break;
            case Load::files:  // the kernel writes back what is dirty, each 30 s
                add(32, {.bytes = 32768, .think = 0, .pause = 30, .burst = 6});
                add(2, {.writes = false, .bytes = 65536, .think = 0.5});
                break;
            case Load::sparse:
                add(1, {.bytes = 4096, .think = 40});
                break;
            case Load::copies:
                add(64, {.bytes = 1e6, .think = 0, .pause = 900, .burst = 100});
                add(2, {.bytes = 8192, .think = 2});
                break;
        }
    }

    void serve(Client& client) {
        double start = client.next;
        if (model_.falls_asleep && start - last_ > 1200) start += 8;  // the heads spin up
        last_ = client.next;
        auto channel = std::ranges::min_element(free_);
        const double service = random_.around(client.writes ? model_.write : model_.read, 0.4) +
                               client.bytes / model_.bandwidth;
        *channel = std::max(*channel, start) + service;
        double end = *channel;
        if (client.writes && client.next >= slow_.from) {
            if (!first_slow_) first_slow_ = client.next;
            if (random_.chance(slow_.share)) end += slow_.more;
        }
        flying_.push({end, client.next, client.bytes, client.writes});
        waiting_[client.writes ? 1 : 0] += 1;
        client.next = end + (client.think > 0 ? random_.exponential(client.think) : 0);
        if (client.pause > 0 && --client.left <= 0) {
            client.left = client.burst;
            client.next = end + client.pause * random_.between(0.8, 1.2);
        }
    }

    // By the text of /proc/diskstats, as on a real host.
    bool judge() {
        const auto part = [&](int i) {
            const OperationCounters& of = counters_.operations[static_cast<size_t>(i)];
            return fmt::format(" {} 0 {} {}", of.done, of.sectors, of.time);
        };
        const auto line = parse_diskstats_line(
            fmt::format(" 8 0 sda{}{} {} 0 0 0 0 0 0 0 0", part(0), part(1), flying_.size()));
        if (!line) return false;
        const auto work = before_ ? work_between(*before_, line->counters) : std::nullopt;
        before_ = line->counters;
        const uint64_t waiting = static_cast<uint64_t>(waiting_[1]);
        if (work) watch_.add({*work, 5, waiting, waited_, 0}, {.rotating = model_.rotating}, now_);
        waited_ = waiting;
        return watch_.verdict().has_value();
    }

    Random random_;
    Model model_;
    SlowWrites slow_;
    std::vector<double> free_;
    std::priority_queue<Client, std::vector<Client>, std::greater<>> clients_;
    std::priority_queue<Flying, std::vector<Flying>, std::greater<>> flying_;
    std::array<int64_t, 2> waiting_{};
    std::array<double, 2> time_{};
    DiskCounters counters_{};
    std::optional<DiskCounters> before_;
    uint64_t waited_ = 0;
    SlowWriteWatch watch_;
    double now_ = 0, last_ = 0;
    std::optional<double> first_slow_;
};

struct Found {
    int runs = 0, in_time = 0;
    double longest = 0;  // seconds after the first write
    std::string text() const {
        return longest > 3600 ? fmt::format("{} of {}", in_time, runs)
                              : fmt::format("{} of {}, longest {:.0f} s", in_time, runs, longest);
    }
};

void find(Found& found, uint64_t seed, const Model& model, Load load, double more, double share) {
    SimulatedWrites drive(seed, model, load, {.from = 7200, .more = more, .share = share});
    ++found.runs;
    while (drive.now() < 7200 + 7200) {
        if (!drive.sample() || drive.now() < 7200) continue;
        const double after = drive.now() - drive.first_slow().value_or(drive.now());
        found.longest = std::max(found.longest, after);
        found.in_time += after <= 300;
        return;
    }
    found.longest = 1e9;
}

}  // namespace

void print_writes(uint64_t seed, int drives) {
    struct Column {
        double more, share;
    };
    constexpr std::array columns{Column{7, 1}, Column{2.5, 1}, Column{7, 0.3}, Column{7, 0.02}};
    fmt::print(
        "| drive | healthy drive-days: false | every write 7 s more: found within 5 min | "
        "every write 2.5 s more | 7 s more, 30 % of writes | 7 s more, 1 write in 50 |\n"
        "|---|---|---|---|---|---|\n");
    for (size_t m = 0; m < models.size(); ++m) {
        int wrong = 0;
        std::array<Found, columns.size()> found{};
        for (int i = 0; i < drives; ++i)
            for (const Load load : all_loads) {
                const uint64_t own = seed * 7919 + m * 1000 + static_cast<uint64_t>(i) * 10 +
                                     static_cast<uint64_t>(load);
                SimulatedWrites healthy(own, models[m], load, {});
                bool before = false;
                while (healthy.now() < day) {
                    const bool now = healthy.sample();
                    wrong += now && !before;
                    before = now;
                }
                for (size_t c = 0; c < columns.size(); ++c)
                    find(found[c], own, models[m], load, columns[c].more, columns[c].share);
            }
        fmt::print("| {} | {}: {} |", models[m].name, drives * static_cast<int>(all_loads.size()),
                   wrong);
        for (const Found& one : found) fmt::print(" {} |", one.text());
        fmt::print("\n");
        fflush(stdout);
    }
}

}  // namespace lastgood::simulation
