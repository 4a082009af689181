// The accepted configuration as a memory file, which children read instead of the files of the
// administrator: a broken file must not reach them.
#pragma once

#include "core/config.hpp"
#include "core/descriptor.hpp"
#include "core/result.hpp"

namespace lastgood {

// Returns a close-on-exec descriptor for reading. The file is sealed (memfd_create(2)): nobody who
// gets the descriptor can change it, not even root. Who opens it by its name in /proc/self/fd has
// an offset of its own. Error: failed, if no descriptor or memory is left.
Result<Descriptor> seal_config(const Config& config);

}  // namespace lastgood
