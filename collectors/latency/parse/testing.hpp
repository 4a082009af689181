// Whether a drive tests itself now, in the JSON of smartctl. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace lastgood {

// `json` is the output of smartctl --json --capabilities --log=selftest (smartctl 7.2 and later).
// A self-test reads the whole surface and takes the heads away from everybody else. nullopt: the
// answer does not say it.
std::optional<bool> parse_self_test_running(std::string_view json);

}  // namespace lastgood
