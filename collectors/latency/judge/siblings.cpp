#include "collectors/latency/judge/siblings.hpp"

#include <algorithm>
#include <cmath>

namespace lastgood {

namespace {

constexpr double like_size = 1.6, like_work = 1.3;
constexpr double spare_requests = 20, spare_sectors = 2000;
constexpr double saturated_share = 0.6;

bool works_no_more(const Minute& one, const Minute& than) {
    for (const Direction direction : both_directions) {
        const Minute::Part &mine = one.of(direction), &its = than.of(direction);
        if (mine.count > like_work * its.count + spare_requests) return false;
        if (mine.sectors > like_work * its.sectors + spare_sectors) return false;
    }
    return true;
}

bool is_comparable(const Minute& one, const Minute& with, Direction direction) {
    if (with.skip != NotJudged::no || with.of(direction).count < least_requests) return false;
    const double size = one.of(direction).size() / with.of(direction).size();
    return size <= like_size && size >= 1 / like_size && works_no_more(one, with);
}

double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return std::sqrt(*middle * *std::max_element(values.begin(), middle));
}

Seconds time_of_request(const Minute& minute) {
    return minute.busy /
           std::max(1.0, minute.of(Direction::read).count + minute.of(Direction::write).count);
}

}  // namespace

SiblingComparison compare_with_siblings(std::span<const MemberTraits> members,
                                        std::span<const Minute> minutes, size_t member,
                                        Direction direction) {
    const Minute& mine = minutes[member];
    const Minute::Part& part = mine.of(direction);
    if (mine.skip != NotJudged::no) return {mine.skip, {}};
    if (part.count < least_requests || !(part.time > 0)) return {NotJudged::no_load, {}};
    size_t same_kind = 0;
    std::vector<double> latencies, times;
    latencies.reserve(members.size());
    times.reserve(members.size());
    bool with_others = true;
    // Siblings of its own model first; all, if there are too few of them.
    for (const bool own_model : {true, false}) {
        same_kind = 0;
        latencies.clear();
        times.clear();
        for (size_t i = 0; i < members.size(); ++i) {
            if (i == member || members[i].kind != members[member].kind) continue;
            ++same_kind;
            if (own_model && members[i].model != members[member].model) continue;
            if (!is_comparable(mine, minutes[i], direction)) continue;
            latencies.push_back(std::max(minutes[i].of(direction).mean(), 1e-6));
            times.push_back(std::max(time_of_request(minutes[i]), 1e-6));
        }
        with_others = !own_model;
        if (latencies.size() >= (same_kind == 1 ? 1 : 2)) break;
    }
    if (same_kind == 0) return {NotJudged::no_sibling, {}};
    if (latencies.size() < (same_kind == 1 ? 1 : 2)) return {NotJudged::no_comparable, {}};
    SiblingRatio ratio;
    ratio.siblings = latencies.size();
    ratio.latency = part.mean();
    ratio.siblings_latency = median(latencies);
    ratio.log_ratio = std::log(ratio.latency / ratio.siblings_latency);
    ratio.other_models = with_others;
    ratio.busy_ratio = time_of_request(mine) / median(times);
    ratio.saturated = mine.busy > saturated_share * 60;
    return {NotJudged::no, ratio};
}

}  // namespace lastgood
