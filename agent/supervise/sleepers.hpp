// Keeps the values of sleeping drives, which collectors do not wake. Pure.
#pragma once

#include <vector>

#include "core/observation.hpp"

namespace lastgood {

// For each subject that sleeps according to `now` (Metric::asleep): adds the observations of
// `before` that `now` does not replace, with their old time.
void keep_values_of_sleepers(const std::vector<Observation>& before, std::vector<Observation>& now);

}  // namespace lastgood
