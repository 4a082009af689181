// Keeps the books of one simulated host: what was said, when, and whether it was true.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/report.hpp"
#include "tests/benchmarks/incidents/chains.hpp"

namespace lastgood::simulation {

struct Said {
    std::string rule;
    std::string subject;
    Severity severity = Severity::unknown;
    Timestamp at = 0;
    std::string cause;  // what was wrong with the subject, or done to it; empty: nothing
};

class Account {
  public:
    void look(const World& world, const Report& report);

    // Each finding once for each time that it came; in the order of time.
    const std::vector<Said>& said() const { return said_; }
    // The first one about the incident that the chain began, of this severity or a worse one.
    std::optional<Said> first_about(const World& world, const Chain& chain,
                                    Severity at_least) const;

  private:
    std::map<std::pair<std::string, std::string>, Timestamp> open_;
    std::vector<Said> said_;
};

// Whether the subject, or the backup that it is a stream of, is among them.
bool is_about(const std::set<std::string>& subjects, const std::string& subject);

}  // namespace lastgood::simulation
