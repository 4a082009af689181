// Database servers that run on this host, and the directories that they work in.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/host.hpp"

namespace lastgood {

using ServerDirectories = std::map<std::string, std::set<std::string>>;

// Working directories of the processes, by the name of the program ("postgres"), of programs that
// work in their data directory. Not those of containers: their paths are of another tree. Reading
// another user's needs CAP_SYS_PTRACE; without it "" stands for them.
ServerDirectories directories_of_servers(const Host& host);

}  // namespace lastgood
