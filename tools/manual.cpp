#include "tools/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/metric.hpp"
#include "core/text.hpp"
#include "rules/accept.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"

namespace lastgood {

namespace {

std::string_view heading(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::host:
            return "lastgood and the host";
        case SubjectKind::drive:
            return "Drives";
        case SubjectKind::array:
            return "Arrays";
        case SubjectKind::filesystem:
            return "Filesystems";
        case SubjectKind::data:
            return "Data";
        case SubjectKind::backup:
            return "Backups";
        case SubjectKind::spool:
            return "Spools";
        case SubjectKind::probe:
            return "Probes";
        case SubjectKind::collector:
            return "Collectors";
    }
    return "";
}

std::string_view to_string(MetricType type) {
    switch (type) {
        case MetricType::gauge:
            return "gauge";
        case MetricType::counter:
            return "counter";
        case MetricType::info:
            return "info";
        case MetricType::state:
            return "state";
    }
    return "";
}

std::string_view words(Comparison comparison) {
    switch (comparison) {
        case Comparison::present:
            return "is there";
        case Comparison::equal:
            return "=";
        case Comparison::less:
            return "<";
        case Comparison::less_or_equal:
            return "≤";
        case Comparison::greater:
            return ">";
        case Comparison::greater_or_equal:
            return "≥";
    }
    return "";
}

std::string operand_text(const Operand& operand) {
    std::string text(operand.metric->name);
    if (!operand.label.empty() && !operand.values.empty()) {
        text += fmt::format("{{{}{}{}}}", operand.label, operand.except ? "≠" : "=",
                            fmt::join(operand.values, "|"));
    }
    switch (operand.pick) {
        case Pick::largest:
            return text;
        case Pick::smallest:
            return fmt::format("min {}", text);
        case Pick::sum:
            return fmt::format("sum {}", text);
    }
    return text;
}

std::string limit_text(const Condition& condition) {
    if (condition.clock == Clock::none) return fmt::format("{}", condition.limit);
    return format_duration(condition.limit);
}

std::string condition_text(const Condition& condition) {
    std::string text = operand_text(condition.left);
    switch (condition.clock) {
        case Clock::none:
            break;
        case Clock::age:
            text = fmt::format("age of {}", text);
            break;
        case Clock::ahead:
            text = fmt::format("time until {}", text);
            break;
    }
    if (condition.comparison == Comparison::present) {
        text = fmt::format("`{}` is there", text);
    } else if (condition.right.metric == nullptr) {
        text = fmt::format("`{} {} {}`", text, words(condition.comparison), limit_text(condition));
    } else {
        text += fmt::format(" {} {}", words(condition.comparison), operand_text(condition.right));
        if (condition.limit > 0) text += " + " + limit_text(condition);
        text = fmt::format("`{}`", text);
    }
    return condition.unless ? fmt::format("unless {}", text) : text;
}

// The steps as a markdown list. A command after a colon is set as code.
std::string steps_text(std::string_view advice, const Rule& rule) {
    const std::string steps = numbered(steps_of(advice));
    const auto rendered = [&](std::string_view text) {
        return render_for_manual(text, rule.subject);
    };
    std::string text;
    for (std::string_view rest = steps; !rest.empty();) {
        const std::string_view step = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(step.size() + 1, rest.size()));
        const size_t colon = step.find(": ");
        const std::string_view command = colon == step.npos ? "" : step.substr(colon + 2);
        const bool is_code = !command.empty() && !contains(command, "{command:");
        text += is_code ? fmt::format("{}: `{}`\n", markdown_text(rendered(step.substr(0, colon))),
                                      rendered(command))
                        : markdown_text(rendered(step)) + "\n";
    }
    return text;
}

std::string rule_section(const Rule& rule) {
    std::string text = fmt::format("### {}\n\n", rule.name);
    text += fmt::format("**{}**, alert `{}`", to_string(rule.severity), alert_name(rule));
    if (rule.hold > 0) text += fmt::format(", after {}", format_duration(rule.hold));
    if (rule.prometheus_only) text += ", in Prometheus only";
    text += fmt::format(". {}\n\n", markdown_text(render_for_manual(rule.summary, rule.subject)));
    for (const Condition& condition : rule.all_of) {
        text += fmt::format("- {}\n", condition_text(condition));
    }
    if (!rule.prometheus_expression.empty()) {
        text += fmt::format("```\n{}\n```\n", rule.prometheus_expression);
    }
    text += fmt::format("\nWhat to do:\n\n{}\n", steps_text(rule.advice, rule));
    for (const Instead& instead : rule.instead)
        text += fmt::format("Instead, while {}:\n\n{}\n", condition_text(instead.when),
                            steps_text(instead.advice, rule));
    if (!rule.prometheus_only)
        text += fmt::format("Accepted {}{}.\n\n",
                            is_accepted_by_value(rule) ? "until it gets worse" : "until a date",
                            rule.is_loss ? ", for 7 days at most" : "");
    text += fmt::format("Why: {}\n\n", markdown_text(rule.why));
    return text;
}

}  // namespace

