#include "core/coverage.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

std::string_view subvolume_of(const Mount& mount) {
    for (const std::string& option : mount.super_options)
        if (option.starts_with("subvol=")) return std::string_view(option).substr(7);
    return {};
}

// Whether both mounts show parts of one tree that a tool walks without crossing anything.
bool is_one_tree(const Mount& a, const Mount& b) {
    return a.number == b.number && a.type == b.type &&
           (a.type != "btrfs" || subvolume_of(a) == subvolume_of(b));
}

}  // namespace

Coverage coverage_of(const Mount& filesystem, bool ephemeral, const Place& source,
                     bool crosses_mounts) {
    if (source.mount == nullptr || !source.exists) return {};
    if (is_one_tree(*source.mount, filesystem)) {
        const std::string inside = source.inside();
        if (lies_below(filesystem.root, inside)) return {Extent::whole, ""};
        if (lies_below(inside, filesystem.root)) return {Extent::part, source.path};
    }
    if (crosses_mounts && !ephemeral && lies_below(filesystem.point, source.path))
        return {Extent::whole, ""};
    return {};
}

}  // namespace lastgood
