// Who runs a command.
#pragma once

#include <string>

namespace lastgood {

// The name of the user, also through sudo; harmless to print.
std::string caller();

}  // namespace lastgood
