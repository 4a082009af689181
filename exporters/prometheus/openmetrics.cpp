#include "exporters/prometheus/openmetrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace lastgood {

namespace {

double value_of(const prometheus::ClientMetric& series, prometheus::MetricType type) {
    switch (type) {
        case prometheus::MetricType::Counter:
            return series.counter.value;
        case prometheus::MetricType::Gauge:
            return series.gauge.value;
        case prometheus::MetricType::Untyped:
        case prometheus::MetricType::Summary:
        case prometheus::MetricType::Histogram:
            break;
    }
    return series.untyped.value;
}

// In a label's value and in HELP alike.
void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == '\\' || c == '"')
            (out += '\\') += c;
        else
            out += c;
    }
}

struct Kind {
    std::string_view word;
    std::string_view suffix;  // of its samples; the family's name is without
};

Kind kind_of(const Metric& metric, const prometheus::MetricFamily& family) {
    const auto every = [&](const auto& holds) {
        return std::ranges::all_of(family.metric, [&](const auto& series) {
            return holds(value_of(series, family.type));
        });
    };
    if (family.type == prometheus::MetricType::Untyped) return {"unknown", ""};
    if (metric.type == MetricType::counter) {
        const bool counts =
            metric.name.ends_with("_total") && every([](double v) { return v >= 0; });
        return counts ? Kind{"counter", "_total"} : Kind{"unknown", ""};
    }
    if (metric.type == MetricType::info && metric.name.ends_with("_info") &&
        every([](double v) { return v == 1; }))
        return {"info", "_info"};
    return {"gauge", ""};  // a state set would need a label with the family's own name
}

// The unit at the end of the family's name; "" if it has none.
std::string_view unit_of(std::string_view family) {
    constexpr std::array<std::string_view, 4> units = {"seconds", "bytes", "celsius", "ratio"};
    const size_t last = family.rfind('_');
    const auto found = std::ranges::find(units, family.substr(last + 1));
    return last == family.npos || found == units.end() ? std::string_view() : *found;
}

}  // namespace

void append_openmetrics(std::string& out, const Metric& metric,
                        const prometheus::MetricFamily& family) {
    const Kind kind = kind_of(metric, family);
    const std::string_view name = metric.name.substr(0, metric.name.size() - kind.suffix.size());
    out += fmt::format("# TYPE {} {}\n", name, kind.word);
    if (const auto unit = unit_of(name); !unit.empty() && kind.word != "info")
        out += fmt::format("# UNIT {} {}\n", name, unit);
    out += fmt::format("# HELP {} ", name);
    append_escaped(out, metric.help);
    out += '\n';
    for (const prometheus::ClientMetric& series : family.metric) {
        out += metric.name;
        for (bool first = true; const prometheus::ClientMetric::Label& label : series.label) {
            out += first ? '{' : ',';
            out += label.name;
            out += "=\"";
            append_escaped(out, label.value);
            out += '"';
            first = false;
        }
        if (!series.label.empty()) out += '}';
        fmt::format_to(std::back_inserter(out), " {}\n", value_of(series, family.type));
    }
}

}  // namespace lastgood
