// Replays simulated hosts through the judge of slow drives, and prints its errors as tables.
//
//   slow_benchmark healthy SEED HOSTS WEEKS
//   slow_benchmark faults SEED RUNS
//   slow_benchmark writes SEED DRIVES
//   slow_benchmark cost
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/benchmarks/slow/fleet.hpp"
#include "tests/benchmarks/slow/parts.hpp"

namespace lastgood::simulation {

namespace {

constexpr int hour = 60, day = 1440, week = 7 * day;

// One finding per drive and 7 days.
class Findings {
  public:
    explicit Findings(size_t drives) : last_(drives, -week), was_(drives) {}
    bool add(size_t drive, bool now, int minute) {
        const bool began = now && !was_[drive];
        was_[drive] = now;
        if (!began || minute - last_[drive] < week) return false;
        last_[drive] = minute;
        return true;
    }

  private:
    std::vector<int> last_;
    std::vector<bool> was_;
};

struct Counts {
    int hosts = 0, warnings = 0, notes = 0;
    double drive_minutes = 0, judged = 0;
};

struct Outcome {
    DriveClass kind = DriveClass::rotating;
    bool loaded = false, judgeable = false, wrong = false;
    int noted = -1, warned = -1;  // minutes after the fault began
    int wrong_notes = 0;
};

// What happens to a host, which is a copy of one that is healthy until `fault.from`.
Outcome run_fault(SimulatedHost host, const Fault& fault, int watched) {
    host.set_fault(fault);
    Outcome outcome{.kind = host.kind()};
    int loaded = 0, comparable = 0;
    std::vector<bool> slow_before;
    for (size_t i = 0; i < host.size(); ++i)
        slow_before.push_back(host.judge().verdict(i).pace == Pace::slow);
    for (int after = 1; after <= watched; ++after) {
        host.pass();
        if (after <= 30) {
            loaded += host.loaded(fault.drive);
            comparable += host.comparable(fault.drive);
        }
        for (size_t i = 0; i < host.size(); ++i) {
            const Pace pace = host.judge().verdict(i).pace;
            const bool slow = pace == Pace::slow;
            if (i != fault.drive) {
                if (slow && !slow_before[i]) outcome.wrong = true;
                continue;
            }
            if ((slow || pace == Pace::noted) && outcome.noted < 0) outcome.noted = after;
            if (slow && outcome.warned < 0) outcome.warned = after;
        }
        if (outcome.warned >= 0 && after >= outcome.warned + 3 * hour) break;
    }
    if (std::getenv("VERBOSE") != nullptr && outcome.warned < 0)
        fmt::print(stderr, "missed: {} drives of kind {}, fault {} of {}, comparable {}\n",
                   host.size(), static_cast<int>(host.kind()), static_cast<int>(fault.kind),
                   fault.factor, comparable);
    outcome.loaded = loaded >= 24 && !host.shingled(fault.drive);
    outcome.judgeable = comparable >= 24 && !host.shingled(fault.drive);
    return outcome;
}

std::string share(const std::vector<Outcome>& all, int Outcome::*when, int within) {
    const auto found = std::ranges::count_if(
        all, [&](const Outcome& one) { return one.*when >= 0 && one.*when <= within; });
    if (all.empty()) return "-";
    return fmt::format("{:.0f} %",
                       100.0 * static_cast<double>(found) / static_cast<double>(all.size()));
}

void print_faults(uint64_t seed, int runs) {
    struct Row {
        const char* name;
        FaultKind kind;
        double factor;
        int watched;
    };
    const std::vector<Row> rows{
        {"2 times as slow", FaultKind::constant, 2, 2 * day},
        {"3 times", FaultKind::constant, 3, 2 * day},
        {"5 times", FaultKind::constant, 5, 2 * day},
        {"10 times", FaultKind::constant, 10, 2 * day},
        {"5 times, reads only", FaultKind::reads, 5, 2 * day},
        {"10 times in one minute of 20", FaultKind::intermittent, 10, 2 * day},
        {"growing from 1 to 6 times in 3 weeks", FaultKind::growing, 6, 4 * week},
    };
    struct Sum {
        std::vector<Outcome> judgeable;
        int runs = 0, loaded = 0, wrong = 0;
    };
    std::vector<Sum> sums(rows.size());
    for (int run = 0; run < runs; ++run) {
        const uint64_t own = seed * 1000003 + static_cast<uint64_t>(run);
        SimulatedHost host(own);
        Random random(own ^ 0xfa17U);
        const auto drive = static_cast<size_t>(random.below(static_cast<int>(host.size())));
        const int from = 8 * day + random.below(2 * day);
        while (host.now() < from) host.pass();
        for (size_t i = 0; i < rows.size(); ++i) {
            if (rows[i].watched > week && run % 4 != 0) continue;
            const Outcome outcome =
                run_fault(host, {rows[i].kind, rows[i].factor, drive, from}, rows[i].watched);
            ++sums[i].runs;
            sums[i].loaded += outcome.loaded;
            sums[i].wrong += outcome.wrong;
            if (outcome.judgeable) sums[i].judgeable.push_back(outcome);
        }
    }
    fmt::print(
        "| fault | hosts: under load, judgeable | noted in 25 min | warned in 60 min | in 6 h | in "
        "24 h | in 28 days | wrong drive |\n|---|---|---|---|---|---|---|---|\n");
    const auto print = [&](const Row& row, const std::string& name, const std::string& hosts,
                           const std::vector<Outcome>& all, const std::string& wrong) {
        const bool slowly = row.watched > week;
        fmt::print("| {} | {}{} | {} | {} | {} | {} | {} | {} |\n", name, hosts, all.size(),
                   share(all, &Outcome::noted, 25), share(all, &Outcome::warned, 60),
                   share(all, &Outcome::warned, 6 * hour), share(all, &Outcome::warned, day),
                   slowly ? share(all, &Outcome::warned, 4 * week) : "", wrong);
    };
    for (size_t i = 0; i < rows.size(); ++i) {
        print(rows[i], rows[i].name, fmt::format("{}: {}, ", sums[i].runs, sums[i].loaded),
              sums[i].judgeable, std::to_string(sums[i].wrong));
        if (rows[i].kind != FaultKind::constant || rows[i].factor != 5) continue;
        for (const auto& [kind, name] : {std::pair(DriveClass::rotating, "- of these, hard disks"),
                                         {DriveClass::ssd, "- SATA SSD"},
                                         {DriveClass::nvme, "- NVMe"}}) {
            std::vector<Outcome> some;
            for (const Outcome& one : sums[i].judgeable)
                if (one.kind == kind) some.push_back(one);
            print(rows[i], name, "", some, "");
        }
    }
}

void print_healthy(uint64_t seed, int hosts, int weeks, bool verbose) {
    std::map<std::string, Counts> kinds;
    for (int i = 0; i < hosts; ++i) {
        SimulatedHost host(seed * 1000003 + static_cast<uint64_t>(i));
        const char* name = host.kind() == DriveClass::rotating ? "hard disks"
                           : host.kind() == DriveClass::ssd    ? "SATA SSD"
                                                               : "NVMe";
        Counts& counts = kinds[name];
        ++counts.hosts;
        Findings warnings(host.size()), notes(host.size());
        while (host.now() < weeks * week) {
            host.pass();
            for (size_t k = 0; k < host.size(); ++k) {
                const PaceVerdict verdict = host.judge().verdict(k);
                counts.drive_minutes += 1;
                counts.judged += verdict.pace != Pace::not_judged;
                const bool warned = warnings.add(k, verdict.pace == Pace::slow, host.now());
                counts.warnings += warned;
                counts.notes += notes.add(k, verdict.pace == Pace::noted, host.now());
                if (warned && verbose)
                    fmt::print(stderr,
                               "{} host {} drive {} of {} at day {:.1f}: {} {:.1f} ms against "
                               "{:.1f} for {:.0f} min{}\n",
                               name, i, k, host.size(), host.now() / 1440.0,
                               verdict.direction == Direction::read ? "reads" : "writes",
                               verdict.latency * 1000, verdict.compared_with * 1000,
                               verdict.slow_for / 60, host.shingled(k) ? " (SMR)" : "");
            }
        }
    }
    Counts all;
    fmt::print(
        "| drives | host-weeks | false warnings | for 1,000 host-weeks | notes for 1,000 | "
        "time judged |\n|---|---|---|---|---|---|\n");
    const auto row = [&](const std::string& name, const Counts& counts) {
        const double host_weeks = static_cast<double>(counts.hosts) * weeks;
        fmt::print("| {} | {:.0f} | {} | {:.1f} | {:.0f} | {:.0f} % |\n", name, host_weeks,
                   counts.warnings, 1000 * counts.warnings / host_weeks,
                   1000 * counts.notes / host_weeks, 100 * counts.judged / counts.drive_minutes);
    };
    for (const auto& [name, counts] : kinds) {
        row(name, counts);
        all.hosts += counts.hosts;
        all.warnings += counts.warnings;
        all.notes += counts.notes;
        all.judged += counts.judged;
        all.drive_minutes += counts.drive_minutes;
    }
    row("all", all);
}

}  // namespace

}  // namespace lastgood::simulation

int main(int count, char** arguments) {
    using namespace lastgood::simulation;
    const std::string part = count > 1 ? arguments[1] : "";
    const auto number = [&](int at, int otherwise) {
        return count > at ? static_cast<int>(std::strtol(arguments[at], nullptr, 10)) : otherwise;
    };
    const auto seed = static_cast<uint64_t>(number(2, 1));
    if (part == "healthy")
        print_healthy(seed, number(3, 250), number(4, 4), std::getenv("VERBOSE") != nullptr);
    else if (part == "faults")
        print_faults(seed, number(3, 300));
    else if (part == "writes")
        print_writes(seed, number(3, 8));
    else if (part == "cost")
        print_cost();
    else
        return 2;
    return 0;
}
