// Runs simulated hosts to their end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/benchmarks/incidents/account.hpp"
#include "tests/benchmarks/incidents/chains.hpp"

namespace lastgood::simulation {

// What became of one host.
struct Life {
    const Chain* chain = nullptr;  // nullptr: nothing was injected
    Timestamp began = 0, end = 0;
    std::optional<Loss> loss;
    bool by_chance = false;  // the loss is none of the chain's
    std::vector<Said> said;
    std::optional<Said> first, first_warning, first_page;  // about the incident
    std::optional<Timestamp> pulled_at;
    std::string preflight;  // "NO-GO", if a drive was pulled
    size_t judged = 0;
};

// `faults`: drives fail, too. With a chain, it begins within the first three quarters of `lasts`,
// and the host ends with its loss.
Life live(uint64_t seed, HostKind kind, const Chain* chain, bool faults, Seconds lasts);

}  // namespace lastgood::simulation
