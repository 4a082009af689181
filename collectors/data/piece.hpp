// A piece of data that is worth a backup.
#pragma once

#include <string>
#include <vector>

#include "core/place.hpp"

namespace lastgood {

struct Piece {
    std::string kind;   // "postgresql", "home": the first word of its id
    std::string title;  // "PostgreSQL data", "home directories"
    Place place;        // its mount is local, never nullptr
    // A database: copies of its files while a server runs on them are no backup.
    bool is_database = false;
    bool is_running = false;   // a server runs on it
    bool is_precious = false;  // the setting `precious` names it
    // Paths below it that are not part of it: places of backups, and what is a piece of its own.
    std::vector<std::string> without = {};
    bool in_vzdump = true;  // false: a disk that vzdump leaves out

    std::string id() const { return kind + " " + place.path; }
};

}  // namespace lastgood
