// The listener asks itself, so that systemd's watchdog means that requests are answered.
#pragma once

#include <string>

#include "core/time.hpp"

namespace lastgood {

// Connects to where `listen` says (parse_listen_address's forms) and asks for a page. False only
// when the connection was made and no answer came within `limit`: a firewall that forbids us to
// talk to ourselves does not tell that we hang.
bool answers_itself(const std::string& listen, Seconds limit);

}  // namespace lastgood
