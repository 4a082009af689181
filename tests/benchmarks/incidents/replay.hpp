// The agent of a simulated host: the real memory, derived values and rules over what is observed.
// Judges whenever something happens, and whenever an age crosses a bar of a rule.
#pragma once

#include <list>
#include <vector>

#include "agent/memory/snapshot.hpp"
#include "core/host.hpp"
#include "tests/benchmarks/incidents/world.hpp"

namespace lastgood::simulation {

class Replay {
  public:
    explicit Replay(const World& world);
    // What the agent says now. Takes the world's kernel errors.
    Report judge(World& world);
    // When an age crosses a bar next, or a finding has held for long enough: in the world's time.
    Timestamp next_crossing(const World& world, const Report& report) const;

  private:
    void read(World& world, Timestamp clock);
    void take(Task& task, std::vector<Observation> observations);

    Host here_{"/"};
    State state_;
    std::list<Task> tasks_;
    AgentFacts facts_;
    Timestamp pruned_ = 0;
    double clock_off_ = 0;
};

}  // namespace lastgood::simulation
