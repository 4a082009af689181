#include "agent/memory/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "collectors/collector.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t history_limit = 4096;  // points per series; the oldest is dropped first

// Labels in one column: "key=value" pairs separated by the ASCII record separator, which no label
// contains.
constexpr char separator = '\x1e';

std::string join_labels(const Labels& labels) {
    std::string text;
    for (const auto& [key, value] : labels)
        text += fmt::format("{}{}={}", text.empty() ? "" : "\x1e", key, value);
    return text;
}

Labels split_labels(std::string_view text) {
    Labels labels;
    while (!text.empty()) {
        const std::string_view part = take_until(text, separator);
        if (const size_t equal = part.find('='); equal != part.npos)
            labels.emplace_back(part.substr(0, equal), part.substr(equal + 1));
    }
    return labels;
}

StateRow series_row(StateRow::Table table, const Series& series, double number1, double number2) {
    return {table,          std::string(series.metric->name),
            series.subject, join_labels(series.labels),
            number1,        number2,
            false};
}

// The key of a history row includes its time, to the microsecond.
std::string history_key(const Series& series, Timestamp time) {
    return fmt::format("{}{}{:.6f}", join_labels(series.labels), separator, time);
}

constexpr const char* watched_since_key = "watched_since";

// An acceptance in a row: kind, limit, user and reason in one column, apart by record separators.
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
    if (!kind) return std::nullopt;
    Acceptance one{row.key1, *kind, row.key2, {}, row.number1, "", ""};
    if (const std::string limit(take_until(rest, separator)); !limit.empty())
        one.up_to = std::strtod(limit.c_str(), nullptr);
    one.by = take_until(rest, separator);
    one.reason = rest;
    return one;
}

}  // namespace

void State::load(const std::vector<StateRow>& rows) {
    for (const StateRow& row : rows) {
        Series series;
        switch (row.table) {
            case StateRow::Table::counter:
            case StateRow::Table::remembered:
            case StateRow::Table::history:
                series = {find_metric(row.key1), row.key2, split_labels(row.key3)};
                if (!series.metric) continue;
                break;
            case StateRow::Table::rule_since:
            case StateRow::Table::known:
            case StateRow::Table::text:
            case StateRow::Table::accepted:
                break;
        }
        switch (row.table) {
            case StateRow::Table::counter:
                counters_[series] = {row.number1, row.number2};
                break;
            case StateRow::Table::remembered:
                if (series.metric->memory == Memory::remembered)
                    remembered_[series] = {row.number1, row.number2};
                break;
            case StateRow::Table::history: {
                const size_t time_at = row.key3.rfind(separator);
                if (time_at == row.key3.npos) break;
                series.labels = split_labels(std::string_view(row.key3).substr(0, time_at));
                history_[series].push_back({row.number2, row.number1});
                break;
            }
            case StateRow::Table::rule_since:
                rules_.since[{row.key1, row.key2}] = row.number1;
                break;
            case StateRow::Table::known:
                if (const auto kind = parse_subject_kind(row.key1))
                    known_[*kind][row.key2] = {row.number1, row.number2};
                break;
            case StateRow::Table::text:
                if (row.key1 == watched_since_key)
                    watched_since_ = row.number1;
                else if (row.key1 == "cursor")
                    cursors_[row.key2] = row.key3;
                break;
            case StateRow::Table::accepted:
                if (const auto acceptance = acceptance_of(row)) {
                    acceptances_[{acceptance->rule, acceptance->subject}] = *acceptance;
                    if (row.number2 > 0)
                        over_since_[{acceptance->rule, acceptance->subject}] = row.number2;
                }
                break;
        }
    }
    for (auto& [series, points] : history_) std::ranges::sort(points, {}, &Point::time);
}

void State::increment(const Observation& observation) {
    const Series series{observation.metric, observation.subject, observation.labels};
    Value& counter = counters_[series];
    counter.value += observation.value;
    counter.observed_at = std::max(counter.observed_at, observation.observed_at);
    change(series_row(StateRow::Table::counter, series, counter.value, counter.observed_at));
}

