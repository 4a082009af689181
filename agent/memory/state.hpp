// What the agent remembers across restarts: counters, cursors of streams, when findings began,
// every drive and array seen. The copy in memory is authoritative; every change is also queued as a
// StateRow for the store. Not thread-safe; does no I/O.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/acceptance.hpp"
#include "core/copy_record.hpp"
#include "core/observation.hpp"
#include "rules/rule.hpp"

namespace lastgood {

// One row of the database. agent/memory/store.cpp defines the columns of each table.
struct StateRow {
    enum class Table { counter, remembered, history, rule_since, known, text, accepted };
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

// What the saved state had and nobody will see again.
enum class Loss {
    damaged,  // the database was no longer one, or tables of it were gone
    missing,  // the database was gone or empty
    foreign,  // another program's database was in its place
    rows,     // some rows made no sense
};
std::string_view to_string(Loss what);  // "damaged"

struct LostState {
    Timestamp at = 0;
    std::string message;  // for people: what was found, where it is kept
};

struct Rejected {
    size_t rows = 0;
    std::string first;  // the key of the first one, for people
};

// A drive or array that is or was present.
struct KnownSubject {
    Timestamp first_seen = 0;
    Timestamp last_seen = 0;  // accurate to 1 hour
};

// For State::mend_times(): replaces by `now` what a wrong clock must have left: times before
// lastgood existed, or in the future. If the clock itself is before that, it proves nothing.
Timestamp plausible_time(Timestamp time, Timestamp now);

class State {
  public:
    // Adds the rows of the store. Rejects rows that no lastgood of this version would have written,
    // such as values and times out of range, and erases them from the store. Skips metrics of
    // another version.
    Rejected load(const std::vector<StateRow>& rows);

    // Adds what began or was accepted while the saved state could not be read.
    void keep_from(const State& meanwhile);

    // Adds an increment to its counter; a new counter starts at 0. The sum stays within
    // value_limit. False: there are 50,000 counters already, and this would be a new one.
    bool increment(const Observation& observation);
    // Adds a value to the history of a series if it changed. `began_at_zero`: a new series starts
    // with the value 0. Keeps the newest 4096 points of at most 50,000 series.
    void note_history(const Series& series, double value, Timestamp at, bool began_at_zero);
    void remember(const Observation& observation);  // Only for metrics with Memory::remembered.
    // Remembers that saved state was lost; the newest of each kind. Nothing but an acceptance ends
    // it: see end_acceptances().
    void note_loss(Loss what, const std::string& message, Timestamp now);
    // Forgets losses up to that time.
    void forget_losses(Timestamp up_to);
    const std::map<Loss, LostState>& losses() const { return losses_; }
    // Saved only if it changed; opaque, from Sink::commit().
    void set_cursor(const std::string& collector, const std::string& cursor);
    void set_watched_since(Timestamp time);
    // One more than before, also across restarts. The saved one is ahead by up to 240 reports (an
    // hour), so that it is rarely saved and a restart never goes back.
    // Versions that counted from the start of the agent never reached one report a second: it
    // begins there.
    double next_generation(Timestamp now);
    // Whether see() was called for the subject since this object was made.
    bool has_seen(SubjectKind kind, const std::string& subject) const {
        return seen_.contains({kind, subject});
    }
    // Records that a drive or array is present.
    void see(SubjectKind kind, const std::string& subject, Timestamp now);
    // Drops a subject with its counters, remembered values and history.
    void forget(SubjectKind kind, const std::string& subject);
    // Drops history older than `before`, and counters unchanged since `before` whose subject is
    // unknown.
    void prune(Timestamp before);
    // Replaces each point in time, other than the ends of acceptances, by plausible_time() of what
    // `moved` makes of it, which must not decrease. What people recorded is moved only: evidence in
    // the future of a clock that is behind is no evidence of now.
    void mend_times(const std::function<Timestamp(Timestamp)>& moved, Timestamp now);
    // Replaces an acceptance of the same rule and subject.
    void accept(const Acceptance& acceptance);
    // False: there was none.
    bool revoke(const std::string& rule, const std::string& subject);
    // Replaces an earlier record of the same kind of the same backup.
    void record(const CopyRecord& record);
    // Since when the finding of an acceptance is not there; 0: it is there, or that is not known.
    Timestamp over_since(const Acceptance& acceptance) const;
    void set_over_since(const Acceptance& acceptance, Timestamp since);
    // Replaces the memory of the rules, as returned by evaluate().
    void set_rule_memory(RuleMemory memory);

    const std::map<Series, Value>& counters() const { return counters_; }
    const std::map<Series, Value>& remembered() const { return remembered_; }
    const std::map<std::string, KnownSubject>& known(SubjectKind kind) const;
    const RuleMemory& rule_memory() const { return rules_; }
    // By rule and subject.
    const std::map<std::pair<std::string, std::string>, Acceptance>& acceptances() const {
        return acceptances_;
    }
    // By backup and what.
    const std::map<std::pair<std::string, std::string>, CopyRecord>& records() const {
        return records_;
    }
    // "" if the collector has none.
    std::string cursor(const std::string& collector) const;
    // 0: not set yet.
    Timestamp watched_since() const { return watched_since_; }
    // Sum of the increases of a series since `from`; decreases do not count.
    double increase(const Series& series, Timestamp from) const;

    // Returns and clears the changes since the last call; save them in one transaction.
    std::vector<StateRow> take_changes();
    // The whole state, for an empty store.
    std::vector<StateRow> all_rows() const;

  private:
    struct Point {
        Timestamp time = 0;
        double value = 0;
    };
    void change(StateRow row) { changes_.push_back(std::move(row)); }
    void drop_first(size_t count, const Series& series, std::vector<Point>& points);
    // False: the row is rejected.
    bool load_row(const StateRow& row, bool same_version);
    bool load_counter(const StateRow& row, Series series);
    bool load_remembered(const StateRow& row, Series series);
    bool load_history(const StateRow& row, Series series);
    bool load_known(const StateRow& row);
    bool load_text(const StateRow& row);
    bool load_accepted(const StateRow& row);

    std::map<Series, Value> counters_, remembered_;
    std::map<Series, std::vector<Point>> history_;
    std::map<SubjectKind, std::map<std::string, KnownSubject>> known_;
    std::set<std::pair<SubjectKind, std::string>> seen_;
    std::map<std::string, std::string> cursors_;
    RuleMemory rules_;
    std::map<std::pair<std::string, std::string>, Acceptance> acceptances_;
    std::map<std::pair<std::string, std::string>, Timestamp> over_since_;  // of acceptances
    std::map<std::pair<std::string, std::string>, CopyRecord> records_;
    std::map<Loss, LostState> losses_;
    Timestamp watched_since_ = 0;
    double generation_ = 0, saved_generation_ = 0;
    std::vector<StateRow> changes_;
};

}  // namespace lastgood
