// What the agent remembers across restarts: counters, where streams ended, when findings began, who
// was ever here. The copy in memory is the truth; every change is also a StateRow for the store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/observation.hpp"
#include "rules/rule.hpp"

namespace lastgood {

// One row of the database. What the columns hold depends on the table (agent/memory/store.cpp).
struct StateRow {
    enum class Table { counter, remembered, history, rule_since, known, text };
    Table table = Table::text;
    std::string key1, key2, key3;
    double number1 = 0, number2 = 0;
    bool erased = false;

    auto key() const { return std::tie(table, key1, key2, key3); }
};

struct Series {
    const Metric* metric = nullptr;
    std::string subject;
    Labels labels;
    auto operator<=>(const Series& other) const {
        return std::tie(metric->name, subject, labels) <=>
               std::tie(other.metric->name, other.subject, other.labels);
    }
    bool operator==(const Series& other) const {
        return metric == other.metric && subject == other.subject && labels == other.labels;
    }
};

struct Value {
    double value = 0;
    Timestamp observed_at = 0;
};

// A drive or array that is or was here.
struct KnownSubject {
    Timestamp first_seen = 0;
    Timestamp last_seen = 0;  // to the hour
};

class State {
  public:
    // Takes over what the store held; rows that make no sense (of another version) are left out.
    void load(const std::vector<StateRow>& rows);

    // Adds to a counter that collectors print increments of. An empty one begins at 0.
    void increment(const Observation& observation);
    // Notes the value of a series whose growth is asked for; kept only when it changed.
    void note_history(const Series& series, double value, Timestamp at, bool began_at_zero);
    void remember(const Observation& observation);  // of a metric with Memory::remembered
    void set_cursor(const std::string& collector, const std::string& cursor);
    void set_watched_since(Timestamp time);
    void see(SubjectKind kind, const std::string& subject, Timestamp now);
    void forget(SubjectKind kind, const std::string& subject);
    // Forgets counters that have no known subject and have not changed since `before`, and history
    // older than `before`.
    void prune(Timestamp before);
    void set_rule_memory(RuleMemory memory);

    const std::map<Series, Value>& counters() const { return counters_; }
    const std::map<Series, Value>& remembered() const { return remembered_; }
    const std::map<std::string, KnownSubject>& known(SubjectKind kind) const;
    const RuleMemory& rule_memory() const { return rules_; }
    std::string cursor(const std::string& collector) const;
    Timestamp watched_since() const { return watched_since_; }
    // Sum of the rises of a series since `from`.
    double increase(const Series& series, Timestamp from) const;

    // The changes since the last call, which belong together.
    std::vector<StateRow> take_changes();
    // All of it, for a store that is empty.
    std::vector<StateRow> all_rows() const;

  private:
    struct Point {
        Timestamp time = 0;
        double value = 0;
    };
    void change(StateRow row) { changes_.push_back(std::move(row)); }

    std::map<Series, Value> counters_, remembered_;
    std::map<Series, std::vector<Point>> history_;
    std::map<SubjectKind, std::map<std::string, KnownSubject>> known_;
    std::map<std::string, std::string> cursors_;
    RuleMemory rules_;
    Timestamp watched_since_ = 0;
    std::vector<StateRow> changes_;
};

}  // namespace lastgood
