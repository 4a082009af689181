// What a unit file of systemd and a crontab start. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/parse/shell.hpp"

namespace lastgood {

// Of the section [Service] (systemd.service(5), systemd.syntax(7)).
struct UnitFile {
    std::vector<std::string> commands;           // ExecStart=; specifiers but %% are untold
    ShellVariables environment;                  // Environment=
    std::vector<std::string> environment_files;  // absolute paths
};
UnitFile parse_unit_file(std::string_view text);

struct CronCommand {
    std::string text;
    ShellVariables environment;  // what the crontab sets above it
};
// crontab(5); `has_user`: the form of /etc/crontab and /etc/cron.d.
std::vector<CronCommand> parse_crontab(std::string_view text, bool has_user);

}  // namespace lastgood
