// Reads the files that tell of backup jobs: the tools' own configurations, units of systemd and
// crontabs. For `lastgood config discover` only.
#pragma once

#include <string>
#include <vector>

#include "collectors/backups/parse/tool_job.hpp"
#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct FoundJob {
    ToolJob job;
    std::string file;  // that tells of it
    std::string unit;  // the service that runs it; empty: another way
};

// Whether the path may be looked at: it lies on no network filesystem, which may hang.
bool is_local_path(const Host& host, const Topology& topology, const std::string& path);

// `notes`: sentences on files that could not be read.
std::vector<FoundJob> find_jobs(const Host& host, const Topology& topology,
                                std::vector<std::string>& notes);

}  // namespace lastgood
