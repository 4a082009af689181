#include "core/metrics/probes.hpp"

#include <doctest/doctest.h>

#include "collectors/probes/lines.hpp"
#include "collectors/probes/prober.hpp"
#include "collectors/probes/written.hpp"
#include "core/metrics/backups.hpp"
#include "tests/collectors/golden.hpp"
#include "tests/temporary_directory.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

constexpr Timestamp now = 1800000000;

Config two_probes() {
    Config config;
    Probe write;
    write.name = "srv";
    write.target = "/srv";
    Probe address;
    address.name = "old-db";
    address.kind = ProbeKind::address;
    address.target = "db1:5432";
    config.probes = {write, address};
    return config;
}

std::string line(const Metric& metric, const std::string& subject, double value, Timestamp at) {
    return to_json_line(
               {ProtocolLine::Kind::observation, {&metric, subject, {}, value, at}, {}, {}, {}}) +
           "\n";
}

}  // namespace

TEST_CASE("what the services tell is handed on, each of its own probes only") {
    TemporaryDirectory root;
    root.write("/now", "1800000000\n");
    root.write("/run/lastgood-probe/probes.jsonl",
               line(metric::probe_last_seconds, "srv", 0.004, now - 5) +
                   line(metric::probe_last_seconds, "old-db", 9, now - 5));
    const auto value = [&](const Metric& metric, std::string_view subject) {
        const Ran ran = run_on_host(*find_collector("probes"), root.path, two_probes());
        for (const Observation& one : ran.sink.observations)
            if (one.metric == &metric && one.subject == subject) return one.value;
        return -1.0;
    };
    CHECK(value(metric::probe_reported, "srv") == 1);
    CHECK(value(metric::probe_last_seconds, "srv") == 0.004);
    CHECK(value(metric::probe_reported, "old-db") == 0);
    CHECK(value(metric::probe_last_seconds, "old-db") == -1);
    root.write("/run/lastgood-remote/probes.jsonl",
               line(metric::probe_last_seconds, "old-db", 0.03, now - 5));
    CHECK(value(metric::probe_last_seconds, "old-db") == 0.03);
    root.write("/run/lastgood-probe/probes.jsonl",
               line(metric::probe_last_seconds, "srv", 0.004, now - 300));
    CHECK(value(metric::probe_reported, "srv") == 0);
}

TEST_CASE("a service cannot speak of anything else, nor from the future") {
    const auto lines = parse_probe_lines(
        line(metric::probe_last_seconds, "srv", 1, now + 1e6) +
            line(metric::probe_info, "srv", 1, now) + line(metric::probe_reported, "srv", 1, now) +
            line(metric::probe_last_seconds, "other", 1, now) +
            line(metric::backup_count, "srv", 1, now) + "rubbish\n{}\n",
        {"srv"}, now);
    REQUIRE(lines.size() == 1);
    REQUIRE(lines.at("srv").size() == 1);
    CHECK(lines.at("srv")[0].observed_at == now);
}

TEST_CASE("a filesystem that nobody writes to is let sleep") {
    TemporaryDirectory root;
    const auto wrote = [&](int count) {
        root.write("/sys/dev/block/8:1/stat",
                   "1 0 8 1 " + std::to_string(count) + " 0 8 1 0 1 1\n");
    };
    root.write("/proc/self/mountinfo",
               "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 21 0:40 / /nas rw - nfs nas:/ rw\n");
    wrote(10);
    const Host host(root.path);
    WrittenSince srv(host, "/srv");
    CHECK(srv.since_last_probe());  // the first one
    srv.probed(100, 60);
    wrote(14);  // what follows its own write
    srv.note_own_writes(110);
    CHECK(srv.since_last_probe());
    srv.note_own_writes(145);
    CHECK(!srv.since_last_probe());
    CHECK(!srv.wants_at());
    wrote(15);
    CHECK(srv.since_last_probe());
    WrittenSince nas(host, "/nas/x");
    nas.probed(0, 60);
    nas.note_own_writes(60);
    CHECK(nas.since_last_probe());
}
