// `lastgood config discover`: the backups that are found, as a configuration to be read through.
#pragma once

#include <string>

#include "collectors/backups/discover.hpp"

namespace lastgood {

// TOML that read_config() accepts. What was found nothing of is said in comments.
std::string to_toml(const Discovery& discovery);

// Exit status 0, also when nothing was found.
int run_discover(const Config& config, const std::string& root);

}  // namespace lastgood
