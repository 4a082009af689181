// The rules as a page of `lastgood serve`, where alerts point.
#include <fmt/format.h>

#include "core/text.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"

namespace lastgood {

namespace {

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '&')
            result += "&amp;";
        else if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else
            result += c;
    }
    return result;
}

std::string steps_as_list(std::string_view advice, SubjectKind kind) {
    std::string list = "<ol>\n";
    for (const std::string& step : steps_of(advice)) {
        const Step parts = split_step(step);
        list += "<li>" + escaped(render_for_manual(parts.text, kind));
        if (!parts.command.empty())
            list += ": <code>" + escaped(render_for_manual(parts.command, kind)) + "</code>";
        list += "</li>\n";
    }
    return list + "</ol>\n";
}

// "lastgood_array_member(state=faulty)"
std::string series_of(const Operand& operand) {
    if (operand.label.empty()) return std::string(operand.metric->name);
    return fmt::format("{}({}{}{})", operand.metric->name, operand.label,
                       operand.except ? "!=" : "=", fmt::join(operand.values, "|"));
}

std::string section(const Rule& rule) {
    std::string text = fmt::format("<h2 id=\"{0}\">{0}</h2>\n<p><b>{1}</b>. {2}</p>\n", rule.name,
                                   rule.is_news ? "info" : to_string(rule.severity),
                                   escaped(render_for_manual(rule.summary, rule.subject)));
    text += steps_as_list(rule.advice, rule.subject);
    for (const Instead& instead : rule.instead)
        text +=
            fmt::format("<p>Instead, while <code>{}</code> holds:</p>\n{}",
                        series_of(instead.when.left), steps_as_list(instead.advice, rule.subject));
    return text + fmt::format("<p>Why: {}</p>\n", escaped(rule.why));
}

}  // namespace

std::string to_html(std::span<const Rule> rules) {
    std::string page =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<link rel=\"stylesheet\" href=\"/style.css\">\n"
        "<title>lastgood: rules</title></head>\n<body><h1>Rules of lastgood</h1>\n"
        "<p>What each finding means and what to do. <a href=\"/\">The status of this host</a> has "
        "real names where this page has words in capitals.</p>\n";
    for (const Rule& rule : rules) page += section(rule);
    return page + "</body></html>\n";
}

}  // namespace lastgood
