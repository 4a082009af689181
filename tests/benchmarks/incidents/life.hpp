// Parts of everyday life with a file of their own, and what both life and faults do to an array.
#pragma once

#include "tests/benchmarks/incidents/world.hpp"

namespace lastgood::simulation {

void begin_jobs(World& world);

// For this time the drive is slow beside its siblings, found as often as docs/slow-drives.md
// measured.
void be_slow(World& world, size_t slot, Seconds lasts);

// A new drive takes the place of a slot; the array rebuilds onto it, unless `copied` already.
void replace_drive(World& world, size_t slot, bool copied);
// The member is lost to the array; the drive is there still if `present`.
void lose_member(World& world, size_t slot, bool present);
std::set<std::string> ids_of_array(const World& world);
// The other member with the same data (near=2).
constexpr size_t partner_of(size_t slot) {
    return slot ^ 1U;
}

}  // namespace lastgood::simulation
