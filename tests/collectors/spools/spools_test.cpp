#include "core/metrics/spools.hpp"

#include <doctest/doctest.h>

#include "tests/collectors/golden.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

const Collector& spools() {
    const Collector* collector = find_collector("spools");
    REQUIRE(collector != nullptr);
    return *collector;
}

Spool spool(const std::string& name, const std::string& path) {
    Spool one;
    one.name = name;
    one.path = path;
    return one;
}

Config with(std::vector<Spool> some) {
    Config config;
    config.spools = std::move(some);
    return config;
}

std::optional<double> value(const MemorySink& sink, const Metric& metric,
                            std::string_view subject) {
    for (const Observation& one : sink.observations)
        if (one.metric == &metric && one.subject == subject) return one.value;
    return std::nullopt;
}

}  // namespace

TEST_CASE("spools are counted, with their limits") {
    TemporaryDirectory root;
    root.write("/now", "1800000000\n");
    root.write("/var/spool/out/1", "hello");
    root.write("/var/spool/out/2", "hello");
    Spool out = spool("out", "/var/spool/out");
    out.max_age = 900;
    out.max_count = 10;
    const Config config = with({out, spool("gone", "/var/spool/gone")});
    const Ran ran = run_on_host(spools(), root.path, config);
    CHECK(value(ran.sink, metric::spool_count, "out") == 2);
    CHECK(value(ran.sink, metric::spool_size_bytes, "out") == 10);
    CHECK(value(ran.sink, metric::spool_max_age_seconds, "out") == 900);
    CHECK(value(ran.sink, metric::spool_max_count, "out") == 10);
    CHECK(value(ran.sink, metric::spool_max_pause_seconds, "out") == 180);
    CHECK(value(ran.sink, metric::spool_readable, "out") == 1);
    CHECK(value(ran.sink, metric::spool_readable, "gone") == 0);
    CHECK(value(ran.sink, metric::spool_missing, "gone") == 1);
    CHECK(!value(ran.sink, metric::spool_count, "gone"));
    REQUIRE(ran.sink.problems.size() == 1);
    CHECK(ran.sink.problems[0].first == "gone");
}

TEST_CASE("what hangs together is looked at by one child") {
    TemporaryDirectory root;
    root.write("/proc/self/mountinfo",
               "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
               "22 21 0:40 / /srv rw - nfs nas:/srv rw\n");
    const Config config =
        with({spool("a", "/var/spool/a"), spool("b", "/srv/*/out"), spool("c", "/srv")});
    const auto groups = spools().groups(Host(root.path), config);
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].name == "/");
    CHECK(groups[0].members == std::vector<std::string>{"a"});
    CHECK(groups[1].members == std::vector<std::string>{"b", "c"});
    CHECK(spools().groups(Host(root.path), {}).empty());
}
