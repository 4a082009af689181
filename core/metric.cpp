#include "core/metric.hpp"

#include <algorithm>
#include <array>

namespace lastgood {

std::string_view to_string(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::host:
            return "host";
        case SubjectKind::drive:
            return "drive";
        case SubjectKind::array:
            return "array";
        case SubjectKind::filesystem:
            return "filesystem";
        case SubjectKind::backup:
            return "backup";
        case SubjectKind::spool:
            return "spool";
        case SubjectKind::collector:
            return "collector";
    }
    return "";
}

std::string_view to_string(MetricType type) {
    switch (type) {
        case MetricType::gauge:
            return "gauge";
        case MetricType::counter:
            return "counter";
        case MetricType::info:
            return "info";
        case MetricType::state:
            return "state";
    }
    return "";
}

namespace metric {
#define LASTGOOD_METRIC(identifier, subject, type, labels, help, ...)                            \
    constexpr Metric identifier{"lastgood_" #identifier, SubjectKind::subject, MetricType::type, \
                                labels, help __VA_OPT__(, ) __VA_ARGS__};
#include "core/metrics.inc"
#undef LASTGOOD_METRIC
}  // namespace metric

namespace {
constexpr auto table = std::to_array<const Metric*>({
#define LASTGOOD_METRIC(identifier, ...) &metric::identifier,
#include "core/metrics.inc"
#undef LASTGOOD_METRIC
});
}  // namespace

std::span<const Metric* const> all_metrics() {
    return table;
}

const Metric* find_metric(std::string_view name) {
    static const auto sorted = [] {
        auto copy = table;
        std::ranges::sort(copy, {}, &Metric::name);
        return copy;
    }();
    const auto found = std::ranges::lower_bound(sorted, name, {}, &Metric::name);
    return found != sorted.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace lastgood
