#include "collectors/collector.hpp"

#include <algorithm>

namespace lastgood {

namespace {

template <class Matches>
const Collector* first_that(Matches matches) {
    const auto all = all_collectors();
    const auto found =
        std::ranges::find_if(all, [&](const Collector* one) { return matches(*one); });
    return found == all.end() ? nullptr : *found;
}

}  // namespace

Seconds interval_of(const Config& config, const Collector& collector) {
    const auto found = config.collectors.find(std::string(collector.name));
    return found == config.collectors.end() ? collector.interval
                                            : found->second.interval.value_or(collector.interval);
}

const Collector* find_collector(std::string_view name) {
    return first_that([&](const Collector& one) { return one.name == name; });
}

const Collector* find_inventory(const Metric& metric) {
    return first_that([&](const Collector& one) { return one.inventory == &metric; });
}

const Collector* find_inventory(SubjectKind kind) {
    return first_that(
        [&](const Collector& one) { return one.inventory && one.inventory->subject == kind; });
}

}  // namespace lastgood
