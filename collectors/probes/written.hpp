// Whether anything was written on the filesystem of a directory since its last probe, by the
// counters of its block device: what sleeps is let sleep. Reads only /proc and /sys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/host.hpp"

namespace lastgood {

class WrittenSince {
  public:
    WrittenSince(const Host& host, std::string directory)
        : host_(host), directory_(std::move(directory)) {}

    // True also if no block device is known: of a network filesystem, or one of FUSE or ZFS.
    bool since_last_probe() const;

    // The journal and the inode follow what a probe wrote by up to half a minute: the count starts
    // after that.
    void probed(Seconds now, Seconds interval);
    void note_own_writes(Seconds now);
    // When note_own_writes() should be called next.
    std::optional<Seconds> wants_at() const { return settled_at_; }

  private:
    std::optional<uint64_t> writes() const;

    const Host& host_;
    std::string directory_;
    std::optional<uint64_t> last_;
    std::optional<Seconds> settled_at_;
};

// Writes that a block device has completed, from /sys/…/stat. nullopt: malformed.
std::optional<uint64_t> writes_completed(std::string_view stat);

}  // namespace lastgood
