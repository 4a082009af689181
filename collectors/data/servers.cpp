#include "collectors/data/servers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::array<std::string_view, 7> programs = {
    "postgres", "mysqld", "mariadbd", "redis-server", "valkey-server", "mongod", "influxd"};

bool is_process(const std::string& name) {
    return std::ranges::all_of(name, [](char c) { return is_digit(c); });
}

}  // namespace

ServerDirectories directories_of_servers(const Host& host) {
    ServerDirectories found;
    for (const std::string& id : host.list("/proc").value_or(std::vector<std::string>())) {
        if (!is_process(id)) continue;
        const auto program = host.read_line(fmt::format("/proc/{}/comm", id));
        if (!program || std::ranges::find(programs, *program) == programs.end()) continue;
        if (host.read_link(fmt::format("/proc/{}/root", id)).value_or("/") != "/") continue;
        const auto directory = host.read_link(fmt::format("/proc/{}/cwd", id));
        if (directory)
            found[*program].insert(*directory);
        else if (directory.error().kind == ErrorKind::denied)
            found[*program].insert("");
    }
    return found;
}

}  // namespace lastgood
