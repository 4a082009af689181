// Where a database server keeps its data: by the arguments that it was started with, and by its
// configuration. Pure: what is malformed or relative says nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lastgood {

struct ServerArguments {
    std::string directory;   // absolute; empty: they do not say
    std::string config;      // the same of its configuration
    bool is_helper = false;  // a process that PostgreSQL's server has started
};
// `program`: as in /proc/PID/comm. `command_line`: /proc/PID/cmdline.
ServerArguments parse_server_arguments(std::string_view program, std::string_view command_line);

// As whom a process works, by its /proc/PID/status (proc(5)); nullopt: that does not say.
std::optional<long> effective_user(std::string_view status);

enum class ServerConfig { none, postgresql, mysql, mongodb, redis, elasticsearch };
// The directory that a configuration file names; empty: none.
std::string data_directory_in(ServerConfig form, std::string_view text);

}  // namespace lastgood
