// Tables of what became of the hosts.
#pragma once

#include <vector>

#include "tests/benchmarks/incidents/fleet.hpp"

namespace lastgood::simulation {

// For each chain: when it was found, and what the loss was.
void print_incidents(const std::vector<Life>& lives);
// Findings by severity and cause, for each year of a host.
void print_pages(const std::vector<Life>& lives);

}  // namespace lastgood::simulation
