// One line on standard error per event; under systemd with the priority that the journal reads
// (sd-daemon(3)).
#pragma once

#include <string_view>

namespace lastgood {

enum class LogLevel { error, warning, info };

void log(LogLevel level, std::string_view message);

}  // namespace lastgood
