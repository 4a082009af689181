#include "rules/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/time.hpp"
#include "rules/array_command.hpp"

namespace lastgood {

namespace {

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return upper;
}

// How a subject is spoken of: what {subject} stands for.
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
        case SubjectKind::backup:
            return "{id}";
        case SubjectKind::spool:
            return "{id}";
        case SubjectKind::collector:
            return "{id}";
    }
    return "{id}";
}

struct Placeholder {
    std::string_view word;
    std::string fallback;  // shown when the label is unknown
};

using Render = std::function<std::string(const Placeholder&)>;

// The text with what stands in braces rendered.
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
            result += render(Placeholder{
                word, bar == inside.npos ? upper_case(word) : std::string(inside.substr(bar + 1))});
        }
        text.remove_prefix(close + 1);
    }
    return result;
}

// The command that {command:word} stands for; nullptr: the placeholder is another one.
const ArrayCommand* command_of(std::string_view word, SubjectKind kind) {
    constexpr std::string_view start = "command:";
    if (kind != SubjectKind::array || !word.starts_with(start)) return nullptr;
    return find_array_command(word.substr(start.size()));
}

std::string label_or(const TextValues& values, std::string_view label, std::string_view fallback) {
    const auto found = values.info.find(label);
    if (found == values.info.end() || found->second.empty()) return std::string(fallback);
    return found->second;
}

std::string for_host(const Placeholder& placeholder, const TextValues& values) {
    const std::string_view word = placeholder.word;
    if (const ArrayCommand* command = command_of(word, values.kind)) {
        const std::string metadata = label_or(values, "metadata", "");
        return render_for_host(metadata == lvm_metadata     ? command->lvm
                               : metadata == btrfs_metadata ? command->btrfs
                                                            : command->md,
                               values);
    }
    if (word == "id") return std::string(values.id);
    if (word == "host") return "this host";
    if (word == "name") return label_or(values, "device", values.id);
    if (word == "value") return fmt::format("{:.0f}", values.value);
    if (word == "value:duration") return format_duration(values.value);
    if (word == "value:percent") return fmt::format("{:.4g}%", values.value * 100);
    if (word == "value:size") return format_size(values.value);
    return label_or(values, word, placeholder.fallback);
}

std::string for_prometheus(const Placeholder& placeholder, SubjectKind kind) {
    const std::string_view word = placeholder.word;
    if (const ArrayCommand* command = command_of(word, kind))
        return fmt::format(
            "{{{{ if eq $labels.metadata \"{}\" }}}}{}{{{{ else if eq $labels.metadata \"{}\" "
            "}}}}{}{{{{ else }}}}{}{{{{ end }}}}",
            lvm_metadata, render_for_prometheus(command->lvm, kind), btrfs_metadata,
            render_for_prometheus(command->btrfs, kind), render_for_prometheus(command->md, kind));
    if (word == "id") return fmt::format("{{{{ $labels.{} }}}}", to_string(kind));
    if (word == "host") return "{{ $labels.instance }}";
    if (word == "name")
        return fmt::format("{{{{ or $labels.device $labels.{} }}}}", to_string(kind));
    if (word == "value") return "{{ printf \"%.0f\" $value }}";
    if (word == "value:duration") return "{{ humanizeDuration $value }}";
    if (word == "value:percent") return "{{ humanizePercentage $value }}";
    if (word == "value:size") return "{{ humanize1024 $value }}B";
    return fmt::format("{{{{ or $labels.{} \"{}\" }}}}", word, placeholder.fallback);
}

bool is_known(std::string_view word, SubjectKind kind) {
    const auto labels = info_labels(kind);
    if (std::ranges::find(labels, word) != labels.end()) return true;
    if (word == "id" || word == "name") return kind != SubjectKind::host;
    if (command_of(word, kind) != nullptr) return true;
    return word == "host" || word == "value" || word == "value:duration" ||
           word == "value:percent" || word == "value:size";
}

}  // namespace

std::vector<std::string_view> info_labels(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::host:
            return {};
        case SubjectKind::drive:
            return {"device", "model", "serial"};
        case SubjectKind::array:
            return {"device", "level", "metadata"};
        case SubjectKind::filesystem:
            return {"device", "fstype"};
        case SubjectKind::backup:
            return {"kind", "location"};
        case SubjectKind::spool:
            return {};
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

std::string render_for_manual(std::string_view text, SubjectKind kind) {
    return walk(text, kind, [&](const Placeholder& placeholder) {
        if (const ArrayCommand* command = command_of(placeholder.word, kind))
            return fmt::format("{} (LVM: {}; btrfs: {})", render_for_manual(command->md, kind),
                               render_for_manual(command->lvm, kind),
                               render_for_manual(command->btrfs, kind));
        return upper_case(placeholder.word.substr(0, placeholder.word.find(':')));
    });
}

std::vector<std::string> unknown_placeholders(std::string_view text, SubjectKind kind) {
    std::vector<std::string> unknown;
    walk(text, kind, [&](const Placeholder& placeholder) {
        if (!is_known(placeholder.word, kind)) unknown.emplace_back(placeholder.word);
        return std::string();
    });
    return unknown;
}

}  // namespace lastgood
