// Data that somebody says is backed up out of this host's sight: [[declared_elsewhere]]. Nothing
// proves it, so it is never fine; it is accepted, by the name of who says so, until a date. Pure,
// but declared_paths().
#pragma once

#include <vector>

#include "core/config.hpp"
#include "core/place.hpp"

namespace lastgood {

inline constexpr Seconds longest_declaration = 365 * 86400.0;

struct DeclaredPath {
    const DeclaredElsewhere* declaration = nullptr;  // never null
    Place place;
};

// All of their paths that count (core/named_place.hpp).
std::vector<DeclaredPath> declared_paths(const Host& host, const Topology& topology,
                                         const std::vector<DeclaredElsewhere>& declarations);

// The declaration that has all of a filesystem, or of a directory: of several the one that ends
// last. nullptr: there is none. A path counts only for the filesystem that it lies on, and not for
// an ephemeral disk: what is lost with the machine is told whatever somebody says.
const DeclaredElsewhere* declaration_of(const Mount& filesystem, bool ephemeral,
                                        const std::vector<DeclaredPath>& declared);
const DeclaredElsewhere* declaration_of(const Place& data, bool ephemeral,
                                        const std::vector<DeclaredPath>& declared);

}  // namespace lastgood
