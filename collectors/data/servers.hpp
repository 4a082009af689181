// Database servers that run on this host, and the directories that they work in.
#pragma once

#include <map>
#include <set>
#include <string>

#include "collectors/data/local.hpp"

namespace lastgood {

// By the name of the program ("postgres"); "": a server runs whose directory is not known.
using ServerDirectories = std::map<std::string, std::set<std::string>>;

// Anybody may call his program so: a process counts if its user owns the directory, or is root, and
// of the users who are people only some count.
//
// By the arguments of each process, else by its working directory if the program works in its data
// and that can be read (another user's needs CAP_SYS_PTRACE), else by the configuration that the
// arguments name. Paths of containers are those of this host.
ServerDirectories directories_of_servers(const LocalFiles& files);

}  // namespace lastgood
