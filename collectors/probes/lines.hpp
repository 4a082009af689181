// The file by which a service tells of its probes. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/observation.hpp"

namespace lastgood {

// What the file says of the probes with these names, by name. A service may speak of its own probes
// only, and not of what the configuration says of them: other lines are left out. Nothing is later
// than `now`.
std::map<std::string, std::vector<Observation>> parse_probe_lines(
    std::string_view text, const std::set<std::string>& names, Timestamp now);

}  // namespace lastgood
