#include "core/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/text.hpp"

namespace lastgood {

using nlohmann::json;

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::unknown:
            return "unknown";
        case Severity::warning:
            return "warning";
        case Severity::critical:
            return "critical";
    }
    return "unknown";
}

std::string_view severity_label(Severity severity) {
    return to_string(std::max(severity, Severity::warning));
}

std::string_view certainty_label(Severity severity) {
    return severity == Severity::unknown ? "unknown" : "";
}

Severity severity_of_labels(std::string_view severity, std::string_view certainty) {
    if (!certainty.empty()) return Severity::unknown;
    return parse_severity(severity).value_or(Severity::unknown);
}

std::optional<Severity> parse_severity(std::string_view text) {
    for (const Severity severity : {Severity::unknown, Severity::warning, Severity::critical})
        if (text == to_string(severity)) return severity;
    return std::nullopt;
}

Step split_step(std::string_view step) {
    const size_t colon = step.find(": ");
    if (colon == step.npos) return {step, {}};
    return {step.substr(0, colon), step.substr(colon + 2)};
}

std::string numbered(const std::vector<std::string>& steps) {
    if (steps.size() == 1) return steps.front();
    std::string text;
    for (size_t i = 0; i < steps.size(); ++i)
        text += fmt::format("{}{}. {}", i == 0 ? "" : "\n", i + 1, steps[i]);
    return text;
}

namespace {

// Position in the metric table.
ptrdiff_t order_of(const Metric* metric) {
    static const auto orders = [] {
        std::unordered_map<const Metric*, ptrdiff_t> positions;
        for (const Metric* one : all_metrics())
            positions.emplace(one, static_cast<ptrdiff_t>(positions.size()));
        return positions;
    }();
    const auto found = orders.find(metric);
    return found == orders.end() ? static_cast<ptrdiff_t>(orders.size()) : found->second;
}

// Nobody prints or compares what is no number or no time.
double sane_value(double value) {
    return is_sane_value(value) ? value : 0;
}
Timestamp sane_time(Timestamp time) {
    return is_sane_time(time) ? time : 0;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Builds a Report from parser events: a document tree of thousands of observations would take
// megabytes.
class ReportReader : public nlohmann::json_sax<json> {
  public:
    Report report;
    std::string error;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_unsigned(number_unsigned_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_float(number_float_t value, const string_t&) override { return number(value); }
    bool string(string_t& value) override {
        if (depth_ == 1) {
            if (key_ == "host") report.host = value;
            if (key_ == "version") report.version = value;
        } else if (depth_ == 4 && in_labels_) {
            labels_.emplace_back(key_, value);
        } else if (depth_ == 4 && key_ == "steps") {
            steps_.push_back(std::move(value));
        } else if (depth_ == 3) {
            fields_.emplace_back(key_, value);
        }
        return true;
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(size_t) override {
        ++depth_;
        if (depth_ == 3) {
            fields_.clear();
            labels_.clear();
            steps_.clear();
            value_ = observed_at_ = since_ = until_ = 0;
            up_to_.reset();
        }
        if (depth_ == 4) in_labels_ = key_ == "labels";
        return true;
    }
    bool key(string_t& name) override {
        key_ = name;
        if (depth_ == 1) section_ = name;
        return true;
    }
    bool end_object() override {
        if (depth_ == 3) finish_entry();
        if (depth_ == 4) in_labels_ = false;
        --depth_;
        return true;
    }
    bool start_array(size_t) override {
        ++depth_;
        return true;
    }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool parse_error(size_t position, const std::string&,
                     const nlohmann::detail::exception& problem) override {
        error = fmt::format("at byte {}: {}", position, problem.what());
        return false;
    }

  private:
    bool number(double value) {
        if (depth_ == 1) {
            if (key_ == "written_at") report.written_at = value;
            if (key_ == "watched_since") report.watched_since = value;
        } else if (depth_ == 3) {
            if (key_ == "value") value_ = value;
            if (key_ == "observed_at") observed_at_ = value;
            if (key_ == "since") since_ = value;
            if (key_ == "accepted_until") until_ = value;
            if (key_ == "accepted_up_to") up_to_ = value;
        }
        return true;
    }
    std::string take(std::string_view name) {
        for (auto& [key, value] : fields_)
            if (key == name) return std::move(value);
        return {};
    }
    void finish_entry() {
        if (section_ == "observations") {
            const Metric* metric = last_metric_;
            const std::string name = take("metric");
            if (!metric || metric->name != name) metric = last_metric_ = find_metric(name);
            Observation one{metric, take("subject"), std::move(labels_), value_, observed_at_};
            if (why_not_valid(one).empty()) report.observations.push_back(std::move(one));
        } else if (section_ == "findings") {
            Finding finding;
            finding.rule = take("rule");
            finding.severity = severity_of_labels(take("severity"), take("certainty"));
            finding.kind = parse_subject_kind(take("kind")).value_or(SubjectKind::host);
            finding.subject = take("subject");
            finding.summary = take("summary");
            finding.steps = std::move(steps_);
            finding.since = sane_time(since_);
            finding.value = sane_value(value_);
            if (up_to_) up_to_ = sane_value(*up_to_);
            if (until_ > 0 && is_sane_time(until_))
                finding.accepted = {finding.rule, finding.kind,        finding.subject,     up_to_,
                                    until_,       take("accepted_by"), take("accepted_why")};
            report.findings.push_back(std::move(finding));
        } else if (section_ == "problems") {
            report.problems.push_back(
                {take("collector"), take("subject"), take("message"), sane_time(since_)});
        }
    }

    int depth_ = 0;
    std::string key_, section_;
    std::vector<std::pair<std::string, std::string>> fields_;
    Labels labels_;
    std::vector<std::string> steps_;
    bool in_labels_ = false;
    double value_ = 0, observed_at_ = 0, since_ = 0, until_ = 0;
    std::optional<double> up_to_;
    const Metric* last_metric_ = nullptr;
};

}  // namespace

void sort_observations(std::vector<Observation>& observations) {
    std::ranges::stable_sort(observations, [](const Observation& a, const Observation& b) {
        if (a.metric != b.metric) return order_of(a.metric) < order_of(b.metric);
        return std::tie(a.subject, a.labels) < std::tie(b.subject, b.labels);
    });
}

void sort_findings(std::vector<Finding>& findings) {
    std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
        if (a.accepted.has_value() != b.accepted.has_value()) return b.accepted.has_value();
        if (a.severity != b.severity) return a.severity > b.severity;
        return std::tie(a.kind, a.subject, a.rule) < std::tie(b.kind, b.subject, b.rule);
    });
}

std::string to_json(const Report& report) {
    std::string text = fmt::format(
        "{{\"format\":1,\"host\":{},\"version\":{},\"written_at\":{},\"watched_since\":{}",
        dump(report.host), dump(report.version), dump(sane_time(report.written_at)),
        dump(sane_time(report.watched_since)));
    const auto section = [&](const char* name, const auto& entries, const auto& print) {
        text += fmt::format(",\n\"{}\":[", name);
        bool first = true;
        for (const auto& entry : entries) {
            const std::string line = print(entry);
            if (line.empty()) continue;
            text += first ? "\n" : ",\n";
            text += line;
            first = false;
        }
        text += ']';
    };
    section("findings", report.findings, [](const Finding& finding) {
        json entry{{"rule", finding.rule},
                   {"severity", severity_label(finding.severity)},
                   {"kind", to_string(finding.kind)},
                   {"subject", finding.subject},
                   {"summary", finding.summary},
                   {"steps", finding.steps},
                   {"since", sane_time(finding.since)},
                   {"value", sane_value(finding.value)}};
        const std::string_view certainty = certainty_label(finding.severity);
        if (!certainty.empty()) entry["certainty"] = certainty;
        if (finding.accepted) {
            entry["accepted_by"] = finding.accepted->by;
            entry["accepted_why"] = finding.accepted->reason;
            entry["accepted_until"] = sane_time(finding.accepted->until);
            if (finding.accepted->up_to)
                entry["accepted_up_to"] = sane_value(*finding.accepted->up_to);
        }
        return dump(entry);
    });
    section("problems", report.problems, [](const Problem& problem) {
        return dump({{"collector", problem.collector},
                     {"subject", problem.subject},
                     {"message", problem.message},
                     {"since", sane_time(problem.since)}});
    });
    section("observations", report.observations, [](const Observation& observation) {
        if (!why_not_valid(observation).empty()) return std::string();
        return to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}});
    });
    text += "}\n";
    return text;
}

