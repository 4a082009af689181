// Reads one file of a configuration once, and sees who else could have changed what it says.
#pragma once

#include <string>

#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct ConfigSource {
    std::string text;
    // Who else can change the file, as a reason and the command that mends it. "": only root and
    // the user of this process can.
    std::string distrust = {};
    Timestamp modified = 0;  // 0: not known
    // The configuration that a running agent has accepted and gives to its children
    // (memfd_create(2) with F_SEAL_WRITE).
    bool is_accepted = false;
};

// Reads a regular file of at most 1 MiB, or /dev/null. Each directory and symbolic link on the way
// is looked at, the file itself through the descriptor that reads it, so that nobody can exchange
// it in between. A relative path starts in the working directory. Blocks as long as the filesystem
// does, but not on a FIFO or a device. Errors: as of Host (core/host.hpp); failed: neither a file
// nor small enough.
Result<ConfigSource> read_config_source(const std::string& path);

}  // namespace lastgood
