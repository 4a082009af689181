#include "collectors/smart/parse/plausible.hpp"

#include <cmath>

namespace lastgood {
namespace {

constexpr double max_power_on_hours = 40.0 * 365.25 * 24;  // older drives than this have no SMART
constexpr double intel_hours_offset = 894794;

}  // namespace

std::optional<double> plausible_power_on_seconds(double hours) {
    if (hours < 0) return std::nullopt;
    if (hours >= intel_hours_offset && hours < intel_hours_offset + max_power_on_hours) {
        hours -= intel_hours_offset;
    }
    if (hours > max_power_on_hours) return std::nullopt;
    return std::round(hours * 3600e3) / 1e3;
}

std::optional<double> plausible_temperature(double celsius) {
    if (!(celsius > -60) || !(celsius < 150)) return std::nullopt;
    if (std::abs(celsius) < 0.05) return std::nullopt;
    return celsius;
}

}  // namespace lastgood
