// A few simulated hosts: each injected incident is found before its loss, and its healthy twin
// raises no page. `tests/bench incidents` runs a fleet.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "core/sanitizers.hpp"
#include "tests/benchmarks/incidents/fleet.hpp"

using namespace lastgood;
using namespace lastgood::simulation;

namespace {

// Under sanitizers some of them take as long as all of them without.
constexpr size_t every = has_sanitizers ? 6 : 1;
constexpr uint64_t seeds = has_sanitizers ? 1 : 3;

}  // namespace

TEST_CASE("each injected incident is found before its loss") {
    const auto& chains = all_chains();
    for (size_t i = 0; i < chains.size(); i += every) {
        const Chain& chain = chains[i];
        CAPTURE(std::string(chain.name));
        const Life life = live(20, chain.kind, &chain, false, 400 * day);
        REQUIRE(life.loss);
        CHECK_FALSE(life.by_chance);
        REQUIRE(life.first);
        CHECK(life.first->at < life.loss->at);
        // What no drive tells cannot be known.
        if (life.pulled_at && chain.name != "rebuild: the partner hides them")
            CHECK(life.preflight == "NO-GO");
    }
}

TEST_CASE("a healthy host raises no page without a cause") {
    for (const HostKind kind : {HostKind::server, HostKind::machine, HostKind::hypervisor}) {
        CAPTURE(static_cast<int>(kind));
        for (uint64_t seed = 1; seed <= seeds; ++seed) {
            const Life life = live(seed, kind, nullptr, false, 60 * day);
            CHECK_FALSE(life.loss);
            for (const Said& said : life.said) {
                CAPTURE(said.rule);
                CAPTURE(said.subject);
                CAPTURE((said.at - first_day) / day);
                const bool large_copy = said.rule == "filesystem_full_within_day";
                CHECK((!said.cause.empty() || large_copy || said.severity != Severity::critical));
            }
        }
    }
}
