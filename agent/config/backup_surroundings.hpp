// Whether what [[backup]] says fits what is on this host.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/config/reading.hpp"
#include "core/host.hpp"
#include "core/report.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Looks at one path, and waits no longer for all of them together than config check may take.
using LookAtPath = std::function<Result<FileStatus>(const std::string& path)>;

class BackupCheck {
  public:
    // Reads the table of mounts, and the report of a running agent if there are slots.
    BackupCheck(const Host& host, const Config& config, LookAtPath look);

    // What is wrong with a use that names a backup, whose path is there (ConfigNeed::copies,
    // covered) or which is the name of a stream (stream): a sentence with what to write. "":
    // nothing, as far as it shows. Nothing is looked at on a mount that may hang but by `look`.
    std::string what_is_wrong(const ConfigUse& use) const;

  private:
    std::string check_kind(const Backup& backup) const;
    std::string check_covered(const Backup& backup, const std::string& path) const;
    std::string check_stream(const Backup& backup, const std::string& name) const;

    const Host& host_;
    const Config& config_;
    LookAtPath look_;
    Topology topology_;             // its mounts
    std::optional<Report> report_;  // nullopt: no agent has written one
};

}  // namespace lastgood
