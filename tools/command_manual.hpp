// Generates packaging/man/lastgood.1 and packaging/bash-completion/lastgood from the command line's
// own description (agent/commands/command_line.hpp). Pure.
#pragma once

#include <string>

namespace lastgood {

std::string command_line_to_man();         // lastgood(1), as roff
std::string command_line_to_completion();  // a script for bash-completion

}  // namespace lastgood
