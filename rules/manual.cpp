#include "rules/manual.hpp"

#include <fmt/format.h>

#include <string_view>
#include <type_traits>

#include "core/config.hpp"
#include "core/metric.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view subject_order_note =
    "Generated from the code; do not edit. A test compares it, and rewrites it with "
    "LASTGOOD_ACCEPT=1.\n";

// A cell of a table, or running text: nothing in it is markup.
std::string plain(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '|' || c == '*' || c == '_' || c == '<' || c == '[' || c == '`') result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result;
}

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
        case SubjectKind::backup:
            return "Backups";
        case SubjectKind::spool:
            return "Spools";
        case SubjectKind::collector:
            return "Collectors";
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

std::string rule_section(const Rule& rule) {
    std::string text = fmt::format("### {}\n\n", rule.name);
    text += fmt::format("**{}**, alert `{}`", to_string(rule.severity), alert_name(rule));
    if (rule.hold > 0) text += fmt::format(", after {}", format_duration(rule.hold));
    if (rule.prometheus_only) text += ", in Prometheus only";
    text += fmt::format(". {}\n\n", plain(render_for_manual(rule.summary, rule.subject)));
    for (const Condition& condition : rule.all_of) {
        text += fmt::format("- {}\n", condition_text(condition));
    }
    if (!rule.prometheus_expression.empty()) {
        text += fmt::format("```\n{}\n```\n", rule.prometheus_expression);
    }
    text += fmt::format("\nWhy: {}\n\nWhat to do: {}\n\n", plain(rule.why),
                        plain(render_for_manual(rule.advice, rule.subject)));
    return text;
}

// How a setting's default is written in the file.
template <class T>
std::string default_text(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "`true`" : "`false`";
    } else if constexpr (std::is_arithmetic_v<T>) {
        return fmt::format("`\"{}\"`", format_duration(value));
    } else {
        return fmt::format("`\"{}\"`", value);
    }
}

struct TableKey {
    std::string_view key, type, prose;
};

// The keys of the tables that may stand several times; agent/config_file.cpp reads them, and a test
// compares the two.
constexpr TableKey backup_keys[] = {
    {"name", "text",
     "What it is called in findings and metrics: letters, digits and - _ . @. Needed."},
    {"files", "path", "The copies are files: a glob like `/backup/db8/*.sql.zst`."},
    {"restic", "path",
     "The copies are snapshots in this restic repository. No password is needed."},
    {"borg", "path", "The copies are archives in this borg repository. No password is needed."},
    {"pgbackrest", "path", "The copies are backups in this pgBackRest repository."},
    {"stamp", "path", "The job touches this file when it has succeeded."},
    {"covers", "list of paths",
     "What the copies hold: the filesystems of these paths count as backed up."},
    {"max_age", "duration", "How old the newest copy may become. Default `\"26h\"`."},
    {"min_size", "size", "How large the newest copy must at least be: `\"1GiB\"`, or bytes."},
    {"stanza", "text", "pgbackrest: the stanza; not needed when there is only one."},
    {"time_pattern", "text",
     "files: the form of the time in the names, as in strptime(3), `\"%Y-%m-%d_%H%M%S\"`. "
     "Otherwise it is found by its form, else the file's modification time is taken."},
    {"settle_time", "duration",
     "files: what has not changed for so long counts as written. Default `\"1min\"`."},
    {"cache_directory", "path",
     "borg: the client's cache, where its own record of a finished backup lies."},
};
constexpr TableKey collector_keys[] = {
    {"name", "text",
     "What it is called: letters, digits and - _ . @, and not the name of a built-in collector. "
     "Needed."},
    {"command", "list of text",
     "A program and its arguments that prints observation lines (docs/writing-a-collector.md). "
     "Needed."},
    {"interval", "duration", "Time between two starts. Default `\"5min\"`."},
    {"deadline", "duration", "A run that takes longer is killed. Default `\"1min\"`."},
};
constexpr TableKey builtin_collector_keys[] = {
    {"enabled", "true or false", "Whether it runs. Default `true`."},
    {"interval", "duration", "Time between two starts, instead of its own."},
    {"deadline", "duration", "A run that takes longer is killed, instead of its own."},
};

