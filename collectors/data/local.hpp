// Looks for directories on this host's own disks only: a network or FUSE mount may hang.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/place.hpp"
#include "core/topology.hpp"

namespace lastgood {

class LocalFiles {
  public:
    // Both must outlive it. `filesystem_types`: the text of /proc/filesystems.
    LocalFiles(const Host& host, const Topology& topology, std::string_view filesystem_types)
        : host_(host), topology_(topology), types_(filesystem_types) {}

    // Where the path lies, links resolved; nullopt: it is not there, or not on a local disk.
    std::optional<Place> find(const std::string& path) const;
    // Whether the directory, which find() returned, has this name in it or below it.
    bool has(const Place& directory, std::string_view name) const;
    // Of what lies in a directory that find() returned, without following a link; nullopt: it is
    // not there, or a filesystem is mounted there that may hang.
    std::optional<FileStatus> status(const std::string& path) const;
    // The names in it, without those that begin with a dot; empty also if it cannot be read.
    std::vector<std::string> names(const Place& directory) const;

    // What lies at `inside` the filesystem of a mount that another mount namespace has; nullopt: no
    // mount of this host shows it.
    std::optional<std::string> path_of(const Mount& mount, const std::string& inside) const;
    const Mount* mount_of(std::string_view path) const { return topology_.mount_of(path); }
    const Topology& topology() const { return topology_; }
    // The mount points below the path.
    std::set<std::string, std::less<>> mount_points_below(std::string_view path) const;
    const Host& host() const { return host_; }

  private:
    const Host& host_;
    const Topology& topology_;
    std::string types_;
};

}  // namespace lastgood
