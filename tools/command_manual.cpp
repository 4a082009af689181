#include "tools/command_manual.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <set>
#include <vector>

#include "agent/commands/command_line.hpp"
#include "collectors/collector.hpp"
#include "tools/manual.hpp"

namespace lastgood {

namespace {

struct OptionText {
    std::string name;   // "--json"; empty for a positional argument
    bool many = false;  // may be given more than once
    std::string value;  // "FILE"; empty for a flag
    std::vector<std::string> choices;
    std::string help;
    bool required = false;
};

struct CommandText {
    std::string name;  // "status", "config check"
    std::string help;
    std::vector<OptionText> options, positionals;
};

OptionText option_text(const CLI::Option& option) {
    OptionText text;
    text.help = option.get_description();
    text.required = option.get_required();
    text.many = option.get_items_expected_max() > 1;
    if (!option.get_positional()) text.name = "--" + option.get_lnames().at(0);
    if (option.get_items_expected_max() == 0) return text;
    text.value = option.get_type_name();  // "FORMAT:{prometheus,markdown}"
    const size_t brace = text.value.find(":{");
    if (brace == text.value.npos) return text;
    std::string choices = text.value.substr(brace + 2, text.value.size() - brace - 3) + ",";
    text.value.resize(brace);
    for (size_t start = 0, end; (end = choices.find(',', start)) != choices.npos; start = end + 1)
        text.choices.push_back(choices.substr(start, end - start));
    return text;
}

// Adds the commands that are not hidden, in the order of their declaration. A command that has
// subcommands comes before them, without options.
void add_commands(CLI::App& parent, const std::string& prefix, std::vector<CommandText>& commands) {
    for (CLI::App* app : parent.get_subcommands([](CLI::App*) { return true; })) {
        CommandText command;
        command.name = prefix + app->get_name();
        command.help = app->get_description();
        for (const CLI::Option* option : app->get_options()) {
            if (option->get_group().empty() || option == app->get_help_ptr()) continue;
            (option->get_positional() ? command.positionals : command.options)
                .push_back(option_text(*option));
        }
        commands.push_back(command);
        add_commands(*app, command.name + " ", commands);
    }
}

std::vector<CommandText> all_commands() {
    Options options;
    std::vector<CommandText> commands;
    add_commands(*make_command_line(options), "", commands);
    return commands;
}

bool has_subcommands(const CommandText& command, const std::vector<CommandText>& commands) {
    for (const CommandText& other : commands)
        if (other.name.starts_with(command.name + " ")) return true;
    return false;
}

constexpr std::string_view man_begin = R"~(.TH LASTGOOD 1 "" "lastgood" "User commands"
.SH NAME
lastgood \- tells whether a drive is failing, and whether the last good copy of the data is still good
.SH SYNOPSIS
.B lastgood
.I COMMAND
.RI [ OPTION ...]
.SH DESCRIPTION
.B lastgood.service
watches the drives, arrays, filesystems and backups of this host and writes a report at least every 15 seconds.
.B lastgood\-exporter.service
serves the report to Prometheus, at /metrics on port 9847. The commands below read the same report, or do one part of the work by hand.
.SH COMMANDS
)~";

constexpr std::string_view man_end = R"~(.SH EXIT STATUS
.B status
and
.B explain
exit with 0 for fine, 1 for a warning, 2 for critical and 3 for unknown. An agent that does not run is unknown.
.B preflight
exits with 0 for GO, 2 for NO\-GO, and 3 if it cannot tell. Every command exits with 3 if it could not do its work; agent and run exit with 1 if they cannot use their directories or the port.
.SH FILES
.TP
.I /etc/lastgood/lastgood.toml
The configuration; see
.BR lastgood.toml (5).
.TP
.I /run/lastgood/report.json
The newest report.
.TP
.I /var/lib/lastgood/state.db
Counters and the beginnings of findings.
.TP
.I /var/lib/lastgood/inbox
Other programs leave observations here; they are part of the report.
.TP
.I /usr/share/lastgood/lastgood.rules.yml
Alert rules for Prometheus; the output of
.BR "lastgood rules" .
.SH SEE ALSO
.BR lastgood.toml (5),
.BR smartctl (8),
.BR mdadm (8),
.I /usr/share/doc/lastgood
)~";

constexpr std::string_view completion_begin =
    R"~(# bash completion for lastgood                                -*- shell-script -*-
# Generated from the code by tools/generate; do not edit.
# shellcheck shell=bash

# The names of subjects in the newest report; kinds are drive, array, filesystem, backup.
_lastgood_subjects() {
    local kind line
    timeout 2 lastgood status --json 2> /dev/null < /dev/null |
        sed -nE 's/^\{"metric":"lastgood_(drive|array|filesystem|backup)_info","subject":"([^"\\]*)","labels":\{("device":"([^"\\]*)")?.*/\1 \4 \2/p' |
        while read -r kind line; do
            [[ " $* " == *" $kind "* ]] || continue
            case $kind in
                drive | array) echo "${line%% *}" ;;
                filesystem) echo "${line#* }" ;;
                backup) echo "$line" ;;
            esac
        done
}

)~";