std::string key_table(std::span<const TableKey> keys) {
    std::string text = "| key | type | meaning |\n|---|---|---|\n";
    for (const TableKey& key : keys) {
        text += fmt::format("| `{}` | {} | {} |\n", key.key, key.type, key.prose);
    }
    return text;
}

}  // namespace

std::string to_markdown(std::span<const Rule> rules) {
    std::string text = fmt::format(
        "# Rules\n\n{}\n"
        "`lastgood status` and Prometheus judge by the same rules. **critical**: data loss "
        "threatens now, act tonight. "
        "**warning**: act this week. **unknown**: it cannot be told, which is not \"fine\". A "
        "finding holds for one subject "
        "(a drive, an array, a backup); every condition of its rule must hold for that subject. In "
        "the conditions a metric "
        "stands for the subject's largest series.\n\n",
        subject_order_note);
    for (const SubjectKind kind :
         {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem, SubjectKind::backup,
          SubjectKind::spool, SubjectKind::collector, SubjectKind::host}) {
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

std::string metrics_to_markdown() {
    std::string text = fmt::format(
        "# Metrics\n\n{}\n"
        "Every series about a drive, array, filesystem, backup, spool or collector carries its id "
        "in a label of that name; the "
        "table lists the further labels. An *info* metric is always 1 and says in its labels what "
        "the subject is; of a *state* "
        "metric only the state that holds is there, with 1. *Remembered* values outlive failed "
        "reads and restarts. "
        "Age is the clock minus a timestamp.\n\n",
        subject_order_note);
    for (const SubjectKind kind :
         {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem, SubjectKind::backup,
          SubjectKind::spool, SubjectKind::collector, SubjectKind::host}) {
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
                            plain(labels), plain(metric->help));
        }
        if (!first) text += "\n";
    }
    text.pop_back();
    return text;
}

std::string settings_to_markdown() {
    const Config defaults;
    std::string text = fmt::format(
        "# Configuration\n\n{}\n"
        "`/etc/lastgood/lastgood.toml`, then the files `*.toml` in `/etc/lastgood/conf.d/`, in the "
        "order of their names. No "
        "configuration is a valid one. Unknown keys are errors, named with line and column: "
        "`lastgood config check`. A "
        "duration needs its unit: `\"90s\"`, `\"26h\"`, `\"1h 30min\"`, `\"2w\"`.\n",
        subject_order_note);
    std::string_view section = "none yet";
#define LASTGOOD_SETTING(section_name, key_name, type, member, default_value, prose)     \
    if (section != section_name) {                                                       \
        section = section_name;                                                          \
        text += section.empty() ? std::string("\n## Top level\n")                        \
                                : fmt::format("\n## [{}]\n", section);                   \
        text += "\n| key | default | meaning |\n|---|---|---|\n";                        \
    }                                                                                    \
    text += fmt::format("| `{}` | {} | {} |\n", key_name, default_text(defaults.member), \
                        plain(prose));
#include "core/settings.inc"
#undef LASTGOOD_SETTING
    text +=
        "\n## [[backup]]\n\nOne for each expected stream of copies. Exactly one of files, restic, "
        "borg, pgbackrest and stamp "
        "says where it lies; with none, its values come from the inbox or another collector.\n\n" +
        key_table(backup_keys);
    text += "\n## [[collector]]\n\nA collector of your own.\n\n" + key_table(collector_keys);
    text += "\n## [collectors.NAME]\n\nHow a built-in collector runs.\n\n" +
            key_table(builtin_collector_keys);
    return text;
}

}  // namespace lastgood