std::string rules_to_markdown(std::span<const Rule> rules) {
    std::string text = fmt::format(
        "# Rules\n\n{}\n"
        "`lastgood status` and Prometheus judge by these rules.\n\n"
        "| severity | meaning |\n|---|---|\n"
        "| **critical** | Data loss threatens now: act tonight. |\n"
        "| **warning** | Act this week. |\n"
        "| **unknown** | Cannot tell. That is not \"fine\". In labels and in JSON it is severity "
        "`warning` with certainty `unknown`. |\n\n"
        "A rule holds for one subject (a drive, an array, a backup) when all of its conditions "
        "hold "
        "for that subject. A metric in a condition means the largest of the subject's series. "
        "\"Recent\" and \"recently\" mean the time set by `window` in `[kernel_log]` for kernel "
        "errors, and by `growth_window` in `[drives]` for counters that grow "
        "([config.md](config.md)).\n\n",
        generated_note);
    for (const SubjectKind kind : {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem,
                                   SubjectKind::data, SubjectKind::backup, SubjectKind::spool,
                                   SubjectKind::probe, SubjectKind::collector, SubjectKind::host}) {
        bool first = true;
        for (const Rule& rule : rules) {
            if (rule.subject != kind) continue;
            if (first) text += fmt::format("## {}\n\n", heading(kind));
            first = false;
            text += rule_section(rule);
        }
    }
    text.pop_back();
    return text;
}

std::string markdown_text(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '|' || c == '*' || c == '_' || c == '<' || c == '[' || c == '`') result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result;
}

std::string man_text(std::string_view text, bool quoted) {
    std::string result;
    for (const char c : text) {
        const bool at_line_start = result.empty() || result.back() == '\n';
        if (at_line_start && (c == '.' || c == '\'')) result += "\\&";
        switch (c) {
            case '\\':
                result += "\\e";
                break;
            case '-':
                result += "\\-";
                break;
            case '`':
                break;
            case '"':
                result += quoted ? "\\(dq" : "\"";
                break;
            default:
                result += c;
        }
    }
    return result;
}

std::string metrics_to_markdown() {
    std::string text = fmt::format(
        "# Metrics\n\n{}\n"
        "A series about a drive, array, filesystem, backup, spool, probe or collector has its id "
        "in the "
        "label of that name. The tables list the other labels.\n\n"
        "| word | meaning |\n|---|---|\n"
        "| info | Always 1; the labels describe the subject. |\n"
        "| state | 1 for the state that holds now, named in a label; other states are absent. |\n"
        "| remembered | The value survives failed reads and restarts. |\n"
        "| recent | Within the setting `window` of `[kernel_log]`. |\n\n"
        "The age of a timestamp is the clock minus the timestamp.\n\n",
        generated_note);
    for (const SubjectKind kind : {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem,
                                   SubjectKind::data, SubjectKind::backup, SubjectKind::spool,
                                   SubjectKind::probe, SubjectKind::collector, SubjectKind::host}) {
        bool first = true;
        for (const Metric* metric : all_metrics()) {
            if (metric->subject != kind) continue;
            if (first) {
                text += fmt::format(
                    "## {}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n",
                    heading(kind));
            }
            first = false;
            std::string labels(metric->labels);
            for (size_t at = 0; (at = labels.find(',', at)) != labels.npos; at += 2)
                labels.insert(at + 1, " ");
            text +=
                fmt::format("| `{}` | {}{} | {} | {} |\n", metric->name, to_string(metric->type),
                            metric->memory == Memory::remembered ? ", remembered" : "",
                            markdown_text(labels), markdown_text(metric->help));
        }
        if (!first) text += "\n";
    }
    text.pop_back();
    return text;
}

}  // namespace lastgood
