// Takes from the listener the system calls that it does not need, like the unit's
// SystemCallFilter=, but also under `lastgood run`. Sources: seccomp(2), linux/seccomp.h.
#pragma once

#include "core/result.hpp"

namespace lastgood {

// From now on no thread of this process can start a program or a process, open a file for writing,
// change names, owners or modes of files, connect by IP, send signals to others, or trace them:
// such calls fail with EPERM. Sockets that are open go on. Needs no_new_privs; cannot be undone.
// Errors: failed, if the kernel refuses the filter; absent, if none is written for this processor.
Result<void> enter_sandbox();

// Whether a filter is in force for this thread, from enter_sandbox() or from outside.
bool in_sandbox();

}  // namespace lastgood
