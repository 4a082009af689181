#include "agent/memory/rows.hpp"

#include <fmt/core.h>

#include <cmath>

#include "core/text.hpp"

namespace lastgood::rows {

namespace {

constexpr char escape = '\x1f';  // before 'e' for a separator, 'f' for itself

void append_escaped(std::string& text, std::string_view value) {
    for (const char c : value) {
        if (c == separator)
            text += {escape, 'e'};
        else if (c == escape)
            text += {escape, 'f'};
        else
            text += c;
    }
}

std::string unescaped(std::string_view text) {
    std::string value;
    for (size_t i = 0; i < text.size(); ++i) {
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (text[i] == escape && (next == 'e' || next == 'f')) {
            value += next == 'e' ? separator : escape;
            ++i;
        } else {
            value += text[i];
        }
    }
    return value;
}

}  // namespace

std::string join_labels(const Labels& labels) {
    std::string text;
    for (const auto& [key, value] : labels) {
        if (!text.empty()) text += separator;
        text += key;
        text += '=';
        append_escaped(text, value);
    }
    return text;
}

Labels split_labels(std::string_view text) {
    Labels labels;
    while (!text.empty()) {
        const std::string_view part = take_until(text, separator);
        if (const size_t equal = part.find('='); equal != part.npos)
            labels.emplace_back(part.substr(0, equal), unescaped(part.substr(equal + 1)));
    }
    return labels;
}

StateRow series_row(StateRow::Table table, const Series& series, double number1, double number2) {
    return {table,          std::string(series.metric->name),
            series.subject, join_labels(series.labels),
            number1,        number2,
            false};
}

std::string history_key(const Series& series, Timestamp time) {
    return fmt::format("{}{}{:.6f}", join_labels(series.labels), separator, time);
}

// Kind, limit, user and reason in one column, apart by separators.
StateRow row_of(const Acceptance& one, Timestamp over_since) {
    const std::string limit = one.up_to ? fmt::format("{}", *one.up_to) : "";
    return {StateRow::Table::accepted,
            one.rule,
            one.subject,
            fmt::format("{}{}{}{}{}{}{}", to_string(one.kind), separator, limit, separator, one.by,
                        separator, one.reason),
            one.until,
            over_since,
            false};
}

std::optional<Acceptance> acceptance_of(const StateRow& row) {
    std::string_view rest = row.key3;
    const auto kind = parse_subject_kind(take_until(rest, separator));
    if (!kind || !is_sane_time(row.number1) || !is_sane_time(row.number2)) return std::nullopt;
    Acceptance one{row.key1, *kind, row.key2, {}, row.number1, "", ""};
    if (const std::string_view limit = take_until(rest, separator); !limit.empty()) {
        one.up_to = parse_number<double>(limit);
        if (!one.up_to || !is_sane_value(*one.up_to)) return std::nullopt;
    }
    one.by = take_until(rest, separator);
    one.reason = rest;
    return one;
}

StateRow row_of(const CopyRecord& record) {
    return text_row((std::string(record_key) + record.what).c_str(), record.backup,
                    record.by + separator + record.note, record.at);
}

std::optional<CopyRecord> record_of(const StateRow& row) {
    std::string_view rest = row.key3;
    CopyRecord record{row.key1.substr(record_key.size()), row.key2, row.number1, "", ""};
    record.by = take_until(rest, separator);
    record.note = rest;
    const bool is_known = record.what == record_verified || record.what == record_restored;
    if (!is_known || record.backup.empty() || record.by.size() > record_note_limit ||
        record.note.size() > record_note_limit)
        return std::nullopt;
    return record;
}

StateRow row_of(Loss what, const LostState& lost) {
    return text_row(lost_key, std::string(to_string(what)), lost.message, lost.at);
}

StateRow text_row(const char* name, const std::string& subject, const std::string& value,
                  double number) {
    return {StateRow::Table::text, name, subject, value, number, 0, false};
}

}  // namespace lastgood::rows
