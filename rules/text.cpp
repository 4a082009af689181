#include "rules/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "core/array_identity.hpp"
#include "core/backup_plan.hpp"
#include "core/report.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"
#include "rules/command.hpp"

namespace lastgood {

namespace {

// The text that {subject} stands for.
std::string_view phrase(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::host:
            return "{host}";
        case SubjectKind::drive:
            return "{name} ({model|model unknown}, serial {serial|unknown})";
        case SubjectKind::array:
            return "{name} ({level|level unknown})";
        case SubjectKind::filesystem:
            return "{id} ({fstype|type unknown} on {device|unknown device})";
        case SubjectKind::data:
            return "{title|data} {path|of unknown place}";
        case SubjectKind::probe:
            return "{id}: {title|it}";
        case SubjectKind::backup:
        case SubjectKind::spool:
        case SubjectKind::collector:
            break;
    }
    return "{id}";
}

struct Placeholder {
    std::string_view word;
    std::string fallback;  // shown if the label is unknown
    bool has_fallback = false;
};

using Render = std::function<std::string(const Placeholder&)>;

// Replaces each placeholder of the text by what `render` returns for it.
std::string walk(std::string_view text, SubjectKind kind, const Render& render) {
    std::string result;
    while (!text.empty()) {
        const size_t open = text.find('{');
        const size_t close = open == text.npos ? text.npos : text.find('}', open);
        if (close == text.npos) return result + std::string(text);
        result += text.substr(0, open);
        const std::string_view inside = text.substr(open + 1, close - open - 1);
        if (inside == "subject") {
            result += walk(phrase(kind), kind, render);
        } else {
            const size_t bar = inside.find('|');
            const std::string_view word = inside.substr(0, bar);
            const bool has_fallback = bar != inside.npos;
            result += render(Placeholder{
                word, has_fallback ? std::string(inside.substr(bar + 1)) : to_upper(word),
                has_fallback});
        }
        text.remove_prefix(close + 1);
    }
    return result;
}

// The command that {command:word} stands for; nullptr: the placeholder is not a command.
const AdviceCommand* command_of(std::string_view word, SubjectKind kind) {
    constexpr std::string_view start = "command:";
    if (!word.starts_with(start)) return nullptr;
    return find_advice_command(kind, word.substr(start.size()));
}

// The singular of {value:sector|sectors}, here "sector"; the fallback holds the plural. nullopt:
// the placeholder is another one.
std::optional<std::string_view> singular_of(const Placeholder& placeholder) {
    constexpr std::string_view start = "value:";
    if (!placeholder.word.starts_with(start) || placeholder.word == "value:duration" ||
        placeholder.word == "value:percent" || placeholder.word == "value:size" ||
        !placeholder.has_fallback)
        return std::nullopt;
    return placeholder.word.substr(start.size());
}

std::string label_or(const TextValues& values, std::string_view label, std::string_view fallback) {
    const auto found = values.info.find(label);
    if (found == values.info.end() || found->second.empty()) return std::string(fallback);
    return harmless(found->second);  // a newline in it would start another step
}

constexpr std::string_view btrfs_prefix = "btrfs-";  // of btrfs_array_id()

// "/srv/dumps/*.sql" lies in "/srv/dumps/": RE2 for Prometheus, and the same by hand.
constexpr std::string_view pattern_part = "/[^/]*[*?[].*$";
std::string directory_of(const std::string& location) {
    const size_t wild = location.find_first_of("*?[");
    const size_t slash = wild == location.npos ? wild : location.rfind('/', wild);
    return slash == location.npos ? location : location.substr(0, slash + 1);
}

// The command that shows where the configuration has a backup, which may be in conf.d, too. A
// stream is named after its backup: "guests/qemu-101".
std::string find_entry(std::string_view id, std::string_view config) {
    const std::string name = harmless(whole_of(id));
    if (config == AgentWords{}.config) return fmt::format("grep -rnw {} /etc/lastgood", name);
    const std::string_view directory = config.substr(0, config.rfind('/') + 1);
    return fmt::format("grep -srnw {} {} {}", name, in_shell(config),
                       in_shell(std::string(directory) + "conf.d"));
}

// The root filesystem cannot be unmounted.
constexpr std::string_view unmount = "umount {id} && ", unmount_root = "umount / && ";
constexpr std::string_view by_rescue = " from a rescue system";

// The label that the placeholder cannot do without; empty: none.
std::string_view label_of(const Placeholder& placeholder) {
    if (placeholder.has_fallback || placeholder.word == "name") return {};  // {name} has the id
    if (placeholder.word == "lv" || placeholder.word == "vg") return "name";
    return placeholder.word == "directory" ? "location" : placeholder.word;
}

// The labels without a fallback that the text needs.
std::vector<std::string> needed_labels(std::string_view text, SubjectKind kind) {
    std::vector<std::string> needed;
    walk(text, kind, [&](const Placeholder& placeholder) {
        const auto labels = info_labels(kind);
        const std::string label(label_of(placeholder));
        if (contains(labels, label) && !contains(needed, label)) needed.push_back(label);
        return std::string();
    });
    return needed;
}

// The command that a step consists of alone: "{command:look}". nullptr: it has no such placeholder.
const AdviceCommand* whole_command(std::string_view command, SubjectKind kind) {
    if (!command.starts_with('{') || command.find('}') != command.size() - 1) return nullptr;
    return command_of(command.substr(1, command.size() - 2), kind);
}

std::string for_host(const Placeholder& placeholder, const TextValues& values) {
    const std::string_view word = placeholder.word;
    if (const AdviceCommand* command = command_of(word, values.kind))
        return render_for_host(command->text_for(label_or(values, command->label, "")), values);
    if (const auto singular = singular_of(placeholder))
        return counted(values.value, *singular, placeholder.fallback);
    if (word == "id") return harmless(values.id);
    if (word == "host") return "this host";
    if (word == "uuid") {
        std::string_view uuid = values.id;
        if (uuid.starts_with(btrfs_prefix)) uuid.remove_prefix(btrfs_prefix.size());
        return harmless(uuid);
    }
    if (word == "name") {
        const bool lvm = values.kind == SubjectKind::array &&
                         label_or(values, "metadata", "") == metadata_dm_raid;
        return label_or(values, lvm ? "name" : "device", harmless(values.id));
    }
    if (word == "reload") return std::string(values.agent.reload);
    if (word == "config") return std::string(values.agent.config);
    if (word == "entry") return find_entry(values.id, values.agent.config);
    if (word == "state") return harmless(values.agent.state);
    if (word == "log") return std::string(values.agent.log);
    if (word == "mistake") return harmless(values.agent.mistake);
    if (word == "vg") {
        return std::string(whole_of(label_or(values, "name", placeholder.fallback)));
    }
    if (word == "directory")
        return directory_of(label_or(values, "location", placeholder.fallback));
    if (word == "lv") return label_or(values, "name", placeholder.fallback);
    if (word == "value") return fmt::format("{:.0f}", values.value);
    if (word == "value:duration") return format_duration(values.value);
    if (word == "value:percent") return fmt::format("{:.4g}%", values.value * 100);
    if (word == "value:size") return format_size(values.value);
    if (word == "value:time") return format_time(values.value);
    return label_or(values, word, placeholder.fallback);
}

std::string for_prometheus(const Placeholder& placeholder, SubjectKind kind) {
    const std::string_view word = placeholder.word;
    if (const AdviceCommand* command = command_of(word, kind)) {
        std::string text;
        for (const AdviceCommand::Choice& choice : command->choices)
            text +=
                fmt::format("{{{{ {}if eq $labels.{} \"{}\" }}}}{}", text.empty() ? "" : "else ",
                            command->label, choice.value, render_for_prometheus(choice.text, kind));
        return fmt::format("{}{{{{ else }}}}{}{{{{ end }}}}", text,
                           render_for_prometheus(command->otherwise, kind));
    }
    if (const auto singular = singular_of(placeholder))
        return fmt::format(
            "{{{{ printf \"%.0f\" $value }}}} {{{{ if eq (printf \"%.0f\" $value) \"1\" }}}}{}"
            "{{{{ else }}}}{}{{{{ end }}}}",
            *singular, placeholder.fallback);
    if (word == "id") return fmt::format("{{{{ $labels.{} }}}}", to_string(kind));
    if (word == "host") return "this host";  // the summary begins with its name
    if (word == "uuid")
        return fmt::format("{{{{ reReplaceAll \"^{}\" \"\" $labels.{} }}}}", btrfs_prefix,
                           to_string(kind));
    if (word == "name") {
        const std::string device = fmt::format("or $labels.device $labels.{}", to_string(kind));
        if (kind != SubjectKind::array) return fmt::format("{{{{ {} }}}}", device);
        return fmt::format(
            "{{{{ if eq $labels.metadata \"{}\" }}}}{{{{ or $labels.name $labels.array }}}}"
            "{{{{ else }}}}{{{{ {} }}}}{{{{ end }}}}",
            metadata_dm_raid, device);
    }
    if (word == "reload") return std::string(AgentWords{}.reload);
    if (word == "config") return std::string(AgentWords{}.config);
    if (word == "entry")
        return "grep -rnw {{ reReplaceAll \"/.*\" \"\" $labels.backup }} /etc/lastgood";
    if (word == "state") return std::string(AgentWords{}.state);
    if (word == "log") return std::string(AgentWords{}.log);
    if (word == "mistake") return std::string(AgentWords{}.mistake);
    if (word == "vg") return "{{ reReplaceAll \"/.*\" \"\" $labels.name }}";
    if (word == "directory")
        return fmt::format("{{{{ reReplaceAll \"{}\" \"/\" $labels.location }}}}", pattern_part);
    if (word == "lv") return fmt::format("{{{{ or $labels.name \"{}\" }}}}", placeholder.fallback);
    if (word == "value") return "{{ printf \"%.0f\" $value }}";
    if (word == "value:duration")  // "5d 17h 37m 29s": two units say enough
        return "{{ reReplaceAll \"^([0-9]+[dh] [0-9]+[hm]) .*\" \"$1\" (humanizeDuration $value) "
               "}}";
    if (word == "value:percent") return "{{ humanizePercentage $value }}";
    if (word == "value:size") return "{{ humanize1024 $value }}B";
    if (word == "value:time")
        return "{{ reReplaceAll \"[+]0000 \" \"\" (humanizeTimestamp $value) }}";
    return fmt::format("{{{{ or $labels.{} \"{}\" }}}}", word, placeholder.fallback);
}

// The end of a step with this command; without it while one of its labels is unknown.
std::string known_command_for_prometheus(std::string_view command, SubjectKind kind) {
    const auto needed = needed_labels(command, kind);
    std::string text = ": " + walk(command, kind, [&](const Placeholder& placeholder) {
                           const std::string_view label = label_of(placeholder);
                           const bool whole = placeholder.word == label;
                           return whole && contains(needed, label)
                                      ? fmt::format("{{{{ $labels.{} }}}}", label)
                                      : for_prometheus(placeholder, kind);
                       });
    if (needed.empty()) return text;
    const std::string labels = "$labels." + fmt::format("{}", fmt::join(needed, " $labels."));
    return fmt::format("{{{{ if {}{} }}}}{}{{{{ else }}}}.{{{{ end }}}}",
                       needed.size() > 1 ? "and " : "", labels, text);
}

// The end of a step with this command.
std::string command_for_prometheus(std::string_view command, SubjectKind kind) {
    if (command.empty()) return ".";
    if (kind != SubjectKind::filesystem || !command.starts_with(unmount))
        return known_command_for_prometheus(command, kind);
    return fmt::format("{{{{ if eq $labels.filesystem \"/\" }}}}{}{}{{{{ else }}}}{}{{{{ end }}}}",
                       by_rescue,
                       known_command_for_prometheus(command.substr(unmount.size()), kind),
                       known_command_for_prometheus(command, kind));
}

std::string for_manual(const Placeholder& placeholder, SubjectKind kind) {
    const std::string_view word = placeholder.word;
    if (const AdviceCommand* command = command_of(word, kind)) {
        std::string choices = render_for_manual(command->otherwise, kind);
        const bool more = !choices.empty();
        if (more) choices += " (";
        std::string_view separator;
        for (const AdviceCommand::Choice& choice : command->choices) {
            if (choice.text.empty()) continue;
            choices += fmt::format("{}{}: {}", separator, choice.name,
                                   render_for_manual(choice.text, kind));
            separator = "; ";
        }
        return more && separator.empty() ? choices.substr(0, choices.size() - 2)
                                         : choices + (more ? ")" : "");
    }
    if (singular_of(placeholder)) return fmt::format("N {}", placeholder.fallback);
    if (word == "value") return "N";
    if (word == "reload") return std::string(AgentWords{}.reload);
    if (word == "config") return std::string(AgentWords{}.config);
    if (word == "entry") return find_entry("NAME", AgentWords{}.config);
    if (word == "state") return std::string(AgentWords{}.state);
    if (word == "log") return std::string(AgentWords{}.log);
    if (word == "mistake") return std::string(AgentWords{}.mistake);
    return to_upper(word.substr(0, word.find(':')));
}

bool is_known(const Placeholder& placeholder, SubjectKind kind) {
    const std::string_view word = placeholder.word;
    const auto labels = info_labels(kind);
    if (contains(labels, word)) return true;
    if (word == "id" || word == "name") return kind != SubjectKind::host;
    if (word == "lv" || word == "vg" || word == "uuid") return kind == SubjectKind::array;
    if (word == "directory" || word == "entry") return kind == SubjectKind::backup;
    if (word == "config" || word == "state" || word == "log" || word == "mistake") return true;
    if (command_of(word, kind) != nullptr || singular_of(placeholder)) return true;
    return word == "host" || word == "reload" || word == "value" || word == "value:duration" ||
           word == "value:percent" || word == "value:size" || word == "value:time";
}

// Whether this is one command of lastgood that needs the configuration of the agent.
bool reads_config(std::string_view command) {
    return command.starts_with("lastgood ") && !command.ends_with("--help") &&
           command.find_first_of("|&;>") == command.npos;
}

}  // namespace

