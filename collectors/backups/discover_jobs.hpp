// What the configurations of backup tools and the jobs of systemd and cron tell of backups.
#pragma once

#include "collectors/backups/discover.hpp"

namespace lastgood {

// Adds to what the search found on disk what the jobs say of it (what it covers, the unit that
// makes it), and the backups that only they tell of. Reads /etc and crontabs; runs nothing, and
// touches no place on a network filesystem.
void add_jobs(const Host& host, const Topology& topology, const Config& config, Discovery& found);

}  // namespace lastgood
