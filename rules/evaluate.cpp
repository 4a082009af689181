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
            if (observation.metric != nullptr) {
                by_metric_[observation.metric].push_back(&observation);
            }
        }
    }

    const std::vector<const Observation*>& of(const Metric& metric) const {
        static const std::vector<const Observation*> none;
        const auto found = by_metric_.find(&metric);
        return found == by_metric_.end() ? none : found->second;
    }

  private:
    std::unordered_map<const Metric*, std::vector<const Observation*>> by_metric_;
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

// The label Rule::also of the subject's largest series of also_of; nullopt: none.
std::optional<std::string> also_of(const Rule& rule, std::string_view subject,
                                   const Series& series) {
    if (rule.also.empty()) return std::nullopt;
    const Observation* largest = nullptr;
    for (const Observation* observation : series.of(*rule.also_of.metric)) {
        if (!label_matches(rule.also_of, *observation) ||
            subject_of(*observation, rule.subject) != subject)
            continue;
        if (largest == nullptr || observation->value > largest->value) largest = observation;
    }
    if (largest == nullptr) return std::nullopt;
    return std::string(rule.also == to_string(largest->metric->subject)
                           ? std::string_view(largest->subject)
                           : largest->label(rule.also));
}

// The advice that is right for the subject now.
std::string_view advice_for(const Rule& rule, std::string_view subject, const Series& series,
                            Timestamp now) {
    for (const Instead& instead : rule.instead)
        if (holding(instead.when, rule.subject, series, now).contains(subject))
            return instead.advice;
    return rule.advice;
}

std::map<std::string, std::string, std::less<>> info_of(std::string_view subject, SubjectKind kind,
                                                        const Series& series) {
    std::map<std::string, std::string, std::less<>> info;
    const Metric* metric = info_metric(kind);
    if (metric == nullptr) return info;
    for (const Observation* observation : series.of(*metric)) {
        if (observation->subject != subject) continue;
        for (const auto& [key, value] : observation->labels) {
            if (!value.empty()) info.emplace(key, value);
        }
    }
    return info;
}

// The acceptance as the observations tell it: without who and why.
Acceptance acceptance_in(const Series& series, const Rule& rule, std::string_view subject) {
    Acceptance found{std::string(rule.name), rule.subject, std::string(subject), {}, 0, "", ""};
    const auto value = [&](const Metric& metric) -> std::optional<double> {
        for (const Observation* one : series.of(metric))
            if (one->label("rule") == rule.name && subject_of(*one, rule.subject) == subject)
                return one->value;
        return std::nullopt;
    };
    found.until = value(metric::accepted_until_timestamp_seconds).value_or(0);
    if (is_accepted_by_value(rule)) found.up_to = value(metric::accepted);
    return found;
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
        const Values accepted = holding(acceptance_of(rule), rule.subject, series, now);
        for (const auto& [subject, value] : holding(rule, series, now)) {
            RuleMemory::Key key{std::string(rule.name), std::string(subject)};
            const auto remembered = memory.since.find(key);
            // If the clock was set back, `since` must not lie in the future.
            const Timestamp since =
                remembered == memory.since.end() ? now : std::min(remembered->second, now);
            still.since.emplace(std::move(key), since);
            if (now - since < rule.hold) continue;
            TextValues texts{rule.subject, subject, info_of(subject, rule.subject, series), value,
                             agent};
            if (auto also = also_of(rule, subject, series))
                texts.info.insert_or_assign(std::string(rule.also), *std::move(also));
            std::vector<std::string> steps = steps_of(advice_for(rule, subject, series, now));
            for (std::string& step : steps) step = render_step_for_host(step, texts);
            findings.push_back(Finding{std::string(rule.name), rule.severity, rule.subject,
                                       std::string(subject), render_for_host(rule.summary, texts),
                                       std::move(steps), since, value});
            if (accepted.contains(subject))
                findings.back().accepted = acceptance_in(series, rule, subject);
        }
    }
    memory = std::move(still);
    sort_findings(findings);
    return findings;
}

}  // namespace lastgood