std::vector<std::string_view> info_labels(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::host:
            return {};
        case SubjectKind::drive:
            return {"device", "model", "serial"};
        case SubjectKind::array:
            return {"device", "level", "metadata", "name"};
        case SubjectKind::filesystem:
            return {"device", "fstype"};
        case SubjectKind::data:
            return {"path", "title"};
        case SubjectKind::backup:
            return {"covers", "kind", "location", "unit"};
        case SubjectKind::spool:
            return {"path"};
        case SubjectKind::probe:
            return {"service", "title"};
        case SubjectKind::collector:
            return {};
    }
    return {};
}

std::string render_for_host(std::string_view text, const TextValues& values) {
    return walk(text, values.kind,
                [&](const Placeholder& placeholder) { return for_host(placeholder, values); });
}

std::string render_for_prometheus(std::string_view text, SubjectKind kind) {
    return walk(text, kind,
                [&](const Placeholder& placeholder) { return for_prometheus(placeholder, kind); });
}

std::string render_step_for_host(std::string_view step, const TextValues& values) {
    const Step parts = split_step(step);
    std::string text = render_for_host(parts.text, values);
    if (parts.command.empty()) return text;
    std::string_view command = parts.command;
    if (const AdviceCommand* chosen = whole_command(command, values.kind))
        command = chosen->text_for(label_or(values, chosen->label, ""));
    const auto needed = needed_labels(command, values.kind);
    const bool known = std::ranges::all_of(
        needed, [&](const auto& label) { return !label_or(values, label, "").empty(); });
    const bool no_log = command.starts_with("{log}") && values.agent.log.empty();
    if (command.empty() || !known || no_log) return text + ".";
    std::string rendered = render_for_host(command, values);
    if (values.kind == SubjectKind::filesystem && rendered.starts_with(unmount_root)) {
        rendered.erase(0, unmount_root.size());
        text += by_rescue;
    }
    if (reads_config(rendered) && values.agent.config != AgentWords{}.config)
        rendered += fmt::format(" --config {}", in_shell(values.agent.config));
    return fmt::format("{}: {}", text, rendered);
}

