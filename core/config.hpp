// The configuration as plain data. agent/config_file.cpp reads it from TOML; each setting's name,
// default and prose are declared once, in core/settings.hpp, from which docs/config.md is made.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/settings.hpp"
#include "core/time.hpp"

namespace lastgood {

enum class BackupKind { files, restic, borg, pgbackrest, stamp, observed };
std::string_view to_string(BackupKind kind);

// One expected stream of copies.
struct Backup {
    std::string name;
    BackupKind kind = BackupKind::observed;  // observed: its values come from the inbox or a
                                             // third-party collector
    std::string location;                    // glob, repository directory or stamp file
    std::string stanza;                      // pgbackrest; empty: the only one
    std::vector<std::string> covers;         // paths that the copies hold
    Seconds max_age = 26 * 3600;
    std::optional<double> min_size;  // bytes
    std::string time_pattern;     // files: strptime(3)-like pattern of the time in the name, e.g.
                                  // "%Y-%m-%d_%H%M%S"; empty: found by form, else mtime
    Seconds settle_time = 60;     // files: unchanged for so long counts as written
    std::string cache_directory;  // borg: the client's cache, where its own record of a finished
                                  // backup lies
};

// A command that prints observation lines.
struct ExternalCollector {
    std::string name;
    std::vector<std::string> command;
    Seconds interval = 300;
    Seconds deadline = 60;
};

struct CollectorSettings {
    bool enabled = true;
    std::optional<Seconds> interval;
    std::optional<Seconds> deadline;
};

struct Config : Settings {
    std::vector<Backup> backups;
    std::vector<ExternalCollector> external_collectors;
    std::map<std::string, CollectorSettings> collectors;  // by collector name
};

// What lies in the runtime directory: the report, and the requests of `lastgood forget`.
std::string report_path(const Config& config);
std::string forget_directory(const Config& config);

// The lock that the agent holds for as long as it lives. It lies beside the report, so that whoever
// was given only a report's path finds it too.
std::string agent_lock_path(std::string_view report_path);

}  // namespace lastgood
