#include "exporters/prometheus/families.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "core/judgement.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

using Family = std::vector<prometheus::MetricFamily>;

// Prometheus rejects a scrape with bytes that are no UTF-8; a report from a file has none. What
// would harm a terminal (`curl` prints a scrape there) or a mail is written as JSON would:
// different values stay different. The serializer escapes newlines.
std::string label_value(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto [value, length] = decode_utf8(text);
        const std::string_view character = text.substr(0, std::max<size_t>(length, 1));
        text.remove_prefix(character.size());
        const bool looks_escaped =
            value == '\\' && (text.starts_with('u') || text.starts_with('U'));
        if (length == 0)
            result += "\xef\xbf\xbd";
        else if (value == '\n' || value == '\t' || (!is_harmful(value) && !looks_escaped))
            result += character;
        else
            result +=
                value > 0xffff ? fmt::format("\\U{:08x}", value) : fmt::format("\\u{:04x}", value);
    }
    return result;
}

prometheus::MetricType exposed_type(const Metric& metric) {
    // promtool refuses these endings on gauges, because histograms and summaries own them.
    const auto reserved = {"_count", "_sum", "_bucket"};
    if (std::ranges::any_of(reserved,
                            [&](const char* end) { return metric.name.ends_with(end); })) {
        return prometheus::MetricType::Untyped;
    }
    switch (metric.type) {
        case MetricType::counter:
            return prometheus::MetricType::Counter;
        case MetricType::gauge:
        case MetricType::info:
        case MetricType::state:
            return prometheus::MetricType::Gauge;
    }
    return prometheus::MetricType::Untyped;
}

void set_value(prometheus::ClientMetric& series, prometheus::MetricType type, double value) {
    switch (type) {
        case prometheus::MetricType::Counter:
            series.counter.value = value;
            break;
        case prometheus::MetricType::Gauge:
            series.gauge.value = value;
            break;
        case prometheus::MetricType::Untyped:
            series.untyped.value = value;
            break;
        case prometheus::MetricType::Summary:
        case prometheus::MetricType::Histogram:
            break;  // exposed_type() never returns these
    }
}

prometheus::MetricFamily family_of(const Metric& metric) {
    prometheus::MetricFamily family;
    family.name = metric.name;
    family.help = metric.help;
    family.type = exposed_type(metric);
    return family;
}

prometheus::ClientMetric to_series(const Observation& observation, prometheus::MetricType type) {
    prometheus::ClientMetric series;
    const SubjectKind kind = observation.metric->subject;
    series.label.reserve(observation.labels.size() + 1);
    if (kind != SubjectKind::host) {
        series.label.push_back({std::string(to_string(kind)), label_value(observation.subject)});
    }
    for (const auto& [key, value] : observation.labels) {
        series.label.push_back({key, label_value(value)});
    }
    set_value(series, type, observation.value);
    return series;
}

prometheus::MetricFamily finding_family(const std::vector<Finding>& findings) {
    auto family = family_of(metric::finding);
    std::set<std::tuple<SubjectKind, Severity, std::string_view, std::string_view>> told;
    for (const Finding& finding : findings) {
        if (finding.accepted ||
            !told.emplace(finding.kind, finding.severity, finding.rule, finding.subject).second)
            continue;
        prometheus::ClientMetric series;
        series.label = {{"kind", std::string(to_string(finding.kind))},
                        {"rule", label_value(finding.rule)},
                        {"severity", std::string(severity_label(finding.severity))},
                        {"subject", label_value(finding.subject)}};
        if (const auto certainty = certainty_label(finding.severity); !certainty.empty())
            series.label.insert(series.label.begin(), {"certainty", std::string(certainty)});
        series.gauge.value = 1;
        family.metric.push_back(std::move(series));
    }
    return family;
}

constexpr std::array health_metrics{&metric::drive_health,      &metric::array_health,
                                    &metric::filesystem_health, &metric::data_health,
                                    &metric::backup_health,     &metric::collector_health,
                                    &metric::host_health};

// The judgement that `lastgood status` shows. No collector may tell it.
prometheus::MetricFamily health_family(const Metric& metric, const Judge& judge,
                                       const Verdict& verdict) {
    auto family = family_of(metric);
    const auto add = [&](const Labels& labels, Health health) {
        prometheus::ClientMetric series;
        for (const auto& [key, value] : labels) series.label.push_back({key, label_value(value)});
        series.label.push_back({"state", std::string(plain_word_of(health))});
        series.gauge.value = 1;
        family.metric.push_back(std::move(series));
    };
    if (metric.subject == SubjectKind::host) add({}, verdict.health);
    for (const Subject* subject : judge.facts().of(metric.subject)) {
        if (metric.subject != SubjectKind::host)
            add({{std::string(to_string(metric.subject)), subject->id}}, judge.of(*subject).health);
    }
    return family;
}

