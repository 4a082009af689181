// Takes over the rows of a database that anybody may have damaged.
#include <algorithm>
#include <iterator>

#include "agent/memory/rows.hpp"
#include "agent/memory/state.hpp"
#include "core/utf8.hpp"
#include "rules/accept.hpp"

namespace lastgood {

using namespace rows;

std::string_view to_string(Loss what) {
    switch (what) {
        case Loss::damaged:
            return "damaged";
        case Loss::missing:
            return "missing";
        case Loss::foreign:
            return "foreign";
        case Loss::rows:
            return "rows";
    }
    return "damaged";
}

namespace {

std::optional<Loss> parse_loss(std::string_view text) {
    for (const Loss what : {Loss::damaged, Loss::missing, Loss::foreign, Loss::rows})
        if (text == to_string(what)) return what;
    return std::nullopt;
}

bool are_unique_keys(const Labels& labels) {
    return std::ranges::adjacent_find(labels, [](const auto& a, const auto& b) {
               return a.first >= b.first;
           }) == labels.end();
}

// A series as a collector could have printed it.
bool is_sane(const Series& series, double value, Timestamp at) {
    return are_unique_keys(series.labels) &&
           why_not_valid({series.metric, series.subject, series.labels, value, at}).empty();
}

bool has_room(const std::map<Series, Value>& values, const Series& series) {
    return values.size() < series_limit || values.contains(series);
}

}  // namespace

bool State::load_counter(const StateRow& row, Series series) {
    if (series.metric->type != MetricType::counter || row.number1 < 0) return false;
    if (!is_sane(series, row.number1, row.number2) || !has_room(counters_, series)) return false;
    counters_[std::move(series)] = {row.number1, row.number2};
    return true;
}

bool State::load_remembered(const StateRow& row, Series series) {
    // Another version may remember other metrics.
    if (series.metric->memory != Memory::remembered) return true;
    if (!is_sane(series, row.number1, row.number2) || !has_room(remembered_, series)) return false;
    remembered_[std::move(series)] = {row.number1, row.number2};
    return true;
}

bool State::load_history(const StateRow& row, Series series) {
    const size_t time_at = row.key3.rfind(separator);
    if (time_at == row.key3.npos) return false;
    series.labels = split_labels(std::string_view(row.key3).substr(0, time_at));
    if (!is_sane(series, row.number1, row.number2)) return false;
    if (history_.size() >= series_limit && !history_.contains(series)) return false;
    history_[std::move(series)].push_back({row.number2, row.number1});
    return true;
}

bool State::load_known(const StateRow& row) {
    const auto kind = parse_subject_kind(row.key1);
    if (!kind || row.key2.empty() || row.key2.size() > subject_limit) return false;
    if (!is_sane_time(row.number1) || !is_sane_time(row.number2)) return false;
    auto& known = known_[*kind];
    if (known.size() >= series_limit && !known.contains(row.key2)) return false;
    known[row.key2] = {row.number1, row.number2};
    return true;
}

bool State::load_text(const StateRow& row) {
    if (!is_sane_time(row.number1)) return false;
    if (row.key1 == watched_since_key) {
        watched_since_ = row.number1;
    } else if (row.key1 == generation_key) {
        generation_ = saved_generation_ = row.number1;
    } else if (row.key1 == cursor_key) {
        if (row.key3.size() > cursor_limit) return false;
        cursors_[row.key2] = row.key3;
    } else if (row.key1.starts_with(record_key)) {
        auto record = record_of(row);
        if (!record) return false;
        records_[{record->backup, record->what}] = std::move(*record);
    } else if (row.key1 == lost_key) {
        const auto what = parse_loss(row.key2);
        if (!what) return false;
        losses_[*what] = {row.number1, shortened(row.key3, message_limit)};
    }
    return true;
}

bool State::load_accepted(const StateRow& row) {
    const auto acceptance = acceptance_of(row);
    if (!acceptance) return false;
    acceptances_[{acceptance->rule, acceptance->subject}] = *acceptance;
    if (row.number2 > 0) over_since_[{acceptance->rule, acceptance->subject}] = row.number2;
    return true;
}

bool State::load_row(const StateRow& row, bool same_version) {
    if (!is_utf8(row.key1) || !is_utf8(row.key2) || !is_utf8(row.key3)) return false;
    Series series;
    switch (row.table) {
        case StateRow::Table::counter:
        case StateRow::Table::remembered:
        case StateRow::Table::history:
            series = {find_metric(row.key1), row.key2, split_labels(row.key3)};
            // Another version may have had other metrics; this one has written what it knows.
            if (!series.metric) return !same_version;
            break;
        case StateRow::Table::rule_since:
            if (!is_sane_time(row.number1)) return false;
            rules_.since[{row.key1, row.key2}] = row.number1;
            return true;
        case StateRow::Table::known:
            return load_known(row);
        case StateRow::Table::text:
            return load_text(row);
        case StateRow::Table::accepted:
            return load_accepted(row);
    }
    if (row.table == StateRow::Table::counter) return load_counter(row, std::move(series));
    if (row.table == StateRow::Table::remembered) return load_remembered(row, std::move(series));
    return load_history(row, std::move(series));
}

Rejected State::load(const std::vector<StateRow>& saved) {
    const bool same_version = std::ranges::any_of(saved, [](const StateRow& row) {
        return row.table == StateRow::Table::text && row.key1 == version_key &&
               row.key3 == LASTGOOD_VERSION;
    });
    Rejected rejected;
    for (const StateRow& row : saved) {
        if (load_row(row, same_version)) continue;
        if (rejected.rows++ == 0)
            rejected.first = harmless(shortened(row.key1 + " " + row.key2, 100));
        StateRow erased = row;  // or it would be rejected again at each start
        erased.erased = true;
        erased.number1 = erased.number2 = 0;
        change(std::move(erased));
    }
    for (auto& [series, points] : history_) {
        std::ranges::sort(points, {}, &Point::time);
        if (points.size() > history_limit)
            drop_first(points.size() - history_limit, series, points);
    }
    if (!same_version) change(text_row(version_key, "", LASTGOOD_VERSION, 0));
    return rejected;
}

}  // namespace lastgood
