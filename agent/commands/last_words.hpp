// One line about what ends this process unexpectedly: an exception that nobody caught, or a signal.
#pragma once

namespace lastgood {

// An uncaught exception, or any other reason for std::terminate(), is printed to stderr.
void tell_uncaught_exceptions();

// For the agent, which nobody watches as it watches its collectors: also prints the name of a
// signal that ends it, as SIGSEGV or SIGABRT do. Signals that some programs send by mistake are
// ignored.
void tell_fatal_signals();

}  // namespace lastgood
