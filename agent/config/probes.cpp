#include <fmt/core.h>

#include "agent/config/tables.hpp"
#include "collectors/probes/attempt.hpp"

namespace lastgood {

namespace {

void read_target(ConfigReader& reader, const toml::node& node, ProbeKind kind, Probe& probe) {
    probe.kind = kind;
    switch (kind) {
        case ProbeKind::write:
            if (reader.read_path(node, "write", probe.target))
                reader.rely_on(node.source(), ConfigNeed::directory, probe.target);
            reader.require_trust(node.source(), "makes lastgood write");
            break;
        case ProbeKind::command:
            if (reader.read(node, "command", probe.command))
                check_command(reader, node, probe.command);
            reader.require_trust(node.source(), "makes lastgood run a command");
            break;
        case ProbeKind::address:
            if (reader.read(node, "address", probe.target) && !split_address(probe.target))
                reader.refuse(node.source(),
                              "address is HOST:PORT, such as \"db1.example.net:5432\" or "
                              "\"[2001:db8::1]:5432\"");
            break;
    }
}

void read_user(ConfigReader& reader, const toml::node& node, Probe& probe) {
    if (!reader.read(node, "user", probe.user)) return;
    if (probe.user == "root")
        reader.refuse(node.source(), "a probe does not run as root: name another user");
    reader.rely_on(node.source(), ConfigNeed::user, probe.user);
}

void check_whole(ConfigReader& reader, const toml::table& table, const Probe& probe) {
    const auto refuse = [&](const char* text) { reader.refuse(table.source(), text); };
    int targets = 0;
    for (const char* key : {"write", "command", "address"}) targets += table.contains(key) ? 1 : 0;
    if (targets != 1) refuse("[[probe]] needs one of write, command and address");
    if (!table.contains("name")) refuse("[[probe]] needs a name");
    if (table.contains("command") && !table.contains("user"))
        refuse("a command needs user: who it runs as");
    if (!table.contains("command") && table.contains("user"))
        refuse("user belongs to a command: a write and a connection need none");
    const bool asks = table.contains("send") || table.contains("expect");
    if (asks && !table.contains("address")) refuse("send and expect belong to an address");
    if (table.contains("send") && probe.expect.empty())
        refuse("send needs expect: how the answer begins");
}

}  // namespace

void read_probe(ConfigReader& reader, const toml::table& table) {
    Probe probe;
    for (const auto& [key, node] : table) {
        if (key == "name")
            reader.read_name(node, probe.name);
        else if (key == "write")
            read_target(reader, node, ProbeKind::write, probe);
        else if (key == "command")
            read_target(reader, node, ProbeKind::command, probe);
        else if (key == "address")
            read_target(reader, node, ProbeKind::address, probe);
        else if (key == "user")
            read_user(reader, node, probe);
        else if (key == "send")
            reader.read(node, "send", probe.send);
        else if (key == "expect")
            reader.read(node, "expect", probe.expect);
        else if (key == "max_time")
            reader.read(node, "max_time", probe.max_time.emplace());
        else if (key == "interval")
            reader.read(node, "interval", probe.interval, shortest_interval);
        else if (key == "deadline")
            reader.read(node, "deadline", probe.deadline, shortest_interval);
        else
            reader.refuse_key(key, "in [[probe]]",
                              {"name", "write", "command", "user", "address", "send", "expect",
                               "max_time", "interval", "deadline"});
    }
    check_whole(reader, table, probe);
    if (!probe.name.empty())
        if (const auto before = reader.take("probe " + probe.name, table.source()))
            reader.refuse(table.source(),
                          fmt::format("two probes are named \"{}\", the other in {}; rename one of "
                                      "them",
                                      probe.name, to_string(*before)));
    reader.config().probes.push_back(std::move(probe));
}

}  // namespace lastgood
