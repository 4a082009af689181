#include "collectors/probes/lines.hpp"

#include <algorithm>
#include <array>

#include "core/metrics/probes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_of_one = 100;

bool may_be_told(const Metric& metric) {
    constexpr std::array own = {&metric::probe_info, &metric::probe_reported,
                                &metric::probe_deadline_seconds, &metric::probe_max_time_seconds};
    return metric.subject == SubjectKind::probe && std::ranges::find(own, &metric) == own.end();
}

}  // namespace

std::map<std::string, std::vector<Observation>> parse_probe_lines(
    std::string_view text, const std::set<std::string>& names, Timestamp now) {
    std::map<std::string, std::vector<Observation>> lines;
    while (!text.empty()) {
        auto line = parse_protocol_line(take_line(text), now);
        if (!line || line->kind != ProtocolLine::Kind::observation) continue;
        Observation& one = line->observation;
        if (!may_be_told(*one.metric) || !names.contains(one.subject)) continue;
        one.observed_at = std::min(one.observed_at, now);
        auto& of_probe = lines[one.subject];
        if (of_probe.size() < most_of_one) of_probe.push_back(std::move(one));
    }
    return lines;
}

}  // namespace lastgood
