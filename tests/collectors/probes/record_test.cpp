#include "collectors/probes/record.hpp"

#include <doctest/doctest.h>

#include "core/metrics/probes.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1.8e9;

const Observation* find(const MemorySink& sink, const Metric& metric) {
    for (const Observation& one : sink.observations)
        if (one.metric == &metric) return &one;
    return nullptr;
}

MemorySink told(const ProbeRecord& record) {
    MemorySink sink;
    record.observe(sink, "p", now);
    for (const Observation& one : sink.observations) CHECK(why_not_valid(one).empty());
    return sink;
}

}  // namespace

TEST_CASE("writes of 7 s are slow at the second one, with what was usual") {
    ProbeRecord record(ProbeKind::write);
    for (int i = 0; i < 100; ++i) record.took(0.004, {}, now);
    CHECK(!find(told(record), metric::probe_slow_seconds));
    record.took(7, {}, now);
    CHECK(!find(told(record), metric::probe_slow_seconds));
    record.took(7.2, {}, now);
    const MemorySink sink = told(record);
    REQUIRE(find(sink, metric::probe_slow_seconds));
    CHECK(find(sink, metric::probe_slow_seconds)->value == 7.2);
    REQUIRE(find(sink, metric::probe_usual_seconds));
    CHECK(find(sink, metric::probe_usual_seconds)->label("usual").ends_with(" ms"));
    for (int i = 0; i < 3; ++i) record.took(0.004, {}, now);
    CHECK(!find(told(record), metric::probe_slow_seconds));
}

TEST_CASE("without anything learned a write of more than 2 s is slow, and one of 1 s is not") {
    ProbeRecord record(ProbeKind::write);
    CHECK(record.slow_from({}) == 2);
    for (int i = 0; i < 4; ++i) record.took(1, {}, now);
    CHECK(!find(told(record), metric::probe_slow_seconds));
    for (int i = 0; i < 4; ++i) record.took(3, {}, now);
    CHECK(find(told(record), metric::probe_slow_seconds));
}

TEST_CASE("a quick disk that takes half a second now and then is not slow") {
    ProbeRecord record(ProbeKind::write);
    for (int i = 0; i < 100; ++i) record.took(0.001, {}, now);
    CHECK(record.slow_from({}) == 0.5);
    CHECK(record.slow_from(0.1) == 0.1);
}

TEST_CASE("a command that always takes long is usual") {
    ProbeRecord record(ProbeKind::command);
    for (int i = 0; i < 100; ++i) record.took(1.5, {}, now);
    CHECK(record.slow_from({}) > 10);
}

TEST_CASE("what cannot be done is not slow") {
    ProbeRecord record(ProbeKind::write);
    for (int i = 0; i < 4; ++i) record.took(3, {}, now);
    record.failed("No space left on device", "", now);
    record.idle(now);
    record.failed("No space left on device", "", now);
    const MemorySink sink = told(record);
    CHECK(!find(sink, metric::probe_slow_seconds));
    CHECK(!find(sink, metric::probe_last_seconds));
    REQUIRE(find(sink, metric::probe_failures));
    CHECK(find(sink, metric::probe_failures)->value == 2);
    CHECK(find(sink, metric::probe_failures)->label("why") == "No space left on device");
    record.took(0.004, {}, now);
    CHECK(!find(told(record), metric::probe_failures));
}

TEST_CASE("one that waits and one that sleeps say so") {
    ProbeRecord record(ProbeKind::write);
    CHECK(!find(told(record), metric::probe_asked_timestamp_seconds));
    record.started(now - 40);
    CHECK(find(told(record), metric::probe_waiting_since_timestamp_seconds)->value == now - 40);
    record.ended();
    record.idle(now);
    const MemorySink sink = told(record);
    CHECK(find(sink, metric::probe_idle)->value == 1);
    CHECK(!find(sink, metric::probe_waiting_since_timestamp_seconds));
}
