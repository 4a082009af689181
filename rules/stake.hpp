// What an alert about a backup says before its steps, as a template of Go: which data it has, where
// its copies lie, and which other backups have a fine copy. `lastgood status` works it out from the
// same observations (exporters/status/consequence.cpp). Pure.
#pragma once

#include <string>

namespace lastgood {

std::string stake_for_prometheus();

}  // namespace lastgood
