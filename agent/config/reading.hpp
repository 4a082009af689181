// What the files of a configuration say, read as far as possible, with everything that is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

// Lines and columns count from 1; 0: the file as a whole.
struct ConfigPlace {
    std::string file;
    size_t line = 0, column = 0;
};

struct ConfigRemark {
    ConfigPlace place;
    std::string text;  // what is wrong, and what to write
    ErrorKind kind = ErrorKind::malformed;
};

// "FILE:3:1: unknown key …". It is safe to print (core/utf8.hpp).
std::string to_string(const ConfigRemark& remark);

// What the configuration relies on outside of itself.
enum class ConfigNeed {
    existing,   // a path that is there
    directory,  // a directory that is there
    parent,     // a path whose directory is there
    pattern,    // a path pattern whose fixed part is there (core/glob.hpp)
    unit,       // a unit of systemd that is there
    reported,   // a program that reports the backup of this name
    copies,     // the place of a backup's copies, as its kind has it
    covered,    // a path that the copies hold
    stream,     // a stream of the backup
    program,    // a program that can be executed
    user,       // a user of this host
    certificate,
    key,
    passwords,  // files that the listener must be able to read
};

struct ConfigUse {
    ConfigPlace place;
    ConfigNeed need = ConfigNeed::existing;
    std::string value;
    // Of copies, covered and stream: the index in Config::backups of the backup that says so.
    size_t backup = 0;
};

// A backup that names another one as copy_of.
struct ConfigHop {
    ConfigPlace place;  // of the key
    std::string backup;
    bool has_limit = false;  // max_age or schedule are set; else they follow from the original's
};

struct ConfigReading {
    Config config;  // usable only if there are no mistakes
    std::vector<std::string> files;
    // Both in the order of the files, then of lines and columns.
    std::vector<ConfigRemark> mistakes, warnings;
    std::vector<ConfigUse> uses;
    std::vector<ConfigHop> hops;
};

// Adds a remark where its place belongs, behind others of the same place. `to` is one of the two
// lists of the reading.
void insert_remark(const ConfigReading& reading, std::vector<ConfigRemark>& to, ConfigRemark one);

// The place of the last use of a kind; nullptr: there is none.
const ConfigUse* find_use(const ConfigReading& reading, ConfigNeed need);

// The first mistake, and how many more there are, if there is one. It is safe to print.
Error first_mistake(const ConfigReading& reading, const std::string& path);

inline constexpr const char* default_config_path = "/etc/lastgood/lastgood.toml";

}  // namespace lastgood
