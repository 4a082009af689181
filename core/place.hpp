// Where a path lies on this host, found without a look at what may hang.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

struct Place {
    std::string path;              // absolute; symbolic links are resolved as far as they were read
    const Mount* mount = nullptr;  // into the topology; nullptr: it knows no mount
    // False: the path names nothing. True also where nobody looked, and on a recorded host, which
    // need not have every path.
    bool exists = true;

    // The path within the filesystem, from its own root: "/@home/anna" of "/home/anna".
    std::string inside() const;
};

// A symbolic link on the way of a path.
struct PassedLink {
    std::string path;
    std::string target;    // as stored
    bool is_last = false;  // it is all of the path: nothing comes behind it
};

// Follows links component by component, and adds each to `passed` if that is not null. Below a
// mount of a network or FUSE filesystem nothing is looked at: a dead server would block the caller
// for ever. Blocks as long as local disks do. `path` must be absolute.
Place find_place(const Host& host, const Topology& topology, std::string_view path,
                 std::vector<PassedLink>* passed = nullptr);

// The same for a path that is known to have no links, without any look.
Place place_by_name(const Topology& topology, std::string_view path);

}  // namespace lastgood
