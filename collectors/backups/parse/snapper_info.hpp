// Parses snapper's record of a snapshot, N/info.xml (0.8 to 0.12). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// When the snapshot was taken: its <date>, which is in UTC. nullopt: it is no such record, or it is
// cut.
std::optional<Timestamp> parse_snapper_date(std::string_view info);

}  // namespace lastgood