void State::note_history(const Series& series, double value, Timestamp at, bool began_at_zero) {
    auto& points = history_[series];
    const auto add = [&](Timestamp time, double point_value) {
        points.push_back({time, point_value});
        StateRow row = series_row(StateRow::Table::history, series, point_value, time);
        row.key3 = history_key(series, time);
        change(std::move(row));
    };
    if (points.empty() && began_at_zero) add(at - 1, 0);
    if (!points.empty() && points.back().value == value) return;
    // Keep the points sorted even if the clock was set back.
    add(points.empty() ? at : std::max(at, points.back().time + 1e-6), value);
    if (points.size() > history_limit) {
        StateRow row = series_row(StateRow::Table::history, series, 0, 0);
        row.key3 = history_key(series, points.front().time);
        row.erased = true;
        change(std::move(row));
        points.erase(points.begin());
    }
}

double State::increase(const Series& series, Timestamp from) const {
    const auto found = history_.find(series);
    if (found == history_.end()) return 0;
    double total = 0;
    for (size_t i = 1; i < found->second.size(); ++i)
        if (found->second[i].time >= from)
            total += std::max(0.0, found->second[i].value - found->second[i - 1].value);
    return total;
}

void State::remember(const Observation& observation) {
    const Series series{observation.metric, observation.subject, observation.labels};
    const auto known = remembered_.find(series);
    if (known != remembered_.end() && known->second.value == observation.value &&
        observation.observed_at - known->second.observed_at < 3600)
        return;  // unchanged; on disk its age need not be exact to the second
    // Keep one value per subject: new labels (new firmware, new device name) replace the old ones.
    for (auto other = remembered_.lower_bound({observation.metric, observation.subject, {}});
         other != remembered_.end();) {
        if (other->first.metric != observation.metric ||
            other->first.subject != observation.subject)
            break;
        if (other->first.labels == observation.labels) {
            ++other;
            continue;
        }
        StateRow row = series_row(StateRow::Table::remembered, other->first, 0, 0);
        row.erased = true;
        change(std::move(row));
        other = remembered_.erase(other);
    }
    remembered_[series] = {observation.value, observation.observed_at};
    change(series_row(StateRow::Table::remembered, series, observation.value,
                      observation.observed_at));
}

void State::set_cursor(const std::string& collector, const std::string& cursor) {
    if (cursors_[collector] == cursor) return;
    cursors_[collector] = cursor;
    change({StateRow::Table::text, "cursor", collector, cursor, 0, 0, false});
}

void State::set_watched_since(Timestamp time) {
    watched_since_ = time;
    change({StateRow::Table::text, watched_since_key, "", "", time, 0, false});
}

void State::see(SubjectKind kind, const std::string& subject, Timestamp now) {
    seen_.emplace(kind, subject);
    const auto [found, is_new] = known_[kind].try_emplace(subject, KnownSubject{now, now});
    KnownSubject& known = found->second;
    if (!is_new && std::abs(now - known.last_seen) < 3600) return;
    known.last_seen = now;
    change({StateRow::Table::known, std::string(to_string(kind)), subject, "", known.first_seen,
            known.last_seen, false});
}

void State::forget(SubjectKind kind, const std::string& subject) {
    if (known_[kind].erase(subject) > 0)
        change({StateRow::Table::known, std::string(to_string(kind)), subject, "", 0, 0, true});
    const auto drop = [&](std::map<Series, Value>& values, StateRow::Table table) {
        std::erase_if(values, [&](const auto& entry) {
            if (entry.first.metric->subject != kind || entry.first.subject != subject) return false;
            StateRow row = series_row(table, entry.first, 0, 0);
            row.erased = true;
            change(std::move(row));
            return true;
        });
    };
    drop(counters_, StateRow::Table::counter);
    drop(remembered_, StateRow::Table::remembered);
    std::erase_if(history_, [&](const auto& entry) {
        if (entry.first.metric->subject != kind || entry.first.subject != subject) return false;
        for (const Point& point : entry.second) {
            StateRow row = series_row(StateRow::Table::history, entry.first, 0, 0);
            row.key3 = history_key(entry.first, point.time);
            row.erased = true;
            change(std::move(row));
        }
        return true;
    });
}

