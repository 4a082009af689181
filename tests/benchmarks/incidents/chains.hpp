// The incidents that are injected, each a chain of events with chance in it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "tests/benchmarks/incidents/world.hpp"

namespace lastgood::simulation {

struct Chain {
    std::string_view name;
    HostKind kind;
    void (*begin)(World& world);  // called when the incident begins
    // Only findings of these rules can be about it; by the beginnings of their names.
    std::vector<std::string_view> rules;
};

std::span<const Chain> all_chains();

}  // namespace lastgood::simulation
