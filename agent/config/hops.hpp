// Backups whose copies are copies of another backup's: copy_of, and `copies` within one.
#pragma once

#include "agent/config/reader.hpp"

namespace lastgood {

// Adds the hops that `copies` of the backup lists: the same settings at other places. Call it when
// the backup is in the configuration.
void read_copies(ConfigReader& reader, const toml::node& copies, const Backup& original);

// When all files are read: what is wrong with the names, and the limits that follow from the
// originals: max_lag, and covers, max_age or schedule where a hop has none.
void settle_hops(ConfigReading& reading);

}  // namespace lastgood