bool is_judged_here(const Metric& metric) {
    return &metric == &metric::finding || &metric == &metric::report_timestamp_seconds ||
           std::ranges::find(health_metrics, &metric) != health_metrics.end();
}

// An empty label is an absent one to Prometheus.
std::strong_ordering compare_labels(const Labels& a, const Labels& b) {
    auto left = a.begin(), right = b.begin();
    const auto skip = [](auto& at, const Labels& labels) {
        while (at != labels.end() && at->second.empty()) ++at;
        return at == labels.end();
    };
    for (;; ++left, ++right) {
        const bool no_left = skip(left, a), no_right = skip(right, b);
        if (no_left || no_right) return no_right <=> no_left;
        if (const auto order = *left <=> *right; order != 0) return order;
    }
}

std::strong_ordering compare_series(const Observation& a, const Observation& b) {
    if (const auto order = a.metric->name <=> b.metric->name; order != 0) return order;
    if (const auto order = a.subject <=> b.subject; order != 0) return order;
    return compare_labels(a.labels, b.labels);
}

// Prometheus rejects a scrape with the name of a label that it does not allow, or with a name
// twice.
bool has_valid_labels(const Observation& observation) {
    const SubjectKind kind = observation.metric->subject;
    std::string_view before;
    for (const auto& [name, value] : observation.labels) {
        const bool valid = name > before && !is_digit(name[0]) && !name.starts_with("__") &&
                           std::ranges::all_of(name, [](char c) {
                               return is_letter(c) || is_digit(c) || c == '_';
                           });
        if (!valid || (kind != SubjectKind::host && name == to_string(kind))) return false;
        before = name;
    }
    return true;
}

std::vector<const Observation*> exposed(const Report& report) {
    std::vector<const Observation*> sorted;
    sorted.reserve(report.observations.size());
    for (const Observation& observation : report.observations) {
        if (!is_judged_here(*observation.metric) && std::isfinite(observation.value) &&
            has_valid_labels(observation))
            sorted.push_back(&observation);
    }
    // A report should be sorted by metric already. Sorting again makes sure, at little cost.
    std::ranges::stable_sort(sorted, [](const Observation* a, const Observation* b) {
        return compare_series(*a, *b) < 0;
    });
    return sorted;
}

void take_single(const Metric& metric, double value, const TakeFamily& take) {
    if (!std::isfinite(value)) return;
    Family family{family_of(metric)};
    set_value(family[0].metric.emplace_back(), family[0].type, value);
    take(metric, family);
}

void take_judgements(const Report& report, const TakeFamily& take) {
    const Facts facts(report);
    const Judge judgements(report, facts, report.written_at);
    const Verdict verdict = judge(report, judgements, false);
    for (const Metric* metric : health_metrics) {
        Family family{health_family(*metric, judgements, verdict)};
        if (!family[0].metric.empty()) take(*metric, family);
    }
    Family findings{finding_family(report.findings)};
    if (!findings[0].metric.empty()) take(metric::finding, findings);
}

}  // namespace

void for_each_family(const Report& report, bool fresh, const TakeFamily& take) {
    take_single(metric::report_timestamp_seconds, report.written_at, take);
    if (!fresh) return;
    const auto sorted = exposed(report);
    bool watched_since = false;
    for (size_t i = 0; i < sorted.size();) {
        const Metric& current = *sorted[i]->metric;
        watched_since |= &current == &metric::watched_since_timestamp_seconds;
        Family family{family_of(current)};
        for (; i < sorted.size() && sorted[i]->metric == &current; ++i) {
            // Prometheus rejects a scrape that has a series twice: keep the last one.
            if (i + 1 == sorted.size() || compare_series(*sorted[i], *sorted[i + 1]) != 0)
                family[0].metric.push_back(to_series(*sorted[i], family[0].type));
        }
        take(current, family);
    }
    if (!watched_since && report.watched_since > 0)
        take_single(metric::watched_since_timestamp_seconds, report.watched_since, take);
    take_judgements(report, take);
}

}  // namespace lastgood
