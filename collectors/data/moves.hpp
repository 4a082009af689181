// Data that was moved to a place that no backup takes, or that backups have dropped.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/collector.hpp"
#include "collectors/data/piece.hpp"
#include "collectors/data/whereabouts.hpp"
#include "core/coverage.hpp"
#include "core/elsewhere.hpp"

namespace lastgood {

// One look: each piece that is seen, then the paths that the configuration names and those that are
// remembered. Paths whose directory is empty or on no mount now are left as they are: a disk that
// is not mounted has not moved.
class Moves {
  public:
    // All must outlive it. Reads what is remembered.
    Moves(Context& context, const Topology& topology, const std::vector<CoveredPath>& covered,
          const std::vector<DeclaredPath>& declared, const std::set<std::string>& ephemeral_drives);

    // `backup`: the first that has it. `excused`: it needs none.
    void saw(const Piece& piece, const std::string& backup, bool excused);
    // Looks at the other paths, prints what was moved or dropped, and saves.
    void finish();

  private:
    void look_at(const std::string& path, const std::string& kind, const std::string& title);
    void observe(const std::string& path, const Whereabouts& one);

    Context& context_;
    const Host& host_;
    const Topology& topology_;
    const std::vector<CoveredPath>& covered_;
    const std::vector<DeclaredPath>& declared_;
    const std::set<std::string>& ephemeral_drives_;
    WhereaboutsFile file_;
    WhereaboutsByPath known_;
    std::set<std::string, std::less<>> seen_;  // paths
    std::set<std::string, std::less<>> told_;  // ids that the pieces have printed
};

}  // namespace lastgood
