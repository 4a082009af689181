// /proc/pressure/io: for how long tasks waited for I/O. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// Since boot (Linux 6.1, Documentation/accounting/psi.rst, `total` in microseconds).
struct IoPressure {
    Seconds some = 0;  // at least one task waited
    Seconds full = 0;  // all tasks that were not idle waited at once
};
// nullopt: a line or its total is missing.
std::optional<IoPressure> parse_io_pressure_totals(std::string_view text);

}  // namespace lastgood