namespace {

// A faster reader for the observation lines of to_json(), which come last. nullopt: the text has
// another layout, and the JSON library must parse all of it.
std::optional<std::vector<Observation>> take_observation_lines(std::string_view& text) {
    constexpr std::string_view begin = ",\n\"observations\":[\n", end = "]}\n";
    const size_t at = text.find(begin);
    if (at == text.npos || !text.ends_with(end)) return std::nullopt;
    std::string_view lines = text.substr(at + begin.size());
    lines.remove_suffix(end.size());
    std::vector<Observation> observations;
    observations.reserve(static_cast<size_t>(std::ranges::count(lines, '\n')) + 1);
    while (!lines.empty()) {
        std::string_view one = take_line(lines);
        if (!lines.empty()) {
            if (!one.ends_with(',')) return std::nullopt;
            one.remove_suffix(1);
        }
        auto line = parse_protocol_line(one, 0);
        if (!line || line->kind != ProtocolLine::Kind::observation) return std::nullopt;
        observations.push_back(std::move(line->observation));
    }
    text = text.substr(0, at);
    return observations;
}

}  // namespace

Result<Report> parse_report(std::string_view text) {
    ReportReader reader;
    if (auto observations = take_observation_lines(text)) {
        if (!json::sax_parse(std::string(text) + "}", &reader))
            return fail(ErrorKind::malformed, "not a report: " + reader.error);
        reader.report.observations = std::move(*observations);
    } else if (!json::sax_parse(text, &reader))
        return fail(ErrorKind::malformed, "not a report: " + reader.error);
    reader.report.watched_since = sane_time(reader.report.watched_since);
    if (reader.report.written_at <= 0 || !is_sane_time(reader.report.written_at))
        return fail(ErrorKind::malformed, "not a report: no \"written_at\"");
    return std::move(reader.report);
}

Result<void> write_report(const Report& report, const std::string& path) {
    return write_file(path, to_json(report), Synced::no);
}

Result<Report> read_report(const std::string& path) {
    const auto text = Host("/").read(path, 256 * mib);
    if (!text) return Failure(text.error());
    auto report = parse_report(*text);
    if (!report) return fail(report.error().kind, path + ": " + report.error().message);
    return report;
}

std::optional<double> value_of(const std::vector<Observation>& observations, const Metric& metric,
                               std::string_view subject) {
    for (const Observation& observation : observations)
        if (observation.metric == &metric && observation.subject == subject)
            return observation.value;
    return std::nullopt;
}

}  // namespace lastgood
