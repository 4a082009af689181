// What is known of subjects that sleep and were left alone. Pure.
#pragma once

#include <vector>

#include "core/observation.hpp"

namespace lastgood {

// Of every subject that sleeps according to `now` (Metric::asleep), the observations of `before`
// that `now` does not replace are added to it, with their age.
void keep_values_of_sleepers(const std::vector<Observation>& before, std::vector<Observation>& now);

}  // namespace lastgood
