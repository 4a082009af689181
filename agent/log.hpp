// Logs one line to standard error per event, under systemd with the priority prefix that the
// journal reads (sd-daemon(3)).
#pragma once

#include <string_view>

namespace lastgood {

enum class LogLevel { error, warning, info };

// Newlines become blanks, other characters that harm a terminal '?'. Blocks while standard error
// does; cannot fail.
void log(LogLevel level, std::string_view message);

}  // namespace lastgood
