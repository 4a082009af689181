// Lets the listener request its own page, so that systemd's watchdog knows that it still answers.
#pragma once

#include <string>

#include "core/time.hpp"

namespace lastgood {

// Connects to `listen` (in a form that parse_listen_address accepts) and requests /-/healthy. False
// only if the connection was made and no answer came. If no connection can be made, for example
// because of a firewall, the result is true: that does not show that the listener hangs. Blocks at
// most for `limit` seconds.
bool answers_itself(const std::string& listen, Seconds limit);

}  // namespace lastgood
