#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "core/metrics/agent.hpp"
#include "core/text.hpp"
#include "rules/accept.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"

namespace lastgood {

namespace {

// A value for each subject; the keys are views into the observations.
using Values = std::map<std::string_view, double>;

class Series {
  public:
    explicit Series(const std::vector<Observation>& observations) {
        for (const Observation& observation : observations) {
            if (observation.metric == nullptr) continue;
            by_metric_[observation.metric].push_back(&observation);
            if (info_metric(observation.metric->subject) == observation.metric)
                infos_[{observation.metric->subject, observation.subject}].push_back(&observation);
        }
    }

    const std::vector<const Observation*>& of(const Metric& metric) const {
        static const std::vector<const Observation*> none;
        const auto found = by_metric_.find(&metric);
        return found == by_metric_.end() ? none : found->second;
    }

    // Of the info metric of this kind.
    const std::vector<const Observation*>& infos_of(SubjectKind kind,
                                                    std::string_view subject) const {
        static const std::vector<const Observation*> none;
        const auto found = infos_.find({kind, subject});
        return found == infos_.end() ? none : found->second;
    }

  private:
    std::unordered_map<const Metric*, std::vector<const Observation*>> by_metric_;
    std::map<std::pair<SubjectKind, std::string_view>, std::vector<const Observation*>> infos_;
};

bool label_matches(const Operand& operand, const Observation& observation) {
    if (operand.label.empty() || operand.values.empty()) return true;
    const std::string_view value = observation.label(operand.label);
    const bool listed = contains(operand.values, value);
    return listed != operand.except;
}

// The subject of the observation for a rule about `kind`; nullopt: the rule ignores the
// observation.
std::optional<std::string_view> subject_of(const Observation& observation, SubjectKind kind) {
    if (kind == SubjectKind::host) return std::string_view{};
    if (observation.metric->subject == kind) return observation.subject;
    const std::string_view subject = observation.label(to_string(kind));
    if (subject.empty()) return std::nullopt;
    return subject;
}

double combine(Pick pick, double one, double other) {
    // As in PromQL: max and min ignore a NaN beside a number; a sum with a NaN is NaN.
    switch (pick) {
        case Pick::largest:
            return std::fmax(one, other);
        case Pick::smallest:
            return std::fmin(one, other);
        case Pick::sum:
            return one + other;
    }
    return one;
}

Values values_of(const Operand& operand, SubjectKind kind, const Series& series) {
    Values values;
    for (const Observation* observation : series.of(*operand.metric)) {
        if (!label_matches(operand, *observation)) continue;
        const auto subject = subject_of(*observation, kind);
        if (!subject) continue;
        const auto [place, is_new] = values.emplace(*subject, observation->value);
        if (!is_new) place->second = combine(operand.pick, place->second, observation->value);
    }
    return values;
}

bool compare(Comparison comparison, double value, double limit) {
    switch (comparison) {
        case Comparison::present:
            return true;
        // An exact comparison is right: states and flags are small whole numbers.
        case Comparison::equal:
            return value == limit;
        case Comparison::less:
            return value < limit;
        case Comparison::less_or_equal:
            return value <= limit;
        case Comparison::greater:
            return value > limit;
        case Comparison::greater_or_equal:
            return value >= limit;
    }
    return false;
}

double on_clock(Clock clock, double value, Timestamp now) {
    switch (clock) {
        case Clock::none:
            return value;
        case Clock::age:
            return now - value;
        case Clock::ahead:
            return value - now;
    }
    return value;
}

// The subjects for which the comparison holds, with the value compared. Does not look at `unless`.
Values holding(const Condition& condition, SubjectKind kind, const Series& series, Timestamp now) {
    Values result;
    const bool has_right = condition.right.metric != nullptr;
    const Values rights = has_right ? values_of(condition.right, kind, series) : Values{};
    for (const auto& [subject, raw] : values_of(condition.left, kind, series)) {
        double limit = condition.limit;
        if (has_right) {
            const auto right = rights.find(subject);
            if (right == rights.end()) continue;
            limit = right->second + condition.limit;
            if (std::isnan(limit)) continue;
        }
        const double value = on_clock(condition.clock, raw, now);
        if (compare(condition.comparison, value, limit)) result.emplace(subject, value);
    }
    return result;
}

Values holding(const Rule& rule, const Series& series, Timestamp now) {
    Values subjects;
    bool first = true;
    for (const Condition& condition : rule.all_of) {
        const Values holds = holding(condition, rule.subject, series, now);
        if (first) {
            subjects = holds;
            first = false;
        } else {
            std::erase_if(subjects, [&](const auto& entry) {
                return holds.contains(entry.first) == condition.unless;
            });
        }
        if (subjects.empty()) break;
    }
    return subjects;
}

// What a rule says of subjects for which it holds; worked out once for all of them.
class Told {
  public:
    Told(const Rule& rule, const Series& series, Timestamp now) : rule_(rule) {
        for (const Instead& instead : rule.instead)
            instead_.push_back(holding(instead.when, rule.subject, series, now));
        if (rule.also.empty()) return;
        for (const Observation* observation : series.of(*rule.also_of.metric)) {
            const auto subject = subject_of(*observation, rule.subject);
            if (!subject || !label_matches(rule.also_of, *observation)) continue;
            const Observation*& largest = largest_[*subject];
            if (largest == nullptr || observation->value > largest->value) largest = observation;
        }
    }

