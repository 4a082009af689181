// Parts of the benchmark of slow drives with a file of their own.
#pragma once

#include <cstdint>

namespace lastgood::simulation {

// Writes that take seconds: drives whose requests are simulated one by one, sampled each 5 s.
void print_writes(uint64_t seed, int drives);
// What a sample of 24 drives costs.
void print_cost();

}  // namespace lastgood::simulation
