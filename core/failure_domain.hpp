// What the copies of a backup share with the data that they are of.
#pragma once

#include <string_view>

#include "core/host.hpp"
#include "core/place.hpp"

namespace lastgood {

enum class FailureDomain { same_filesystem, same_drive, same_host, off_host, unknown };
std::string_view to_string(FailureDomain domain);

// Both places must be of this topology. A place without a mount is unknown. Reads a few files in
// /proc and /etc, asks no name server.
FailureDomain failure_domain(const Host& host, const Topology& topology, const Place& copies,
                             const Place& source);

// The closer of two: what is known to be shared, then unknown, then what is known to be apart.
FailureDomain closer(FailureDomain a, FailureDomain b);

}  // namespace lastgood
