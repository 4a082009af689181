// One attempt of a probe: a small write, a command, or a connection. Each runs in a child process,
// because it may hang and be impossible to kill.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/child_process.hpp"
#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

// What a child tells of its attempt.
struct AttemptResult {
    int error = 0;  // 0: it worked; else an errno, or no_errno
    Seconds took = 0;
    char text[200] = "";  // why not, if no errno says it
    static constexpr int no_errno = -1;
};

// A file without a name in the directory, 16 bytes, fdatasync(2): only the write and the sync are
// measured. Follows no link but those of the path, and leaves nothing behind.
AttemptResult write_once(const std::string& directory);

// A connection to "HOST:PORT" or "[ADDRESS]:PORT". With `send` and `expect`, the time until the
// answer begins with `expect`; else that until the connection stands.
AttemptResult connect_once(const Probe& probe);

// Splits an address. nullopt: it has no port, or no host.
struct HostAndPort {
    std::string host, port;
};
std::optional<HostAndPort> split_address(std::string_view address);

// Who the command of a probe runs as. Found before the fork, since the database of users may hang.
struct RunAs {
    bool switches = false;  // false: as this process
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;
};
Result<RunAs> find_user(const std::string& name);

// Becomes that user and then the program; returns only if that fails, with an errno. Only system
// calls: to be called in a child. The environment is clean_environment().
int become(const RunAs& who, const std::vector<std::string>& command,
           const std::vector<std::string>& environment);

}  // namespace lastgood
