#include "agent/memory/state.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "agent/memory/rows.hpp"
#include "collectors/collector.hpp"

namespace lastgood {

using namespace rows;

bool State::increment(const Observation& observation) {
    const Series series{observation.metric, observation.subject, observation.labels};
    if (counters_.size() >= series_limit && !counters_.contains(series)) return false;
    Value& counter = counters_[series];
    counter.value = saturated_sum(counter.value, observation.value);
    counter.observed_at = std::max(counter.observed_at, observation.observed_at);
    change(series_row(StateRow::Table::counter, series, counter.value, counter.observed_at));
    return true;
}

void State::note_history(const Series& series, double value, Timestamp at, bool began_at_zero) {
    if (history_.size() >= series_limit && !history_.contains(series)) return;
    auto& points = history_[series];
    const auto add = [&](Timestamp time, double point_value) {
        points.push_back({time, point_value});
        StateRow row = series_row(StateRow::Table::history, series, point_value, time);
        row.key3 = history_key(series, time);
        change(std::move(row));
    };
    if (points.empty() && began_at_zero) add(std::max(at - 1, 0.0), 0);
    if (!points.empty() && points.back().value == value) return;
    // Keep the points sorted even if the clock was set back.
    add(points.empty() ? at : std::max(at, points.back().time + 1e-6), value);
    if (points.size() > history_limit) drop_first(1, series, points);
}

void State::drop_first(size_t count, const Series& series, std::vector<Point>& points) {
    const auto end = points.begin() + static_cast<ptrdiff_t>(count);
    for (auto point = points.begin(); point != end; ++point) {
        StateRow row = series_row(StateRow::Table::history, series, 0, 0);
        row.key3 = history_key(series, point->time);
        row.erased = true;
        change(std::move(row));
    }
    points.erase(points.begin(), end);
}

double State::increase(const Series& series, Timestamp from) const {
    const auto found = history_.find(series);
    if (found == history_.end()) return 0;
    double total = 0;
    for (size_t i = 1; i < found->second.size(); ++i)
        if (found->second[i].time >= from)
            total = saturated_sum(
                total, std::max(0.0, found->second[i].value - found->second[i - 1].value));
    return total;
}

void State::remember(const Observation& observation) {
    if (!why_not_valid(observation).empty()) return;  // labels of several collectors, joined
    const Series series{observation.metric, observation.subject, observation.labels};
    const auto known = remembered_.find(series);
    if (known != remembered_.end() && known->second.value == observation.value &&
        observation.observed_at - known->second.observed_at < 3600)
        return;  // unchanged; on disk its age need not be exact to the second
    if (remembered_.size() >= series_limit && known == remembered_.end()) return;
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
    change(text_row(cursor_key, collector, cursor, 0));
}

void State::note_loss(Loss what, const std::string& message, Timestamp now) {
    LostState& lost = losses_[what];
    lost = {now, message};
    change(row_of(what, lost));
}

void State::forget_losses(Timestamp up_to) {
    std::erase_if(losses_, [&](const auto& entry) {
        if (entry.second.at > up_to) return false;
        StateRow row = row_of(entry.first, entry.second);
        row.erased = true;
        change(std::move(row));
        return true;
    });
}

void State::set_watched_since(Timestamp time) {
    watched_since_ = time;
    change(text_row(watched_since_key, "", "", time));
}

double State::next_generation(Timestamp now) {
    constexpr double ahead = 240;
    if (saved_generation_ == 0 && watched_since_ > 0)
        generation_ = std::floor(std::max(now - watched_since_, 0.0));
    if (++generation_ > saved_generation_) {
        saved_generation_ = generation_ + ahead;
        change(text_row(generation_key, "", "", saved_generation_));
    }
    return generation_;
}

void State::see(SubjectKind kind, const std::string& subject, Timestamp now) {
    if (known_[kind].size() >= series_limit && !known_[kind].contains(subject)) return;
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
        size_t old = 0;
        while (old + 1 < points.size() && points[old + 1].time < before) ++old;
        if (old > 0) drop_first(old, series, points);
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

void State::record(const CopyRecord& record) {
    records_[{record.backup, record.what}] = record;
    change(row_of(record));
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

void State::keep_from(const State& meanwhile) {
    RuleMemory memory = rules_;
    memory.since.insert(meanwhile.rules_.since.begin(), meanwhile.rules_.since.end());
    set_rule_memory(std::move(memory));
    for (const auto& [key, acceptance] : meanwhile.acceptances_) accept(acceptance);
    for (const auto& [key, one] : meanwhile.records_) record(one);
    if (watched_since_ == 0 && meanwhile.watched_since_ != 0)
        set_watched_since(meanwhile.watched_since_);
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
    std::vector<StateRow> all;
    for (const auto& [series, value] : counters_)
        all.push_back(series_row(StateRow::Table::counter, series, value.value, value.observed_at));
    for (const auto& [series, value] : remembered_)
        all.push_back(
            series_row(StateRow::Table::remembered, series, value.value, value.observed_at));
    for (const auto& [series, points] : history_)
        for (const Point& point : points) {
            all.push_back(series_row(StateRow::Table::history, series, point.value, point.time));
            all.back().key3 = history_key(series, point.time);
        }
    for (const auto& [key, since] : rules_.since)
        all.push_back({StateRow::Table::rule_since, key.rule, key.subject, "", since, 0, false});
    for (const auto& [kind, subjects] : known_)
        for (const auto& [subject, known] : subjects)
            all.push_back({StateRow::Table::known, std::string(to_string(kind)), subject, "",
                           known.first_seen, known.last_seen, false});
    for (const auto& [collector, cursor] : cursors_)
        all.push_back(text_row(cursor_key, collector, cursor, 0));
    for (const auto& [what, lost] : losses_) all.push_back(row_of(what, lost));
    for (const auto& [key, one] : records_) all.push_back(row_of(one));
    for (const auto& [key, acceptance] : acceptances_)
        all.push_back(row_of(acceptance, over_since(acceptance)));
    all.push_back(text_row(watched_since_key, "", "", watched_since_));
    if (saved_generation_ > 0) all.push_back(text_row(generation_key, "", "", saved_generation_));
    all.push_back(text_row(version_key, "", LASTGOOD_VERSION, 0));
    return all;
}

}  // namespace lastgood
