#include "rules/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/time.hpp"

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

// Gives text to `literal` and what stands in braces to `placeholder`, in order; both return the
// text to put there.
template <class Literal, class Render>
std::string walk(std::string_view text, SubjectKind kind, Literal literal, Render placeholder) {
    std::string result;
    while (!text.empty()) {
        const size_t open = text.find('{');
        const size_t close = open == text.npos ? text.npos : text.find('}', open);
        if (close == text.npos) return result + literal(text);
        result += literal(text.substr(0, open));
        const std::string_view inside = text.substr(open + 1, close - open - 1);
        if (inside == "subject") {
            result += walk(phrase(kind), kind, literal, placeholder);
        } else {
            const size_t bar = inside.find('|');
            const std::string_view word = inside.substr(0, bar);
            result += placeholder(Placeholder{
                word, bar == inside.npos ? upper_case(word) : std::string(inside.substr(bar + 1))});
        }
        text.remove_prefix(close + 1);
    }
    return result;
}

std::string label_or(const TextValues& values, std::string_view label, std::string_view fallback) {
    const auto found = values.info.find(label);
    if (found == values.info.end() || found->second.empty()) return std::string(fallback);
    return found->second;
}

std::string for_host(const Placeholder& placeholder, const TextValues& values) {
    const std::string_view word = placeholder.word;
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
            return {"device", "level"};
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
    return walk(
        text, values.kind, [](std::string_view literal) { return std::string(literal); },
        [&](const Placeholder& placeholder) { return for_host(placeholder, values); });
}

std::string render_for_prometheus(std::string_view text, SubjectKind kind) {
    return walk(
        text, kind, [](std::string_view literal) { return std::string(literal); },
        [&](const Placeholder& placeholder) { return for_prometheus(placeholder, kind); });
}

std::string render_for_manual(std::string_view text, SubjectKind kind) {
    return walk(
        text, kind, [](std::string_view literal) { return std::string(literal); },
        [](const Placeholder& placeholder) {
            return upper_case(placeholder.word.substr(0, placeholder.word.find(':')));
        });
}

std::vector<std::string> unknown_placeholders(std::string_view text, SubjectKind kind) {
    std::vector<std::string> unknown;
    walk(
        text, kind, [](std::string_view) { return std::string(); },
        [&](const Placeholder& placeholder) {
            if (!is_known(placeholder.word, kind)) unknown.emplace_back(placeholder.word);
            return std::string();
        });
    return unknown;
}

}  // namespace lastgood