void State::prune(Timestamp before) {
    for (auto& [series, points] : history_) {
        // Keep the last point before the window: growth is counted from its value.
        while (points.size() > 1 && points[1].time < before) {
            StateRow row = series_row(StateRow::Table::history, series, 0, 0);
            row.key3 = history_key(series, points.front().time);
            row.erased = true;
            change(std::move(row));
            points.erase(points.begin());
        }
    }
    std::vector<std::pair<SubjectKind, std::string>> stale;
    for (const auto& [series, value] : counters_) {
        const SubjectKind kind = series.metric->subject;
        if (find_inventory(kind) && value.observed_at < before &&
            !known(kind).contains(series.subject))
            stale.emplace_back(kind, series.subject);
    }
    for (const auto& [kind, subject] : stale) forget(kind, subject);
}

void State::accept(const Acceptance& acceptance) {
    revoke(acceptance.rule, acceptance.subject);
    acceptances_[{acceptance.rule, acceptance.subject}] = acceptance;
    change(row_of(acceptance, 0));
}

bool State::revoke(const std::string& rule, const std::string& subject) {
    const auto found = acceptances_.find({rule, subject});
    if (found == acceptances_.end()) return false;
    StateRow row = row_of(found->second, 0);
    row.erased = true;
    change(std::move(row));
    over_since_.erase(found->first);
    acceptances_.erase(found);
    return true;
}

Timestamp State::over_since(const Acceptance& acceptance) const {
    const auto found = over_since_.find({acceptance.rule, acceptance.subject});
    return found == over_since_.end() ? 0 : found->second;
}

void State::set_over_since(const Acceptance& acceptance, Timestamp since) {
    if (since == over_since(acceptance)) return;
    over_since_[{acceptance.rule, acceptance.subject}] = since;
    change(row_of(acceptance, since));
}

void State::set_rule_memory(RuleMemory memory) {
    for (const auto& [key, since] : rules_.since)
        if (!memory.since.contains(key))
            change({StateRow::Table::rule_since, key.rule, key.subject, "", 0, 0, true});
    for (const auto& [key, since] : memory.since) {
        const auto known = rules_.since.find(key);
        if (known == rules_.since.end() || known->second != since)
            change({StateRow::Table::rule_since, key.rule, key.subject, "", since, 0, false});
    }
    rules_ = std::move(memory);
}

const std::map<std::string, KnownSubject>& State::known(SubjectKind kind) const {
    static const std::map<std::string, KnownSubject> none;
    const auto found = known_.find(kind);
    return found == known_.end() ? none : found->second;
}

std::string State::cursor(const std::string& collector) const {
    const auto found = cursors_.find(collector);
    return found == cursors_.end() ? std::string() : found->second;
}

std::vector<StateRow> State::take_changes() {
    return std::exchange(changes_, {});
}

std::vector<StateRow> State::all_rows() const {
    std::vector<StateRow> rows;
    for (const auto& [series, value] : counters_)
        rows.push_back(
            series_row(StateRow::Table::counter, series, value.value, value.observed_at));
    for (const auto& [series, value] : remembered_)
        rows.push_back(
            series_row(StateRow::Table::remembered, series, value.value, value.observed_at));
    for (const auto& [series, points] : history_)
        for (const Point& point : points) {
            rows.push_back(series_row(StateRow::Table::history, series, point.value, point.time));
            rows.back().key3 = history_key(series, point.time);
        }
    for (const auto& [key, since] : rules_.since)
        rows.push_back({StateRow::Table::rule_since, key.rule, key.subject, "", since, 0, false});
    for (const auto& [kind, subjects] : known_)
        for (const auto& [subject, known] : subjects)
            rows.push_back({StateRow::Table::known, std::string(to_string(kind)), subject, "",
                            known.first_seen, known.last_seen, false});
    for (const auto& [collector, cursor] : cursors_)
        rows.push_back({StateRow::Table::text, "cursor", collector, cursor, 0, 0, false});
    for (const auto& [key, acceptance] : acceptances_)
        rows.push_back(row_of(acceptance, over_since(acceptance)));
    rows.push_back({StateRow::Table::text, watched_since_key, "", "", watched_since_, 0, false});
    return rows;
}

}  // namespace lastgood