std::string render_step_for_prometheus(std::string_view step, SubjectKind kind) {
    const Step parts = split_step(step);
    std::string text = render_for_prometheus(parts.text, kind);
    if (parts.command.empty()) return text;
    const AdviceCommand* chosen = whole_command(parts.command, kind);
    if (chosen == nullptr) return text + command_for_prometheus(parts.command, kind);
    std::string choices;
    for (const AdviceCommand::Choice& choice : chosen->choices)
        choices +=
            fmt::format("{{{{ {}if eq $labels.{} \"{}\" }}}}{}", choices.empty() ? "" : "else ",
                        chosen->label, choice.value, command_for_prometheus(choice.text, kind));
    return fmt::format("{}{}{{{{ else }}}}{}{{{{ end }}}}", text, choices,
                       command_for_prometheus(chosen->otherwise, kind));
}

std::string render_for_manual(std::string_view text, SubjectKind kind) {
    return walk(text, kind,
                [&](const Placeholder& placeholder) { return for_manual(placeholder, kind); });
}

std::vector<std::string> steps_of(std::string_view advice) {
    std::vector<std::string> steps;
    while (!advice.empty()) steps.emplace_back(take_line(advice));
    return steps;
}

std::vector<std::string> unknown_placeholders(std::string_view text, SubjectKind kind,
                                              const std::vector<std::string_view>& also) {
    std::vector<std::string> unknown;
    walk(text, kind, [&](const Placeholder& placeholder) {
        if (!is_known(placeholder, kind) && !contains(also, placeholder.word))
            unknown.emplace_back(placeholder.word);
        return std::string();
    });
    return unknown;
}

}  // namespace lastgood
