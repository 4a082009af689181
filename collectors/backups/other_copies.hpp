// Backups that lie beside their source, and the other backups that make up for it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.hpp"
#include "core/config.hpp"
#include "core/coverage.hpp"
#include "core/failure_domain.hpp"

namespace lastgood {

// Finds the backups that have what another one has, on other drives than its source or off this
// host. Looks at nothing that may hang. The topology and the backups must outlive it.
class OtherCopies {
  public:
    OtherCopies(const Host& host, const Topology& topology, const std::vector<Backup>& backups)
        : host_(host), topology_(topology), backups_(backups) {}

    // Of a backup whose `covers` are these places: the others that are copies of it, that cover its
    // copies, or that cover all that it covers. A backup of files is none for one of a database's
    // own tool, or for dumps: the files of a running server are no dump.
    std::vector<const Backup*> of(const Backup& backup, const std::vector<Place>& sources);

  private:
    // The other lies on other drives than all of the sources.
    bool is_elsewhere(size_t other, const std::vector<Place>& sources);
    bool has_all(const Backup& other, const std::vector<Place>& places) const;
    bool is_copy_of(const Backup& other, const std::string& name) const;
    void find_places();

    const Host& host_;
    const Topology& topology_;
    const std::vector<Backup>& backups_;
    bool found_ = false;
    std::vector<std::optional<Place>> places_;  // of each backup's copies; nullopt: not known
    std::map<const Backup*, std::vector<Place>> covered_;
    std::map<std::pair<const Mount*, const Mount*>, FailureDomain> domains_;
};

// For each backup of which backup_also_in names a fresh one: that it is copied elsewhere. Pure.
void derive_copied_elsewhere(const Knowledge& knowledge, Sink& sink);

}  // namespace lastgood
