#include "exporters/prometheus/exposition.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <ostream>
#include <set>
#include <streambuf>
#include <tuple>
#include <vector>

#include "core/judgement.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "exporters/status/view.hpp"

namespace lastgood {

namespace {

// Appends to a string. std::ostringstream would hold the text twice while it is copied out.
class StringBuffer : public std::streambuf {
  public:
    explicit StringBuffer(std::string& out) : out_(out) {}

  protected:
    int_type overflow(int_type c) override {
        if (!traits_type::eq_int_type(c, traits_type::eof())) {
            out_.push_back(traits_type::to_char_type(c));
        }
        return traits_type::not_eof(c);
    }
    std::streamsize xsputn(const char* text, std::streamsize length) override {
        out_.append(text, static_cast<size_t>(length));
        return length;
    }

  private:
    std::string& out_;
};

// prometheus-cpp 1.0 does not escape HELP: a newline would end the comment, and a backslash would
// start an escape sequence.
std::string one_line(std::string_view help) {
    std::string result;
    for (const char c : help) {
        if (c == '\n' || c == '\r') {
            result += ' ';
        } else if (c == '\\') {
            result += "\\\\";
        } else {
            result += c;
        }
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
    family.help = one_line(metric.help);
    family.type = exposed_type(metric);
    return family;
}

prometheus::ClientMetric to_series(const Observation& observation, prometheus::MetricType type) {
    prometheus::ClientMetric series;
    const SubjectKind kind = observation.metric->subject;
    series.label.reserve(observation.labels.size() + 1);
    if (kind != SubjectKind::host) {
        series.label.push_back({std::string(to_string(kind)), observation.subject});
    }
    for (const auto& [key, value] : observation.labels) {
        series.label.push_back({key, value});
    }
    set_value(series, type, observation.value);
    return series;
}

prometheus::MetricFamily single(const Metric& metric, double value) {
    auto family = family_of(metric);
    prometheus::ClientMetric series;
    set_value(series, family.type, value);
    family.metric.push_back(std::move(series));
    return family;
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
                        {"rule", finding.rule},
                        {"severity", std::string(severity_label(finding.severity))},
                        {"subject", finding.subject}};
        if (const auto certainty = certainty_label(finding.severity); !certainty.empty())
            series.label.insert(series.label.begin(), {"certainty", std::string(certainty)});
        series.gauge.value = 1;
        family.metric.push_back(std::move(series));
    }
    return family;
}

constexpr std::array health_metrics{&metric::drive_health,      &metric::array_health,
                                    &metric::filesystem_health, &metric::backup_health,
                                    &metric::collector_health,  &metric::host_health};

// The judgement that `lastgood status` shows. No collector may tell it.
prometheus::MetricFamily health_family(const Metric& metric, const Judge& judge,
                                       const Verdict& verdict) {
    auto family = family_of(metric);
    const auto add = [&](const Labels& labels, Health health) {
        prometheus::ClientMetric series;
        for (const auto& [key, value] : labels) series.label.push_back({key, value});
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

bool same_series(const Observation& a, const Observation& b) {
    return a.metric == b.metric && a.subject == b.subject && a.labels == b.labels;
}

// One family at a time, so that only one is in memory beside the text.
void append(std::string& out, prometheus::MetricFamily&& family) {
    StringBuffer buffer(out);
    std::ostream stream(&buffer);
    std::vector<prometheus::MetricFamily> one;
    one.push_back(std::move(family));
    prometheus::TextSerializer().Serialize(stream, one);
}

void append_judgements(std::string& text, const Report& report) {
    const Facts facts(report);
    const Judge judgements(report, facts, report.written_at);
    const Verdict verdict = judge(report, judgements, false);
    for (const Metric* metric : health_metrics) {
        auto family = health_family(*metric, judgements, verdict);
        if (!family.metric.empty()) append(text, std::move(family));
    }
    if (auto family = finding_family(report.findings); !family.metric.empty())
        append(text, std::move(family));
}

}  // namespace

bool is_fresh(Timestamp written_at, Timestamp now) {
    return std::abs(now - written_at) <= agent_silence;
}

std::string to_exposition(const Report& report, bool fresh) {
    std::string text;
    append(text, single(metric::report_timestamp_seconds, report.written_at));
    if (!fresh) {
        return text;
    }
    // A report should be sorted by metric already. Sorting again makes sure, at little cost.
    std::vector<const Observation*> sorted;
    sorted.reserve(report.observations.size());
    for (const Observation& observation : report.observations) {
        if (!is_judged_here(*observation.metric) && std::isfinite(observation.value))
            sorted.push_back(&observation);
    }
    std::ranges::stable_sort(sorted, [](const Observation* a, const Observation* b) {
        if (a->metric != b->metric) {
            return a->metric->name < b->metric->name;
        }
        return std::tie(a->subject, a->labels) < std::tie(b->subject, b->labels);
    });
    bool watched_since = false;
    for (size_t i = 0; i < sorted.size();) {
        const Metric& current = *sorted[i]->metric;
        watched_since |= &current == &metric::watched_since_timestamp_seconds;
        auto family = family_of(current);
        for (; i < sorted.size() && sorted[i]->metric == &current; ++i) {
            // Prometheus rejects a scrape that has a series twice: keep the last one.
            if (i + 1 == sorted.size() || !same_series(*sorted[i], *sorted[i + 1])) {
                family.metric.push_back(to_series(*sorted[i], family.type));
            }
        }
        append(text, std::move(family));
    }
    if (!watched_since && report.watched_since > 0) {
        append(text, single(metric::watched_since_timestamp_seconds, report.watched_since));
    }
    append_judgements(text, report);
    return text;
}

void ExpositionCache::refresh() {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) {
        problem_ = fmt::format("there is no report at {} ({}): is the agent running?", path_,
                               errno_text(errno));
        read_ = parsed_once_ = false;
        text_ = {};
        return;
    }
    const Identity found{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
                         status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    if (parsed_once_ && found == identity_) {
        return;
    }
    identity_ = found;
    parsed_once_ = true;
    text_ = {};
    {
        const auto report = read_report(path_);
        read_ = report.has_value();
        if (report) {
            written_at_ = report->written_at;
            text_ = to_exposition(*report, true);
            text_.shrink_to_fit();
        } else {
            problem_ = report.error().message;
        }
    }
    // malloc would keep the memory of the parsed report until the next scrape: return it.
    ::malloc_trim(0);
}

ExpositionCache::Answer ExpositionCache::answer(bool with_text) {
    const std::lock_guard lock(mutex_);
    refresh();
    Answer result;
    if (!read_) {
        result.why = problem_;
        result.text = with_text ? "# lastgood: " + one_line(problem_) + "\n" : "";
        return result;
    }
    const Seconds age = now_() - written_at_;
    result.healthy = is_fresh(written_at_, now_());
    if (result.healthy) {
        result.why = fmt::format("the report is {} old", format_duration(std::max(age, 0.0)));
        result.text = with_text ? text_ : "";
    } else {
        result.why =
            age > 0 ? fmt::format(
                          "the report is {} old; see on the host whether the agent runs: lastgood "
                          "status",
                          format_duration(age))
                    : fmt::format("the report is {} ahead of the clock", format_duration(-age));
        if (with_text) {
            Report last;
            last.written_at = written_at_;
            result.text = to_exposition(last, false) + "# lastgood: " + result.why + "\n";
        }
    }
    return result;
}

ExpositionCache::Answer ExpositionCache::metrics() {
    return answer(true);
}
ExpositionCache::Answer ExpositionCache::health() {
    return answer(false);
}

}  // namespace lastgood
