// Lets the listener request a page from itself, so that systemd's watchdog knows that it still
// answers.
#pragma once

#include "core/time.hpp"

namespace lastgood {

// Requests /-/healthy over `connection`, a connected stream socket. False if no answer comes, also
// if the connection is closed. Blocks at most for `limit` seconds.
bool answers_on(int connection, Seconds limit);

}  // namespace lastgood
