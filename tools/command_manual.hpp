// What tells of the command line, printed from it: packaging/man/lastgood.1 and
// packaging/bash-completion/lastgood.
#pragma once

#include <string>

namespace lastgood {

std::string command_line_to_man();
std::string command_line_to_completion();

}  // namespace lastgood
