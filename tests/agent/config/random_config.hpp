// Configurations that the reader accepts, of random and hostile values.
#pragma once

#include <random>

#include "core/config.hpp"

namespace lastgood::test {

Config random_config(std::mt19937_64& random);

// Whether all settings and tables are equal, doubles bit for bit.
bool is_same(const Config& one, const Config& other);

}  // namespace lastgood::test
