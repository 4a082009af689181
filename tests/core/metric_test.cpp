// Rules that the metric declarations must keep.
#include "core/metric.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lastgood;

TEST_CASE("a recent metric matches its counter's subject, labels and name") {
    size_t found = 0;
    for (const Metric* metric : all_metrics()) {
        if (!metric->recent) continue;
        ++found;
        CAPTURE(metric->name);
        CHECK(metric->type == MetricType::counter);
        CHECK(metric->recent->type == MetricType::gauge);
        CHECK(metric->recent->subject == metric->subject);
        CHECK(metric->recent->labels == metric->labels);
        const std::string stem(metric->name.substr(0, metric->name.rfind('_')));
        CHECK(metric->name == stem + "_total");
        CHECK(metric->recent->name == stem + "_recent");
        CHECK(metric->recent->help.starts_with("Of " + stem.substr(9) + "_total,"));
    }
    CHECK(found > 3);
}

TEST_CASE("the help of a growth metric names every counter") {
    size_t found = 0;
    for (const Metric* metric : all_metrics()) {
        const Growth& growth = metric->growth;
        if (!growth.metric) continue;
        ++found;
        CAPTURE(metric->name);
        CHECK(growth.metric->subject == metric->subject);
        CHECK(growth.metric->type == MetricType::gauge);
        CHECK(!growth.metric->labels.empty());
        CHECK(growth.metric->labels.find(',') == growth.metric->labels.npos);
        CHECK(metric->name.find(growth.counter) != metric->name.npos);
        CHECK(growth.metric->help.find(growth.counter) != growth.metric->help.npos);
    }
    CHECK(found > 7);
}
