#include "collectors/zfs/parse/zpool_status.hpp"

#include <doctest/doctest.h>

#include "collectors/explainer.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

constexpr const char* degraded =
    "  pool: tank\n"
    " state: DEGRADED\n"
    "status: One or more devices are faulted in response to persistent errors.\n"
    "  scan: scrub repaired 0B in 00:10:03 with 0 errors on Sun Nov  8 00:34:04 2026\n"
    "config:\n"
    "\n"
    "\tNAME                   STATE     READ WRITE CKSUM\n"
    "\ttank                   DEGRADED     0     0     0\n"
    "\t  mirror-0             DEGRADED     0     0     0\n"
    "\t    sdq                ONLINE       0     0     0\n"
    "\t    sdr1               FAULTED      5    12  1.2K  too many errors\n"
    "\t  raidz2-1             ONLINE       0     0     0\n"
    "\t    sds                ONLINE       0     0     3\n"
    "\t    sdt                ONLINE       0     0     0\n"
    "\t    sdu                ONLINE       0     0     0\n"
    "\tspares\n"
    "\t  sdv                  AVAIL\n"
    "\n"
    "errors: 4 data errors, use '-v' for a list\n";

}  // namespace

TEST_CASE("zpool status: pools, groups, leaves and data errors") {
    const auto pools = parse_zpool_status(degraded);
    REQUIRE(pools.size() == 1);
    const ZpoolStatus& pool = pools[0];
    CHECK(pool.pool == "tank");
    CHECK(pool.state == "DEGRADED");
    CHECK(pool.data_errors == 4);
    REQUIRE(pool.groups.size() == 2);
    CHECK(pool.groups[0].parity == 1);
    CHECK(pool.groups[0].lost == 1);
    CHECK(pool.groups[1].parity == 2);
    CHECK(pool.groups[1].lost == 0);
    REQUIRE(pool.leaves.size() == 6);
    CHECK(pool.leaves[1].device == "sdr1");
    CHECK(pool.leaves[1].write == 12);
    CHECK(pool.leaves[1].checksum == 1200);
    CHECK(pool.leaves[5].state == "AVAIL");
}

TEST_CASE("explain: zpool status") {
    ExplainSink sink;
    REQUIRE(zpool_status_explainer.explain(degraded, 1700000000, sink));
    const auto of = [&](const Metric& metric, std::string_view subject, std::string_view kind) {
        for (const Observation* one : test::select(sink.observations, metric, subject))
            if (one->label("kind") == kind) return one->value;
        return -1.0;
    };
    CHECK(of(metric::array_kernel_errors_total, "tank", "array_degraded") == 1);
    CHECK(of(metric::array_kernel_errors_total, "tank", "uncorrected") == 4);
    CHECK(of(metric::drive_kernel_errors_total, "sdr", "kicked") == 1);
    CHECK(of(metric::drive_kernel_errors_total, "sdr", "io") == 17);
    CHECK(of(metric::drive_kernel_errors_total, "sds", "checksum") == 3);
    CHECK(of(metric::drive_kernel_errors_total, "sdq", "io") == 0);
    CHECK(test::select(sink.observations, metric::drive_info, "sdv").empty());
}

TEST_CASE("explain: a healthy pool") {
    ExplainSink sink;
    REQUIRE(
        zpool_status_explainer.explain("  pool: tank\n state: ONLINE\nconfig:\n\n"
                                       "\tNAME        STATE     READ WRITE CKSUM\n"
                                       "\ttank        ONLINE       0     0     0\n"
                                       "\t  sdq       ONLINE       0     0     0\n\n"
                                       "errors: No known data errors\n",
                                       1700000000, sink));
    CHECK(test::select(sink.observations, metric::array_kernel_errors_total).empty());
    for (const Observation* one :
         test::select(sink.observations, metric::drive_kernel_errors_total))
        CHECK(one->value == 0);
}

TEST_CASE("zpool status: a line of other white space is no row") {
    CHECK(parse_zpool_status("pool: tank\nNAME STATE\n\v\f\n").size() == 1);
}

TEST_CASE("explain: zpool status that is cut off, or has rows of an unknown form, is not fine") {
    const std::string healthy =
        "  pool: tank\n"
        " state: ONLINE\n"
        "config:\n"
        "\n"
        "\tNAME        STATE     READ WRITE CKSUM\n"
        "\ttank        ONLINE       0     0     0\n"
        "\t  mirror-0  ONLINE       0     0     0\n"
        "\t    sdq     ONLINE       0     0     0\n"
        "\t    sdr     ONLINE       0     0     0\n"
        "\n"
        "errors: No known data errors\n";
    const auto doubts = [](const std::string& text) {
        ExplainSink sink;
        REQUIRE(zpool_status_explainer.explain(text, 1700000000, sink));
        return sink.problems.size() + sink.strange_line_count;
    };
    CHECK(doubts(healthy) == 0);
    CHECK(doubts(healthy.substr(0, healthy.find("errors:"))) == 1);
    CHECK(doubts(healthy.substr(0, healthy.find("\t    sdr"))) == 1);
    CHECK(doubts(healthy.substr(0, healthy.find(" state:"))) == 2);
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = healthy;
        return doubts(text.replace(text.find(from), from.size(), to));
    };
    CHECK(with("sdr     ONLINE", "sdr     MELTED") == 1);
    CHECK(with("sdr     ONLINE       0", "sdr     ONLINE       x") == 1);
    CHECK(with("state: ONLINE", "state: MELTED") == 1);
}

TEST_CASE("zpool status: what each group of a pool has lost") {
    const auto pools = parse_zpool_status(
        "  pool: tank\n state: DEGRADED\nconfig:\n\n"
        "\tNAME             STATE     READ WRITE CKSUM\n"
        "\ttank             DEGRADED     0     0     0\n"
        "\t  mirror-0       DEGRADED     0     0     0\n"
        "\t    sdq          REMOVED      0     0     0\n"
        "\t    replacing-1  ONLINE       0     0     0\n"
        "\t      sdr        ONLINE       0     0     0\n"
        "\t      sds        ONLINE       0     0     0\n"
        "\t  sdt            UNAVAIL      0     0     0\n"
        "\tlogs\n"
        "\t  mirror-2       ONLINE       0     0     0\n"
        "\t    sdu          ONLINE       0     0     0\n"
        "\t    sdv          ONLINE       0     0     0\n\n"
        "errors: No known data errors\n");
    REQUIRE(pools.size() == 1);
    const auto& groups = pools[0].groups;
    REQUIRE(groups.size() == 2);  // a log is no place of data
    CHECK(groups[0].parity == 1);
    CHECK(groups[0].lost == 1);
    CHECK(groups[1].parity == 0);
    CHECK(groups[1].lost == 1);
}
