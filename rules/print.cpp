// Prints the rules as a Prometheus rule file.
#include <fmt/format.h>

#include "core/text.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"

namespace lastgood {

namespace {

// The labels that identify an alert's subject: "instance, job, drive".
std::string identity(SubjectKind kind) {
    if (kind == SubjectKind::host) return "instance, job";
    return fmt::format("instance, job, {}", to_string(kind));
}

std::string_view to_promql(Pick pick) {
    switch (pick) {
        case Pick::largest:
            return "max";
        case Pick::smallest:
            return "min";
        case Pick::sum:
            return "sum";
    }
    return "";
}

std::string_view to_promql(Comparison comparison) {
    switch (comparison) {
        case Comparison::present:
            return "";
        case Comparison::equal:
            return "==";
        case Comparison::less:
            return "<";
        case Comparison::less_or_equal:
            return "<=";
        case Comparison::greater:
            return ">";
        case Comparison::greater_or_equal:
            return ">=";
    }
    return "";
}

// Escapes the special characters of regular expressions. The values in the table are plain words,
// so this is a precaution.
std::string escape_for_regex(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (contains("\\.+*?()|[]{}^$", c)) escaped += "\\\\";
        escaped += c;
    }
    return escaped;
}

std::string to_promql(const Operand& operand, SubjectKind kind) {
    std::vector<std::string> matchers;
    if (!operand.label.empty() && operand.values.size() == 1) {
        matchers.push_back(fmt::format("{}{}\"{}\"", operand.label, operand.except ? "!=" : "=",
                                       operand.values.front()));
    } else if (!operand.label.empty() && !operand.values.empty()) {
        std::string alternatives;
        for (const std::string_view value : operand.values) {
            if (!alternatives.empty()) alternatives += '|';
            alternatives += escape_for_regex(value);
        }
        matchers.push_back(
            fmt::format("{}{}\"{}\"", operand.label, operand.except ? "!~" : "=~", alternatives));
    }
    // A series about another kind of subject counts only if it names a subject of this kind.
    if (kind != SubjectKind::host && operand.metric->subject != kind) {
        matchers.push_back(fmt::format("{}!=\"\"", to_string(kind)));
    }
    return fmt::format("{} by ({}) ({}{})", to_promql(operand.pick), identity(kind),
                       operand.metric->name,
                       matchers.empty() ? "" : fmt::format("{{{}}}", fmt::join(matchers, ",")));
}

std::string to_promql(const Condition& condition, SubjectKind kind) {
    std::string left = to_promql(condition.left, kind);
    switch (condition.clock) {
        case Clock::none:
            break;
        case Clock::age:
            left = fmt::format("time() - {}", left);
            break;
        case Clock::ahead:
            left += " - time()";
            break;
    }
    if (condition.comparison == Comparison::present) return left;
    if (condition.right.metric == nullptr) {
        return fmt::format("{} {} {}", left, to_promql(condition.comparison), condition.limit);
    }
    std::string right = to_promql(condition.right, kind);
    if (condition.limit > 0 || condition.limit < 0) {
        right = fmt::format("({} + {})", right, condition.limit);
    }
    return fmt::format("{} {} on ({}) {}", left, to_promql(condition.comparison), identity(kind),
                       right);
}

// Writes one line for each condition.
std::string conditions_to_promql(const Rule& rule, std::string_view indent) {
    std::string result;
    for (const Condition& condition : rule.all_of) {
        if (result.empty()) {
            result = fmt::format("{}{}\n", indent, to_promql(condition, rule.subject));
            continue;
        }
        result += fmt::format("{}{} on ({}) {}\n", indent, condition.unless ? "unless" : "and",
                              identity(rule.subject), to_promql(condition, rule.subject));
    }
    return result;
}

std::string expression(const Rule& rule) {
    if (!rule.prometheus_expression.empty()) return std::string(rule.prometheus_expression) + "\n";
    const Metric* info = info_metric(rule.subject);
    if (info == nullptr) return conditions_to_promql(rule, "");
    const std::string conditions = conditions_to_promql(rule, "  ");
    const std::string on = identity(rule.subject);
    // Joins the labels of the info series (device, model, serial number); without an info series
    // the alert fires without them. topk takes one info series: two would make the join fail, and a
    // rule that fails raises no alert.
    return fmt::format(
        "(\n{0}) * on ({1}) group_left ({2}) topk by ({1}) (1, {3})\n"
        "or on ({1}) (\n{0})\n",
        conditions, on, fmt::join(info_labels(rule.subject), ", "), info->name);
}

// A double-quoted YAML scalar.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (c == '\n') {
            result += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string indented(std::string_view text, std::string_view indent) {
    std::string result;
    while (!text.empty()) {
        result += indent;
        result += take_line(text);
        result += '\n';
    }
    return result;
}

std::string group_name(SubjectKind kind) {
    return kind == SubjectKind::host ? "lastgood" : fmt::format("lastgood-{}s", to_string(kind));
}

}  // namespace

std::string alert_name(const Rule& rule) {
    std::string name = "Lastgood";
    bool upper = true;
    for (const char c : rule.name) {
        if (c == '_') {
            upper = true;
            continue;
        }
        name += upper ? to_upper(c) : c;
        upper = false;
    }
    return name;
}

std::string to_prometheus_yaml(std::span<const Rule> rules) {
    std::string yaml =
        "# Alerts for Prometheus, printed by `lastgood rules`: do not edit. They are the rules by "
        "which `lastgood status`\n"
        "# judges on the host; limits that an administrator sets are metrics too.\n"
        "groups:\n";
    for (const SubjectKind kind :
         {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem, SubjectKind::backup,
          SubjectKind::collector, SubjectKind::host}) {
        bool first = true;
        for (const Rule& rule : rules) {
            if (rule.subject != kind) continue;
            if (first) yaml += fmt::format("  - name: {}\n    rules:\n", group_name(kind));
            first = false;
            yaml += fmt::format("      - alert: {}\n        expr: |-\n{}", alert_name(rule),
                                indented(expression(rule), "          "));
            if (rule.hold > 0) yaml += fmt::format("        for: {:.0f}s\n", rule.hold);
            yaml += fmt::format(
                "        labels:\n          severity: {}\n"
                "        annotations:\n          summary: {}\n          description: {}\n",
                to_string(rule.severity), quoted(render_for_prometheus(rule.summary, kind)),
                quoted(render_for_prometheus(numbered(steps_of(rule.advice)), kind)));
        }
    }
    return yaml;
}

}  // namespace lastgood
