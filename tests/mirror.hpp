// A mirror whose drives are safe to pull, for tests that spoil it.
#pragma once

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/preflight.hpp"

namespace lastgood::test {

inline constexpr Timestamp now = 1'800'000'000;

// A RAID 1 of sda and sdb with /srv on it, and a backup made an hour ago.
inline Report mirror() {
    Report report;
    report.written_at = now - 5;
    const auto add = [&](const Metric& metric, const char* subject, Labels labels, double value) {
        report.observations.push_back({&metric, subject, std::move(labels), value, now - 5});
    };
    for (const char* drive : {"a", "b"}) {
        const std::string device = std::string("sd") + drive;
        add(metric::drive_info, drive,
            {{"device", device}, {"model", "M"}, {"serial", std::string("S") + drive}}, 1);
        add(metric::drive_present, drive, {}, 1);
        add(metric::array_member, "md0",
            {{"device", device + "1"}, {"drive", drive}, {"slot", "0"}, {"state", "in_sync"}}, 1);
        add(metric::array_member_fatal, "md0", {{"device", device + "1"}, {"drive", drive}}, 0);
        add(metric::drive_read_timestamp_seconds, drive, {}, now - 60);
        add(metric::drive_use, drive,
            {{"device", device + "1"}, {"use", "filesystem"}, {"name", "/srv"}, {"array", "md0"}},
            1);
    }
    add(metric::array_members, "md0", {}, 2);
    add(metric::array_survivable_failures, "md0", {}, 1);
    add(metric::backup_newest_timestamp_seconds, "srv", {{"confidence", "exact"}}, now - 3600);
    add(metric::backup_max_age_seconds, "srv", {}, 86400);
    add(metric::backup_readable, "srv", {}, 1);
    add(metric::backup_failure_domain, "srv", {{"domain", "same-host"}}, 1);
    add(metric::filesystem_backed_up, "/srv", {}, 1);
    add(metric::filesystem_backup, "/srv", {{"backup", "srv"}}, 1);
    add(metric::collector_success, "kernel_log", {}, 1);
    return report;
}

// Something on sda2 or sdb2, without an array.
inline Observation use(const char* drive, const char* kind, const char* name) {
    return {&metric::drive_use,
            drive,
            {{"device", fmt::format("sd{}2", drive)}, {"use", kind}, {"name", name}},
            1,
            now};
}

inline Observation& find(Report& report, const Metric& metric, std::string_view subject) {
    for (Observation& observation : report.observations)
        if (observation.metric == &metric && observation.subject == subject) return observation;
    FAIL("no such observation");
    return report.observations[0];
}

inline Preflight preflight(const Report& report, std::string_view drive, Timestamp at) {
    return lastgood::preflight(report, drive, at, [](std::string_view) { return Held::no; });
}

inline bool mentions(const std::vector<std::string>& reasons, std::string_view words) {
    for (const std::string& reason : reasons)
        if (reason.find(words) != reason.npos) return true;
    return false;
}

}  // namespace lastgood::test
