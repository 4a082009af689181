// `lastgood config discover`: prints the backups found on this host as a configuration to review.
#pragma once

#include <string>

#include "collectors/backups/discover.hpp"

namespace lastgood {

// TOML that read_config() accepts. Comments name what was searched without success. Pure.
std::string to_toml(const Discovery& discovery);

// Searches and prints to standard output. Blocks while it reads disks and runs commands. Exit
// status 0, even if nothing was found; 3 if the mount table cannot be read.
int run_discover(const Config& config, const std::string& root);

}  // namespace lastgood
