// Replays a fleet of simulated hosts through the agent's memory and rules, and prints what each
// incident would have cost, when it was found, and how many pages had no cause.
//
//   incidents_benchmark SEED HOSTS DAYS
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/benchmarks/incidents/fleet.hpp"
#include "tests/benchmarks/incidents/print.hpp"

int main(int count, char** arguments) {
    using namespace lastgood::simulation;
    const auto number = [&](int at, long otherwise) {
        return count > at ? std::strtol(arguments[at], nullptr, 10) : otherwise;
    };
    const auto seed = static_cast<uint64_t>(number(1, 1));
    const auto hosts = static_cast<size_t>(number(2, 1000));
    const auto days = static_cast<double>(number(3, 730));
    std::vector<Life> fleet, twins;
    for (size_t i = 0; i < hosts; ++i) {
        const Chain& chain = all_chains()[i % all_chains().size()];
        const uint64_t own = seed * 1000003 + i;
        fleet.push_back(live(own, chain.kind, &chain, true, days * day));
        twins.push_back(live(own, chain.kind, nullptr, false, days * day));
    }
    if (std::getenv("VERBOSE") != nullptr)
        for (size_t i = 0; i < twins.size(); ++i)
            for (const Said& said : twins[i].said)
                if (said.severity == lastgood::Severity::critical && said.cause.empty())
                    fmt::print(stderr, "host {}, day {:.2f}: {} {}\n", i,
                               (said.at - first_day) / day, said.rule, said.subject);
    fmt::print("seed {}: {} hosts, {:.0f} days\n\nIncidents\n\n", seed, hosts, days);
    print_incidents(fleet);
    fmt::print("\nTheir healthy twins: ");
    print_pages(twins);
    fmt::print("\nThe fleet: ");
    print_pages(fleet);
    return 0;
}
