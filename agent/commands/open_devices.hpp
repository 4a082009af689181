// Whether a process has a device open, as fuser(1) finds out.
#pragma once

#include <sys/types.h>

#include "core/preflight.hpp"

namespace lastgood {

// `type` is S_IFBLK or S_IFCHR. Reads /proc; opens and asks no device, and blocks on no filesystem
// that hangs. Unknown: not every process may be looked at (needs root), and none of the others has
// it open. Processes of other PID namespaces are not seen.
Held opened_by_a_process(dev_t device, mode_t type);

}  // namespace lastgood
