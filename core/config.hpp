// The configuration as plain data. agent/config_file.cpp reads it from TOML. core/settings.hpp
// declares each setting with its name, default and help; docs/config.md is generated from it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/backup_kind.hpp"
#include "core/backup_plan.hpp"
#include "core/settings.hpp"
#include "core/time.hpp"

namespace lastgood {

// Whether one place holds copies of several sources, and how they are told apart.
enum class Streams { none, by_name, by_directory };
std::string_view to_string(Streams streams);  // "name", "directory"; "" for none
std::optional<Streams> parse_streams(std::string_view text);

// One backup that is expected to make copies regularly.
struct Backup {
    std::string name;
    // observed: values come from the inbox or a third-party collector
    BackupKind kind = BackupKind::observed;
    std::string location;  // glob, repository directory, stamp file or unit
    std::string unit;      // systemd: the service that makes the copies; empty: none
    // systemd: exit statuses of its commands that count as success, besides 0; sorted
    std::vector<int> success_exit_status;
    std::string stanza;               // pgbackrest; empty: the only stanza
    std::vector<std::string> covers;  // paths that the copies hold
    bool crosses_mounts = false;      // they also hold the filesystems that are mounted below
    Seconds max_age = 26 * 3600;
    BackupPlan plan;
    // A hop: its copies are copies of those of this backup; empty: they are made from the source.
    std::string copy_of;
    // A hop: how much older than the original's its newest content may be.
    std::optional<Seconds> max_lag;
    std::optional<double> min_size;  // bytes
    // files: pattern like strptime(3) of the time in the name, e.g. "%Y-%m-%d_%H%M%S"; empty: the
    // common forms, else mtime
    std::string time_pattern;
    Seconds settle_time = 60;      // files: a file unchanged for this long counts as complete
    Streams each = Streams::none;  // files: "name" or "directory"
    // files: a copy that is a directory is complete if it has this file
    std::string complete_if;
    // borg: the client's cache directory, which records each finished backup
    std::string cache_directory;
    std::optional<Seconds> max_wal_age;  // barman, pgbackrest: of the newest archived WAL
    std::string log;                     // rsnapshot: its log; empty: /var/log/rsnapshot.log

    bool operator==(const Backup&) const = default;
};

// Whether the copies of such a backup lie at its location.
bool has_copies_at_location(BackupKind kind);
// Whether it consists of streams, each of which is a backup of its own.
bool has_streams(const Backup& backup);
// The directories of the location before any wildcard; "" if it has no location.
std::string fixed_location(const Backup& backup);

// A command that prints observation lines.
struct ExternalCollector {
    std::string name;
    std::vector<std::string> command;
    Seconds interval = 300;
    Seconds deadline = 60;

    bool operator==(const ExternalCollector&) const = default;
};

struct CollectorSettings {
    bool enabled = true;
    std::optional<Seconds> interval;
    std::optional<Seconds> deadline;

    bool operator==(const CollectorSettings&) const = default;
};

// A finding that the administrator accepts by the configuration.
struct AcceptSetting {
    std::string rule;
    std::string subject;  // as `lastgood status` takes it; empty: the host
    std::optional<double> up_to;
    Timestamp until = 0;
    std::string reason;

    bool operator==(const AcceptSetting&) const = default;
};

// Somebody's word that data is backed up out of this host's sight.
struct DeclaredElsewhere {
    std::vector<std::string> paths;
    std::string owner, reason;
    Timestamp until = 0;

    bool operator==(const DeclaredElsewhere&) const = default;
};

// A directory that must keep draining.
struct Spool {
    std::string name;
    std::string path;  // a directory, or a path pattern (core/glob.hpp)
    std::optional<Seconds> max_age = {};
    std::optional<double> max_count = {};
    std::optional<double> max_bytes = {};
    Seconds max_pause = 180;  // nothing may leave for this long while something lies there

    bool operator==(const Spool&) const = default;
};

enum class ProbeKind { write, command, address };
std::string_view to_string(ProbeKind kind);  // also the key of its target

// What is tried regularly, and how long that takes.
struct Probe {
    std::string name;
    ProbeKind kind = ProbeKind::write;
    std::string target;                     // write: a directory; address: "HOST:PORT"
    std::vector<std::string> command = {};  // command: a program and its arguments
    std::string user = {};                  // command: who it runs as
    std::string send = {}, expect = {};     // address: a question, and how its answer begins
    Seconds interval = 60;
    Seconds deadline = 30;
    std::optional<Seconds> max_time = {};  // slower is slow; nullopt: learned

    bool operator==(const Probe&) const = default;
};

struct Config : Settings {
    std::vector<Backup> backups;
    std::vector<Spool> spools;
    std::vector<Probe> probes;
    std::vector<DeclaredElsewhere> elsewhere;
    std::vector<AcceptSetting> accepted;
    std::vector<ExternalCollector> external_collectors;
    std::map<std::string, CollectorSettings> collectors;  // by collector name
};

// Whether the listener has a certificate or passwords.
bool protects_listener(const Config& config);

// Paths in the runtime directory: the report, and the requests of `lastgood forget` and `accept`.
std::string report_path(const Config& config);
std::string requests_directory(const Config& config);

// A file that the agent holds a write lock on while it runs (F_OFD_SETLK, fcntl(2)). Everybody may
// ask for the lock, and nobody else can take it. It lies beside the report, so that a command that
// knows only the report's path finds it.
std::string agent_life_path(std::string_view report_path);

}  // namespace lastgood
