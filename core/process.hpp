// Running a child process with a deadline.
#pragma once

#include "core/host.hpp"

namespace lastgood {

// Runs a command to its end, at most `deadline` seconds and `output_limit` bytes. A child that
// survives SIGKILL (stuck in the kernel) is abandoned: timed_out. A command that does not exist:
// absent.
Result<CommandOutput> run_process(const Command& command);

}  // namespace lastgood
