// What reads a report takes time in proportion to its size: a chatty collector or a broken shelf of
// drives must not make the listener or the agent late.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string>

#include "core/judgement.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "exporters/prometheus/exposition.hpp"
#include "exporters/status/view.hpp"
#include "rules/rule.hpp"
#include "tests/processor_time.hpp"

using namespace lastgood;
using namespace lastgood::test;

namespace {

constexpr Timestamp report_time = 1'790'000'000;

class Large {
  public:
    Large() {
        report_.host = "db8";
        report_.written_at = report_time;
        report_.watched_since = report_time - 86400;
    }
    Large& add(const Metric& metric, const std::string& subject, double value, Labels labels = {}) {
        std::ranges::sort(labels);
        report_.observations.push_back({&metric, subject, std::move(labels), value, report_time});
        return *this;
    }
    Large& problem(const std::string& collector, const std::string& subject) {
        report_.problems.push_back({collector, subject, "no permission", report_time});
        return *this;
    }
    // As the agent makes it.
    Report done() {
        sort_observations(report_.observations);
        RuleMemory memory;
        const AgentWords words;
        report_.findings = evaluate(all_rules(), report_.observations, report_time, memory, words);
        return std::move(report_);
    }

  private:
    Report report_;
};

std::string numbered_name(std::string_view word, int number) {
    return fmt::format("{}{:06}", word, number);
}

// Each of these has about `size` observations, findings or problems of a kind.
Report stale_backups(int size) {
    Large large;
    for (int i = 0; i < size; ++i)
        large.add(metric::backup_info, numbered_name("b", i), 1, {{"kind", "files"}})
            .add(metric::backup_readable, numbered_name("b", i), 0);
    return large.done();
}

Report unnamed_backups(int size) {
    Large large;
    for (int i = 0; i < size; ++i)
        large.add(metric::backup_info, numbered_name("b", i), 1, {{"kind", "files"}})
            .add(metric::filesystem_info, numbered_name("/", i), 1, {{"device", "md0"}})
            .add(metric::filesystem_backed_up, numbered_name("/", i), 1);
    return large.done();
}

Report one_backup_for_all(int size) {
    Large large;
    large.add(metric::backup_info, "b", 1, {{"kind", "files"}})
        .add(metric::backup_readable, "b", 0);
    for (int i = 0; i < size; ++i)
        large.add(metric::filesystem_info, numbered_name("/", i), 1, {{"device", "md0"}})
            .add(metric::filesystem_backed_up, numbered_name("/", i), 1)
            .add(metric::filesystem_drive, numbered_name("/", i), 1, {{"drive", "d"}})
            .add(metric::filesystem_backup, numbered_name("/", i), 1, {{"backup", "b"}});
    return large.done();
}

Report failing_drives(int size) {
    Large large;
    for (int i = 0; i < size; ++i)
        large
            .add(metric::drive_info, numbered_name("d", i), 1,
                 {{"device", numbered_name("sd", i)}, {"serial", numbered_name("S", i)}})
            .add(metric::drive_present, numbered_name("d", i), 1)
            .add(metric::drive_smart_passed, numbered_name("d", i), 0)
            .add(metric::drive_kernel_errors_recent, numbered_name("d", i), i + 1,
                 {{"kind", "medium"}})
            .add(metric::drive_pending_sectors, numbered_name("d", i), i + 1);
    return large.done();
}

Report unread_drives(int size) {
    Large large;
    large.add(metric::collector_success, "smart", 0);
    for (int i = 0; i < size; ++i)
        large.add(metric::drive_present, numbered_name("d", i), 1)
            .problem("smart", numbered_name("d", i));
    return large.done();
}

Report arrays_of_four(int size) {
    Large large;
    for (int i = 0; i < size; ++i) {
        const std::string array = numbered_name("md-uuid-", i / 4), drive = numbered_name("d", i);
        if (i % 4 == 0)
            large
                .add(metric::array_info, array, 1,
                     {{"device", numbered_name("md", i / 4)}, {"level", "raid5"}})
                .add(metric::array_members, array, 4)
                .add(metric::array_degraded_members, array, 1)
                .add(metric::array_fatal_members, array, 3)
                .add(metric::filesystem_info, numbered_name("/", i / 4), 1,
                     {{"device", numbered_name("md", i / 4)}});
        large.add(metric::drive_info, drive, 1, {{"device", numbered_name("sd", i)}})
            .add(metric::array_member, array, 1,
                 {{"drive", drive},
                  {"device", numbered_name("sd", i)},
                  {"slot", std::to_string(i % 4)},
                  {"state", "in_sync"}})
            .add(metric::array_member_fatal, array, 1,
                 {{"drive", drive}, {"device", numbered_name("sd", i)}});
    }
    return large.done();
}

Report problems_of_one_collector(int size) {
    Large large;
    large.add(metric::collector_success, "inbox", 0);
    for (int i = 0; i < size; ++i) large.problem("inbox", "");
    return large.done();
}

Report many_series(int size) {
    Large large;
    for (int i = 0; i < size; ++i)
        large.add(metric::drive_attribute, "d", 1,
                  {{"id", std::to_string(i)}, {"kind", "raw"}, {"name", "x"}});
    return large.done();
}

}  // namespace

TEST_CASE("reading a report takes time in proportion to its size") {
    const std::pair<const char*, Report (*)(int)> reports[] = {
        {"stale backups", stale_backups},
        {"unnamed backups", unnamed_backups},
        {"one backup for all", one_backup_for_all},
        {"failing drives", failing_drives},
        {"unread drives", unread_drives},
        {"arrays of four", arrays_of_four},
        {"problems of one collector", problems_of_one_collector},
        {"many series", many_series}};
    const ViewOptions view{.width = 120, .height = 0};
    // Three times twice as much; a square of it would be 64 times as long.
    constexpr int few = 250, many = 8 * few;
    constexpr double most = 2.5 * 2.5 * 2.5;
    for (const auto& [name, make] : reports) {
        const Report small = make(few), large = make(many);
        const auto check = [&, name = name](const char* reader, const auto& read) {
            const double one = processor_time([&] { read(small); });
            const double other = processor_time([&] { read(large); });
            INFO(fmt::format("{} of {}: {:.2f} ms for {}, {:.2f} ms for {}", reader, name,
                             one * 1e3, few, other * 1e3, many));
            CHECK(other / one < most);
        };
        check("evaluate", [](const Report& report) {
            RuleMemory memory;
            return evaluate(all_rules(), report.observations, report_time, memory, {}).size();
        });
        check("exposition",
              [](const Report& report) { return to_exposition(report, true).size(); });
        check("status", [&](const Report& report) {
            return render_status(report, report_time, view).size();
        });
        check("JSON", [](const Report& report) { return to_json(report).size(); });
    }
}
