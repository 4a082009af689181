#include "collectors/arrays/risk.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "core/metrics/array_risk.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/latency.hpp"
#include "core/report.hpp"

using namespace lastgood;

namespace {

constexpr Timestamp now = 1'800'000'000;
constexpr double day = 86400;

// Drives sda to sdd as members of md0, first seen 10 days ago, which survives `survives` losses.
struct RiskyHost {
    std::vector<Observation> all;
    Timestamp first_seen = now - 10 * day;

    explicit RiskyHost(double survives, double missing = 0) {
        for (const char* drive : {"sda", "sdb", "sdc", "sdd"}) {
            add(metric::drive_info, drive, 1, {{"model", "M"}, {"firmware", "F"}});
            member(drive, "in_sync");
            add(metric::array_member_fatal, "md0", survives < 1 ? 1 : 0,
                {{"drive", drive}, {"device", drive}});
        }
        add(metric::array_survivable_failures, "md0", survives);
        add(metric::array_degraded_members, "md0", missing);
    }
    void add(const Metric& metric, const char* subject, double value, Labels labels = {}) {
        all.push_back({&metric, subject, std::move(labels), value, now});
    }
    void member(const char* drive, const char* state) {
        add(metric::array_member, "md0", 1,
            {{"drive", drive}, {"device", drive}, {"state", state}});
    }
    // Of a RAID 10: sda with sdb, sdc with sdd.
    void pairs() {
        for (const auto& [one, other] : {std::pair("sda", "sdb"), {"sdc", "sdd"}}) {
            const auto partner = [&](const char* device, const char* with) {
                add(metric::array_member_partner, "md0", 1,
                    {{"drive", device}, {"device", device}, {"partner", with}});
            };
            partner(one, other);
            partner(other, one);
        }
    }
    std::set<std::string> risks() const {
        MemorySink sink;
        derive_risks({all, [&](SubjectKind, const std::string&) { return first_seen; }, now}, sink);
        std::set<std::string> found;
        for (const Observation& one : sink.observations)
            found.insert(fmt::format("{} {}", one.label("device"), one.label("risk")));
        return found;
    }
};

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("a fatal member with errors, or slow, must not fail") {
    RiskyHost host(0, 1);
    CHECK(host.risks().empty());
    host.add(metric::drive_pending_sectors, "sda", 3);
    host.add(metric::drive_slow_ratio, "sdb", 5, {{"pace", "slow"}});
    host.add(metric::drive_slow_ratio, "sdc", 5, {{"pace", "noted"}});
    CHECK(host.risks() == Set{"sda errors", "sdb slow"});
    host.add(metric::array_failed, "md0", 1);
    CHECK(host.risks().empty());
}

TEST_CASE("where nothing is redundant or all is there, the drive's own finding is enough") {
    RiskyHost raid0(0);
    raid0.add(metric::drive_pending_sectors, "sda", 3);
    CHECK(raid0.risks().empty());
    RiskyHost raid5(1);
    raid5.add(metric::drive_pending_sectors, "sda", 3);
    CHECK(raid5.risks().empty());
}

TEST_CASE("more members in trouble than a complete array survives") {
    RiskyHost raid5(1);
    raid5.add(metric::drive_kernel_errors_recent, "sda", 3, {{"kind", "io"}});
    raid5.add(metric::drive_slow_ratio, "sdc", 5, {{"pace", "slow"}});
    CHECK(raid5.risks() == Set{"sda errors", "sdc slow"});
    RiskyHost raid6(2);
    raid6.add(metric::drive_smart_passed, "sda", 0);
    raid6.add(metric::drive_answering, "sdc", 0);
    CHECK(raid6.risks().empty());
    raid6.add(metric::drive_attributes_failing, "sdd", 1);
    CHECK(raid6.risks() == Set{"sda errors", "sdc errors", "sdd errors"});
}

TEST_CASE("of a RAID 10 both of a pair must be in trouble") {
    RiskyHost host(1);
    host.pairs();
    host.add(metric::drive_pending_sectors, "sda", 3);
    host.add(metric::drive_pending_sectors, "sdc", 3);
    CHECK(host.risks().empty());
    host.add(metric::drive_offline_uncorrectable_sectors, "sdd", 3);
    CHECK(host.risks() == Set{"sdc errors", "sdd errors"});
}

TEST_CASE("a fatal member that nothing has read through for long") {
    RiskyHost host(0, 1);
    host.first_seen = now - 36 * day;
    CHECK(host.risks() == Set{"sda unread", "sdb unread", "sdc unread", "sdd unread"});
    host.add(metric::drive_self_test_age_seconds, "sda", 3 * day, {{"type", "extended"}});
    CHECK(host.risks().contains("sda unread"));
    host.add(metric::drive_self_test_failed, "sda", 0);
    CHECK(host.risks() == Set{"sdb unread", "sdc unread", "sdd unread"});
    host.add(metric::array_last_check_timestamp_seconds, "md0", now - 34 * day);
    CHECK(host.risks().empty());
}

TEST_CASE("a fatal member like the failed one") {
    RiskyHost host(0, 1);
    host.member("sde", "faulty");
    host.add(metric::drive_info, "sde", 1, {{"model", "M"}, {"firmware", "F"}});
    host.add(metric::drive_power_on_seconds, "sde", 1000 * day);
    CHECK(host.risks().empty());  // the ages of the others are not known
    host.add(metric::drive_power_on_seconds, "sda", 950 * day);
    host.add(metric::drive_power_on_seconds, "sdb", 850 * day);
    CHECK(host.risks() == Set{"sda alike"});
}
