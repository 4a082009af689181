// What the configurations and command lines of backup tools tell of a backup that is to be made
// here: where it goes to, and what it holds. Pure. None returns a secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/parse/shell.hpp"
#include "core/backup_kind.hpp"

namespace lastgood {

struct ToolJob {
    BackupKind kind = BackupKind::restic;
    std::string tool = {};      // as people call it: "borgmatic"
    std::string location = {};  // a path of this host, or a place elsewhere; empty: not told
    std::vector<std::string> covers = {};   // absolute paths
    bool crosses_mounts = false;            // it also takes what is mounted below them
    std::string log = {};                   // rsnapshot: its log
    std::vector<std::string> remarks = {};  // sentences: what could not be told
};

// Of a command line: restic backup, borg create, duplicity. Nothing for other commands.
std::vector<ToolJob> parse_backup_command(const ShellWords& words, const ShellVariables& variables);
// Of rsnapshot.conf: what it copies of this host.
std::vector<ToolJob> parse_rsnapshot_config(std::string_view text);
// Of borgmatic's configuration, in its forms since 1.5: one job for each repository.
std::vector<ToolJob> parse_borgmatic_config(std::string_view text);
// Of btrbk.conf: one job for each directory with copies. Snapshots beside their source are one only
// where no copy is made of them on this host.
std::vector<ToolJob> parse_btrbk_config(std::string_view text);
// Of a configuration in /etc/snapper/configs: only snapshots that are taken by a timeline.
std::vector<ToolJob> parse_snapper_config(std::string_view text);

// A place elsewhere without the password in it: "ssh://me@host/x".
std::string without_password(std::string_view place);

}  // namespace lastgood
