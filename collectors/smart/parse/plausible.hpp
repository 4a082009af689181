// Tells values that a drive can have from those that it reports by mistake. Pure.
#pragma once

#include <optional>

namespace lastgood {

// Absent if no drive can have so many power-on hours (over 40 years). Intel's 520 and 330 series
// start at 894,794 hours.
std::optional<double> plausible_power_on_seconds(double hours);

// Absent if it is 0 (drives without a sensor report 0) or outside -60 to 150 °C.
std::optional<double> plausible_temperature(double celsius);

}  // namespace lastgood
