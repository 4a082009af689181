// Runs a child process with a deadline.
#pragma once

#include "core/host.hpp"

namespace lastgood {

// Runs a command and blocks until it ends, at most `deadline` and 2 s more. A name without '/' is
// looked for in `search_path` (core/child_process.hpp). Errors: absent (no such command), timed_out
// (past its deadline; a child that survives SIGKILL is abandoned), failed (more output than
// `output_limit`, or it could not be started). A non-zero exit status is not an error.
Result<CommandOutput> run_process(const Command& command,
                                  std::string_view search_path = program_path);

}  // namespace lastgood
