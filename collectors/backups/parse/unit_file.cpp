#include "collectors/backups/parse/unit_file.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_commands = 1000;
constexpr size_t cron_fields = 5;
constexpr size_t most_settings = 100;  // of a crontab

// The next line with those that it goes on in; comments between them are left out.
std::string take_whole_line(std::string_view& text) {
    std::string whole;
    while (!text.empty()) {
        const std::string_view line = trim(take_line(text));
        if (line.starts_with('#') || line.starts_with(';')) {
            if (whole.empty()) return {};
            continue;
        }
        const bool goes_on = line.ends_with('\\');
        whole += goes_on ? line.substr(0, line.size() - 1) : line;
        if (!goes_on) break;
        whole += ' ';
    }
    return whole;
}

// systemd splits the value of $NAME at blanks as a shell does, and that of ${NAME} it does not.
std::string quote_variables(std::string_view command) {
    std::string text;
    for (size_t i = 0; i < command.size(); ++i) {
        const bool begins = i == 0 || is_space(command[i - 1]);
        const size_t end =
            begins && command.substr(i).starts_with("${") ? command.find('}', i) : command.npos;
        if (end != command.npos && (end + 1 == command.size() || is_space(command[end + 1]))) {
            text += '"';
            text += command.substr(i, end + 1 - i);
            text += '"';
            i = end;
        } else {
            text += command[i];
        }
    }
    return text;
}

// "%i" and its like are known to systemd only.
std::string without_specifiers(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%' || i + 1 == text.size()) {
            result += text[i];
            continue;
        }
        ++i;
        result += text[i] == '%' ? '%' : untold;
    }
    return result;
}

void take_setting(UnitFile& unit, std::string_view key, std::string_view value) {
    if (key == "ExecStart") {
        const std::string_view command = trim_start(value, "-@:+!| \t");
        if (command.empty())
            unit.commands.clear();
        else if (unit.commands.size() < most_commands)
            unit.commands.push_back(quote_variables(without_specifiers(command)));
    } else if (key == "Environment") {
        for (auto& [name, text] : variables_in(without_specifiers(value)))
            unit.environment.insert_or_assign(name, text);
    } else if (key == "EnvironmentFile") {
        const std::string_view path = without_prefix(value, "-");
        if (path.starts_with('/') && unit.environment_files.size() < most_commands)
            unit.environment_files.emplace_back(path);
    }
}

// "*/5 * * * * root command" without the time and the user; empty: no such line.
std::string_view command_of(std::string_view line, bool has_user) {
    size_t fields = line.starts_with('@') ? 1 : cron_fields;
    if (has_user) ++fields;
    for (; fields > 0; --fields) {
        const size_t end = line.find_first_of(" \t");
        if (end == line.npos) return {};
        line = trim_start(line.substr(end));
    }
    return line;
}

// A '%' that is not escaped ends the command: what follows is its input.
std::string unescaped(std::string_view command) {
    std::string text;
    for (size_t i = 0; i < command.size() && command[i] != '%'; ++i) {
        if (command[i] == '\\' && i + 1 < command.size() && command[i + 1] == '%') ++i;
        text += command[i];
    }
    return text;
}

// "NAME = value", with blanks and quotes.
bool take_cron_setting(std::string_view line, ShellVariables& environment) {
    const size_t equals = line.find('=');
    if (equals == line.npos) return false;
    std::string_view value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == value.back() && contains("\"'", value.front()))
        value = value.substr(1, value.size() - 2);
    const std::string word =
        std::string(trim(line.substr(0, equals), " \t\"'")) + "=" + std::string(value);
    ShellVariables probe;
    if (!set_variable(word, probe)) return false;
    return environment.size() >= most_settings || set_variable(word, environment);
}

}  // namespace

UnitFile parse_unit_file(std::string_view text) {
    UnitFile unit;
    bool in_service = false;
    while (!text.empty()) {
        const std::string line = take_whole_line(text);
        if (line.starts_with('[')) in_service = line == "[Service]";
        const size_t equals = line.find('=');
        if (!in_service || equals == line.npos) continue;
        const std::string_view whole = line;
        take_setting(unit, trim(whole.substr(0, equals)), trim(whole.substr(equals + 1)));
    }
    return unit;
}

std::vector<CronCommand> parse_crontab(std::string_view text, bool has_user) {
    std::vector<CronCommand> commands;
    ShellVariables environment;
    while (!text.empty() && commands.size() < most_commands) {
        const std::string_view line = trim(take_line(text));
        if (line.empty() || line.starts_with('#')) continue;
        if (take_cron_setting(line, environment)) continue;
        const std::string_view command = command_of(line, has_user);
        if (!command.empty()) commands.push_back({unescaped(command), environment});
    }
    return commands;
}

}  // namespace lastgood
