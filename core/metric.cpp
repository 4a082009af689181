#include "core/metric.hpp"

#include <algorithm>
#include <vector>

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
        case SubjectKind::data:
            return "data";
        case SubjectKind::spool:
            return "spool";
        case SubjectKind::probe:
            return "probe";
        case SubjectKind::backup:
            return "backup";
        case SubjectKind::collector:
            return "collector";
    }
    return "";
}

std::optional<SubjectKind> parse_subject_kind(std::string_view text) {
    if (text == to_string(SubjectKind::host)) return SubjectKind::host;
    const auto found = std::ranges::find(named_subject_kinds, text,
                                         [](SubjectKind kind) { return to_string(kind); });
    return found == named_subject_kinds.end() ? std::nullopt : std::optional(*found);
}

const Metric* find_metric(std::string_view name) {
    static const auto sorted = [] {
        const auto all = all_metrics();
        std::vector<const Metric*> copy(all.begin(), all.end());
        std::ranges::sort(copy, {}, &Metric::name);
        return copy;
    }();
    const auto found = std::ranges::lower_bound(sorted, name, {}, &Metric::name);
    return found != sorted.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace lastgood