    // The advice that is right for the subject now.
    std::string_view advice(std::string_view subject) const {
        for (size_t i = 0; i < instead_.size(); ++i)
            if (instead_[i].contains(subject)) return rule_.instead[i].advice;
        return rule_.advice;
    }

    // Sets the labels Rule::also of the subject's largest series of also_of, if there is one.
    void add_also(std::string_view subject,
                  std::map<std::string, std::string, std::less<>>& labels) const {
        const auto found = largest_.find(subject);
        if (found == largest_.end()) return;
        const Observation& largest = *found->second;
        for (const std::string_view also : rule_.also)
            labels.insert_or_assign(std::string(also), also == to_string(largest.metric->subject)
                                                           ? largest.subject
                                                           : std::string(largest.label(also)));
    }

  private:
    const Rule& rule_;
    std::vector<Values> instead_;
    std::map<std::string_view, const Observation*> largest_;
};

std::map<std::string, std::string, std::less<>> info_of(std::string_view subject, SubjectKind kind,
                                                        const Series& series) {
    std::map<std::string, std::string, std::less<>> info;
    for (const Observation* observation : series.infos_of(kind, subject)) {
        for (const auto& [key, value] : observation->labels) {
            if (!value.empty()) info.emplace(key, value);
        }
    }
    return info;
}

// The value of the metric for each subject for which somebody accepted the rule.
Values told_of_acceptances(const Series& series, const Metric& metric, const Rule& rule) {
    Values values;
    for (const Observation* one : series.of(metric))
        if (const auto subject = subject_of(*one, rule.subject);
            subject && one->label("rule") == rule.name)
            values.emplace(*subject, one->value);
    return values;
}

// Adds the acceptances as the observations tell them: without who and why.
void add_acceptances(const Rule& rule, const Series& series, Timestamp now,
                     std::span<Finding> findings) {
    const Values accepted = holding(acceptance_of(rule), rule.subject, series, now);
    if (accepted.empty()) return;
    const Values until =
        told_of_acceptances(series, metric::accepted_until_timestamp_seconds, rule);
    const Values up_to = told_of_acceptances(series, metric::accepted, rule);
    for (Finding& finding : findings) {
        if (!accepted.contains(finding.subject)) continue;
        Acceptance found{finding.rule, rule.subject, finding.subject, {}, 0, "", ""};
        if (const auto end = until.find(finding.subject); end != until.end())
            found.until = end->second;
        if (const auto most = up_to.find(finding.subject);
            is_accepted_by_value(rule) && most != up_to.end())
            found.up_to = most->second;
        finding.accepted = std::move(found);
    }
}

}  // namespace

std::vector<Finding> evaluate(std::span<const Rule> rules,
                              const std::vector<Observation>& observations, Timestamp now,
                              RuleMemory& memory, const AgentWords& agent) {
    const Series series(observations);
    std::vector<Finding> findings;
    RuleMemory still;
    for (const Rule& rule : rules) {
        if (rule.prometheus_only) continue;
        const Values holds = holding(rule, series, now);
        if (holds.empty()) continue;
        const Told told(rule, series, now);
        const size_t before = findings.size();
        for (const auto& [subject, value] : holds) {
            RuleMemory::Key key{std::string(rule.name), std::string(subject)};
            const auto remembered = memory.since.find(key);
            // If the clock was set back, `since` must not lie in the future.
            const Timestamp since =
                remembered == memory.since.end() ? now : std::min(remembered->second, now);
            still.since.emplace(std::move(key), since);
            if (now - since < rule.hold) continue;
            TextValues texts{rule.subject, subject, info_of(subject, rule.subject, series), value,
                             agent};
            told.add_also(subject, texts.info);
            std::vector<std::string> steps = steps_of(told.advice(subject));
            for (std::string& step : steps) step = render_step_for_host(step, texts);
            findings.push_back(Finding{std::string(rule.name), rule.severity, rule.subject,
                                       std::string(subject), render_for_host(rule.summary, texts),
                                       std::move(steps), since, value});
        }
        add_acceptances(rule, series, now, std::span(findings).subspan(before));
    }
    memory = std::move(still);
    sort_findings(findings);
    return findings;
}

}  // namespace lastgood
