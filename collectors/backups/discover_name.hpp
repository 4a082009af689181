// Names for backups that are suggested.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace lastgood {

// The text as a valid name of a backup in the configuration; "" if nothing of it is left.
std::string plain_name(std::string_view text);

// A directory's own name, preceded by its parent's name if its own is as general as "backups".
std::string name_of_directory(std::string_view directory);

// The name, with a number if it is taken; it is taken then.
std::string unused_name(const std::string& wanted, std::set<std::string>& taken);

}  // namespace lastgood