constexpr std::string_view completion_end = R"~(
_lastgood() {
    local current=${COMP_WORDS[COMP_CWORD]} command='' position=0 kind='' word names=() at
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if [[ -n $kind ]]; then
            kind='' # this word is the option's value
        elif [[ $word == -* ]]; then
            kind=$(_lastgood_value "$word")
        elif [[ " $(_lastgood_commands "$command") " == *" $word "* ]]; then
            command=${command:+$command }$word
        else
            position=$((position + 1))
        fi
    done
    if [[ -z $kind ]]; then
        if [[ $current == -* ]]; then
            kind="words $(_lastgood_options "$command") --help"
        else
            kind=$(_lastgood_argument "$command" "$position")
            [[ -n $kind ]] || kind="words $(_lastgood_commands "$command")"
        fi
    fi
    case $kind in
        FILE)
            compopt -o filenames 2> /dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        DIRECTORY)
            compopt -o filenames 2> /dev/null
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return
            ;;
        SUBJECT) mapfile -t names < <(_lastgood_subjects drive array filesystem backup) ;;
        BACKUP) mapfile -t names < <(_lastgood_subjects backup) ;;
        DRIVE) mapfile -t names < <(_lastgood_subjects drive) ;;
        words*) read -r -a names <<< "${kind#words}" ;;
        *) return ;; # free text
    esac
    # Not by compgen -W, which expands what it is given: a mount point may be called $(reboot).
    for word in "${names[@]}"; do
        if [[ -n $word && $word == "$current"* ]]; then COMPREPLY+=("$(printf '%q' "$word")"); fi
    done
}
complete -F _lastgood lastgood
)~";

std::string synopsis(const CommandText& command, bool has_commands) {
    std::string text = fmt::format(".B lastgood {}\n", man_text(command.name));
    for (const OptionText& option : command.options) {
        text += option.value.empty() ? fmt::format(".RB [ {} ]\n", man_text(option.name))
                                     : fmt::format(".RB [ \"{} \" \\fI{}\\fR]\n",
                                                   man_text(option.name), option.value);
    }
    for (const OptionText& positional : command.positionals)
        text += positional.required
                    ? fmt::format(".I {}\n", positional.value)
                    : fmt::format(".RI [ {}{} ]\n", positional.value, positional.many ? "..." : "");
    if (has_commands) text += ".I COMMAND\n";
    return text;
}

// How bash completes a value: the name of its type, or "words" and the choices.
std::string completion_kind(const OptionText& option) {
    if (option.value == "COLLECTOR") {
        std::string words = "words";
        for (const Collector* collector : all_collectors())
            words += fmt::format(" {}", collector->name);
        return words;
    }
    if (option.value == "WHAT") return "words verified restored";
    if (!option.choices.empty()) return fmt::format("words {}", fmt::join(option.choices, " "));
    return option.value;
}

}  // namespace

std::string command_line_to_man() {
    const std::vector<CommandText> commands = all_commands();
    std::string text = fmt::format(".\\\" {}{}", generated_note, man_begin);
    for (const CommandText& command : commands) {
        const bool has_commands = has_subcommands(command, commands);
        text += fmt::format(".SS {}\n{}.PP\n{}.\n", man_text(command.name),
                            synopsis(command, has_commands), man_text(command.help));
        for (const OptionText& option : command.positionals)
            text += fmt::format(".TP\n.I {}\n{}.\n", option.value, man_text(option.help));
        for (const OptionText& option : command.options) {
            text += option.value.empty()
                        ? fmt::format(".TP\n.B {}\n", man_text(option.name))
                        : fmt::format(".TP\n.BI {} \" {}\"\n", man_text(option.name), option.value);
            text += fmt::format("{}.\n", man_text(option.help));
        }
    }
    text +=
        ".SS Options of every command\n.TP\n.B \\-\\-help\nPrint help.\n.TP\n.B lastgood "
        "\\-\\-version\nPrint the version.\n";
    return text + std::string(man_end);
}

std::string command_line_to_completion() {
    const std::vector<CommandText> commands = all_commands();
    std::map<std::string, std::string> subcommands;  // by command; "" is the program
    std::map<std::string, std::string> values;       // the kind of value, by option
    std::string options, arguments;
    subcommands[""] = "";
    for (const CommandText& command : commands) {
        const size_t blank = command.name.rfind(' ');
        const std::string parent = blank == command.name.npos ? "" : command.name.substr(0, blank);
        std::string& words = subcommands[parent];
        words += (words.empty() ? "" : " ") +
                 command.name.substr(blank == command.name.npos ? 0 : blank + 1);
        std::string names;
        for (const OptionText& option : command.options) {
            names += (names.empty() ? "" : " ") + option.name;
            if (!option.value.empty()) values[option.name] = completion_kind(option);
        }
        options += fmt::format("        '{}') echo '{}' ;;\n", command.name, names);
        for (size_t i = 0; i < command.positionals.size(); ++i)
            arguments += fmt::format("        '{} {}') echo '{}' ;;\n", command.name, i,
                                     completion_kind(command.positionals[i]));
    }
    std::string text(completion_begin);
    const auto function = [&](std::string_view name, std::string_view word,
                              const std::string& cases) {
        text += fmt::format("{}() {{\n    case {} in\n{}    esac\n}}\n", name, word, cases);
    };
    std::string cases;
    for (const auto& [command, words] : subcommands)
        cases += fmt::format("        '{}') echo '{}' ;;\n", command, words);
    function("_lastgood_commands", "$1", cases);
    function("_lastgood_options", "$1", "        '') echo '--version' ;;\n" + options);
    cases.clear();
    for (const auto& [option, kind] : values)
        cases += fmt::format("        {}) echo '{}' ;;\n", option, kind);
    function("_lastgood_value", "$1", cases);
    function("_lastgood_argument", "\"$1 $2\"", arguments);
    return text + std::string(completion_end);
}

}  // namespace lastgood
