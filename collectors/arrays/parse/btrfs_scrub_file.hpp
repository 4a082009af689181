// Parses /var/lib/btrfs/scrub.status.UUID, where btrfs-progs keeps how the last scrub ended. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// When the last scrub of all `devices` devices had ended, the oldest of them: "scrub status:1",
// then a line for each, "UUID:1|…|t_start:1795617305|…|duration:9|canceled:0|finished:1". nullopt:
// one of them was not scrubbed to its end, or the text is not of this form.
std::optional<Timestamp> btrfs_scrub_end(std::string_view text, size_t devices);

}  // namespace lastgood
