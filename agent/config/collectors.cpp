#include <fmt/format.h>

#include "agent/config/tables.hpp"
#include "collectors/collector.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t longest_argument = 128 * 1024 - 1;  // bytes; MAX_ARG_STRLEN, execve(2)

std::vector<std::string> names_of_builtin() {
    std::vector<std::string> names;
    for (const Collector* collector : all_collectors()) names.emplace_back(collector->name);
    return names;
}

// "/usr/bin/x --all" as one word: a blank in the last name, or before an option or a path. Other
// blanks may belong to the name of a directory.
bool holds_arguments(std::string_view program) {
    if (contains(last_component(program), ' ')) return true;
    return contains(program, " -") || contains(program, " /");
}

void read_builtin(ConfigReader& reader, std::string_view name, const toml::table& table) {
    CollectorSettings& collector = reader.config().collectors[std::string(name)];
    for (const auto& [key, value] : table) {
        Seconds duration = 0;
        if (key == "enabled") {
            reader.read(value, "enabled", collector.enabled);
        } else if (key == "interval") {
            if (reader.read(value, "interval", duration, shortest_interval))
                collector.interval = duration;
        } else if (key == "deadline") {
            if (reader.read(value, "deadline", duration, shortest_interval))
                collector.deadline = duration;
        } else {
            reader.refuse_key(key, fmt::format("in [collectors.{}]", name),
                              {"enabled", "interval", "deadline"});
        }
    }
}

}  // namespace

void check_command(ConfigReader& reader, const toml::node& node,
                   const std::vector<std::string>& command) {
    if (command.empty() || command[0].empty())
        return reader.refuse(node.source(),
                             "command is a list of a program and its arguments, like "
                             "[\"/usr/local/bin/tape-age\"]");
    for (const std::string& argument : command)
        if (argument.size() > longest_argument)
            return reader.refuse(node.source(), "a part of command is longer than 128 KiB");
    const std::string& program = command[0];
    if (holds_arguments(program)) {
        const auto words = split(program, " ");
        return reader.refuse(node.source(),
                             fmt::format("the program and its arguments are strings of their own: "
                                         "write command = [\"{}\"]",
                                         fmt::join(words, "\", \"")));
    }
    if (!program.starts_with('/'))
        return reader.refuse(node.source(),
                             fmt::format("write the program with its whole path, like "
                                         "\"/usr/local/bin/{}\": PATH may differ",
                                         last_component(program)));
    if (reader.check_path(node, "command", program))
        reader.rely_on(node.source(), ConfigNeed::program, program);
}

void read_external_collector(ConfigReader& reader, const toml::table& table) {
    ExternalCollector collector;
    for (const auto& [key, node] : table) {
        if (key == "name") {
            reader.read_name(node, collector.name);
        } else if (key == "command") {
            if (reader.read(node, "command", collector.command))
                check_command(reader, node, collector.command);
        } else if (key == "interval") {
            reader.read(node, "interval", collector.interval, shortest_interval);
        } else if (key == "deadline") {
            reader.read(node, "deadline", collector.deadline, shortest_interval);
        } else {
            reader.refuse_key(key, "in [[collector]]", {"name", "command", "interval", "deadline"});
        }
    }
    reader.require_trust(table.source(), "makes lastgood run a command");
    if (!table.contains("name")) reader.refuse(table.source(), "[[collector]] needs a name");
    if (!table.contains("command"))
        reader.refuse(table.source(),
                      "[[collector]] needs a command: a list of a program and its arguments, like "
                      "[\"/usr/local/bin/tape-age\"]");
    if (find_collector(collector.name))
        reader.refuse(table.source(),
                      fmt::format("\"{}\" is the name of a built-in collector; choose another name",
                                  collector.name));
    if (!collector.name.empty())
        if (const auto before = reader.take("collector " + collector.name, table.source()))
            reader.refuse(
                table.source(),
                fmt::format("two collectors are named \"{}\", the other in {}; rename one "
                            "of them",
                            collector.name, to_string(*before)));
    reader.config().external_collectors.push_back(std::move(collector));
}

void read_collectors(ConfigReader& reader, const toml::table& table) {
    for (const auto& [name, node] : table) {
        if (!find_collector(name.str()))
            reader.refuse_word(
                name, fmt::format("there is no built-in collector \"{}\"", name.str()),
                names_of_builtin(),
                fmt::format("the built-in collectors are {}", fmt::join(names_of_builtin(), ", ")));
        else if (const toml::table* settings = node.as_table())
            read_builtin(reader, name.str(), *settings);
        else
            reader.refuse(node.source(),
                          fmt::format("write a table, like [collectors.{}]", name.str()));
    }
}

}  // namespace lastgood
