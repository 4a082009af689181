// What a path means by which the configuration says that something is backed up. A link on its way
// may say less than it seems, and may be made by somebody else than who wrote the configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/place.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct NamedPlace {
    Place place;  // where it leads
    // Of a path that counts for nothing, where the link leads that is why.
    std::optional<std::string> link;

    bool counts() const { return !link; }
};

// A path counts for nothing
// - if it is a symbolic link itself, unless `follows`: what the link leads to is followed by
//   whoever made the copies. Below /dev links are names of devices.
// - if a link on its way, or the directory that the link lies in, belongs to a user other than
//   root, and what the path leads to does not belong to that user: who owns a link must not say
//   what is backed up of others. Not asked on a recorded host.
// Nothing is looked at on a mount that may hang, find_place().
NamedPlace find_named_place(const Host& host, const Topology& topology, std::string_view path,
                            bool follows);

}  // namespace lastgood
