// Prints the rules as a Prometheus rule file.
#include <fmt/format.h>

#include "core/text.hpp"
#include "rules/accept.hpp"
#include "rules/rule.hpp"
#include "rules/stake.hpp"
#include "rules/text.hpp"

namespace lastgood {

namespace {

// The labels of the metric's series that do not tell one subject of this kind from another. What
// remains are the subject and whatever labels the target has, of which nothing is known here.
std::vector<std::string_view> further_labels(const Metric& metric, SubjectKind kind) {
    std::vector<std::string_view> labels;
    if (metric.subject != SubjectKind::host && metric.subject != kind)
        labels.push_back(to_string(metric.subject));
    for (std::string_view rest = metric.labels; !rest.empty();) {
        const std::string_view label = take_until(rest, ',');
        if (label != to_string(kind)) labels.push_back(label);
    }
    return labels;
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

// The series that the operand selects; `more`: further matchers.
std::string selector(const Operand& operand, SubjectKind kind, std::string_view more = {}) {
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
    if (!more.empty()) matchers.emplace_back(more);
    return fmt::format("{}{}", operand.metric->name,
                       matchers.empty() ? "" : fmt::format("{{{}}}", fmt::join(matchers, ",")));
}

std::string to_promql(const Operand& operand, SubjectKind kind) {
    std::string series = selector(operand, kind);
    const auto further = further_labels(*operand.metric, kind);
    if (further.empty()) return series;  // a subject has one series
    return fmt::format("{} without ({}) ({})", to_promql(operand.pick), fmt::join(further, ", "),
                       series);
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
    return fmt::format("{} {} {}", left, to_promql(condition.comparison), right);
}

// Writes one line for each condition.
std::string conditions_to_promql(const Rule& rule) {
    std::string result;
    for (const Condition& condition : rule.all_of) {
        if (!result.empty()) result += condition.unless ? "unless " : "and ";
        result += to_promql(condition, rule.subject) + "\n";
    }
    return result + "unless " + to_promql(acceptance_of(rule), rule.subject) + "\n";
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

// Adds the labels `names` of the metric's series to the alerts of `conditions`; without such a
// series an alert fires without them. topk takes one series: two would make the join fail, and a
// rule that fails raises no alert. Its value, such as a number of streams, must not multiply that
// of the alert: ^ 0 makes it 1.
std::string joined(const std::string& conditions, const Rule& rule, const Metric& metric,
                   const std::string& series, const std::vector<std::string_view>& names) {
    const auto further = further_labels(metric, rule.subject);
    std::vector<std::string_view> ignored = further;
    for (const std::string_view also : rule.also)
        if (!contains(ignored, also)) ignored.push_back(also);
    return fmt::format(
        "(\n{}) * ignoring ({}) group_left ({}) (topk without ({}) (1, {}) ^ 0)\n"
        "or ignoring ({}) (\n{})\n",
        indented(conditions, "  "), fmt::join(ignored, ", "), fmt::join(names, ", "),
        fmt::join(further, ", "), series, fmt::join(names, ", "), indented(conditions, "  "));
}

std::string expression(const Rule& rule) {
    if (!rule.prometheus_expression.empty()) return std::string(rule.prometheus_expression) + "\n";
    std::string text = conditions_to_promql(rule);
    if (!rule.also.empty())
        text = joined(text, rule, *rule.also_of.metric, selector(rule.also_of, rule.subject),
                      rule.also);
    if (const Metric* info = info_metric(rule.subject))
        text = joined(text, rule, *info, std::string(info->name), info_labels(rule.subject));
    return text;
}

// Advice as numbered steps. Prometheus asks for the state of the subject when the alert fires.
std::string description(const Rule& rule) {
    const auto numbered_steps = [&](std::string_view advice) {
        std::vector<std::string> steps = steps_of(advice);
        for (std::string& step : steps) step = render_step_for_prometheus(step, rule.subject);
        return numbered(steps);
    };
    std::string text;
    for (const Instead& instead : rule.instead) {
        std::string same = "instance=%q,job=%q", labels = "$labels.instance $labels.job";
        if (rule.subject != SubjectKind::host) {
            same += fmt::format(",{}=%q", to_string(rule.subject));
            labels += fmt::format(" $labels.{}", to_string(rule.subject));
        }
        std::string query = selector(instead.when.left, rule.subject, same);
        if (instead.when.comparison != Comparison::present)
            query += fmt::format(" {} {}", to_promql(instead.when.comparison), instead.when.limit);
        text += fmt::format("{{{{ {}if query (printf `{}` {}) }}}}{}", text.empty() ? "" : "else ",
                            query, labels, numbered_steps(instead.advice));
    }
    const std::string usual = numbered_steps(rule.advice);
    return text.empty() ? usual : fmt::format("{}{{{{ else }}}}{}{{{{ end }}}}", text, usual);
}

std::string stake(const Rule& rule) {
    const bool about_backup = rule.subject == SubjectKind::backup;
    return about_backup ? stake_for_prometheus() : "";
}

// Who is woken must see at once which host it is.
std::string summary(const Rule& rule) {
    return "{{ reReplaceAll \":[0-9]+$\" \"\" $labels.instance }}: " +
           render_for_prometheus(rule.summary, rule.subject);
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

std::string group_name(SubjectKind kind) {
    if (kind == SubjectKind::host) return "lastgood";
    return fmt::format("lastgood-{}{}", to_string(kind), kind == SubjectKind::data ? "" : "s");
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

std::string to_prometheus_yaml(std::span<const Rule> rules, std::string_view runbooks) {
    std::string yaml =
        "# Alerts for Prometheus, printed by `lastgood rules`: do not edit. They are the rules by "
        "which `lastgood status`\n"
        "# judges on the host; limits that an administrator sets are metrics too.\n"
        "groups:\n";
    for (const SubjectKind kind : {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem,
                                   SubjectKind::data, SubjectKind::backup, SubjectKind::spool,
                                   SubjectKind::probe, SubjectKind::collector, SubjectKind::host}) {
        bool first = true;
        for (const Rule& rule : rules) {
            if (rule.subject != kind) continue;
            if (first) yaml += fmt::format("  - name: {}\n    rules:\n", group_name(kind));
            first = false;
            yaml += fmt::format("      - alert: {}\n        expr: |-\n{}", alert_name(rule),
                                indented(expression(rule), "          "));
            if (rule.hold > 0) yaml += fmt::format("        for: {:.0f}s\n", rule.hold);
            yaml += fmt::format(
                "        labels:\n          severity: {}\n{}"
                "        annotations:\n          summary: {}\n          description: {}\n"
                "          runbook_url: {}\n",
                rule.is_news ? "info" : severity_label(rule.severity),
                rule.is_news || certainty_label(rule.severity).empty()
                    ? ""
                    : fmt::format("          certainty: {}\n", certainty_label(rule.severity)),
                quoted(summary(rule)), quoted(stake(rule) + description(rule)),
                quoted(fmt::format("{}#{}", runbooks, rule.name)));
        }
    }
    return yaml;
}

}  // namespace lastgood
