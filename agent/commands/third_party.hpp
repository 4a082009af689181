// Runs the program of a third-party collector ([[collector]]) between the agent, or a shell, and
// its descendants: they end with it, however they hide, and when the agent ends.
#pragma once

#include "core/config.hpp"

namespace lastgood {

// Blocks until the program has ended and returns its exit status; does not return if it was killed
// by a signal, but ends in the same way. SIGTERM, SIGINT, SIGHUP and the end of the parent are
// passed on as SIGTERM, 1 s later as SIGKILL. The program gets standard output and error of this
// process and nothing else. 127, with a message on standard error: it could not be started.
int run_third_party(const ExternalCollector& collector);

}  // namespace lastgood
