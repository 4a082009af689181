// Which backups have a good copy: fresh, with all of it. Pure.
#pragma once

#include <map>
#include <string_view>

#include "core/judgement.hpp"
#include "core/observation.hpp"

namespace lastgood {

class GoodCopies {
  public:
    // Keeps views of the observations, which must outlive it.
    GoodCopies(const std::vector<Observation>& observations, Timestamp now);

    enum class Good { yes, no, unknown };

    // Of the backup, or the worst of its streams; one that lacks a stream has none. unknown: also
    // one whose newest copy shrank, or whose job could not read a part.
    Good of(std::string_view name) const;
    // The same, and of each backup that it is a copy of: a fresh copy of what is late or broken is
    // no good copy.
    Good with_originals(std::string_view name) const;

    // By name; a stream of a backup is NAME/STREAM.
    const std::map<std::string_view, Subject>& backups() const { return backups_; }

  private:
    Good fresh(const Subject& backup) const;

    Timestamp now_;
    std::map<std::string_view, Subject> backups_;
};

// no beats unknown, unknown beats yes.
GoodCopies::Good both(GoodCopies::Good a, GoodCopies::Good b);

}  // namespace lastgood
