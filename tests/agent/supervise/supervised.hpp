// A supervisor with a few collectors and everything it needs, for its tests.
#pragma once

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "agent/supervise/supervisor.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/report.hpp"
#include "tests/agent/supervise/played_loop.hpp"

namespace lastgood::test {

inline std::vector<std::string>
    present_drives;  // the collector "health" has a child for each of these

inline std::vector<std::string> drives_now(const Host&, const Config&) {
    return present_drives;
}

// A poll, a stream that lists the drives, a stream with a cursor, a poll for each drive.
inline const Collector space{.name = "space", .summary = "", .interval = 60, .deadline = 20};
inline const Collector drives{.name = "drives",
                              .summary = "",
                              .kind = CollectorKind::stream,
                              .inventory = &metric::drive_present};
inline const Collector events{
    .name = "events", .summary = "", .kind = CollectorKind::stream, .interval = 50, .deadline = 10};
inline const Collector health{
    .name = "health", .summary = "", .interval = 300, .subjects = drives_now};

inline std::vector<SubjectGroup> present_groups;  // for each of these "stores" has a child

inline std::vector<SubjectGroup> groups_now(const Host&, const Config&) {
    return present_groups;
}

inline const Collector stores{.name = "stores",
                              .summary = "",
                              .interval = 60,
                              .deadline = 20,
                              .groups = groups_now,
                              .answering = &metric::backup_readable};

// As "stores", but a stream that commits after each member.
inline const Collector shelves{.name = "shelves",
                               .summary = "",
                               .kind = CollectorKind::stream,
                               .interval = 60,
                               .deadline = 20,
                               .groups = groups_now,
                               .answering = &metric::backup_readable};

// A supervisor with these collectors on a simulated loop.
struct Stage {
    explicit Stage(std::vector<const Collector*> which = {&space}, const Host* watched = nullptr)
        : collectors(std::move(which)),
          supervisor(loop, watched == nullptr ? this_machine : *watched, state, collectors,
                     [this] { ++changes; }) {
        present_drives.clear();
    }

    void configure() {
        supervisor.configure(config, launch);
        loop.settle();
    }
    const Task& task(std::string_view name, std::string_view subject = "") const {
        for (const Task& found : supervisor.tasks())
            if (found.name == name && found.subject == subject && !found.retired) return found;
        throw std::logic_error("no such task");
    }
    // The current value; nullopt: none.
    std::optional<double> value(std::string_view name, const Metric& metric,
                                std::string_view subject) const {
        return value_of(task(name).last.observations, metric, subject);
    }
    PlayedChild& child(std::string_view words) { return loop.newest(words); }
    void finish(std::string_view words) {
        child(words).finish();
        loop.settle();
    }
    void fail(std::string_view words, const std::string& message = "it broke") {
        child(words).end(ChildEnd::failed, message);
        loop.settle();
    }

    const Host this_machine;
    State state;
    PlayedLoop loop;
    Config config;
    Launch launch;
    std::vector<const Collector*> collectors;
    int changes = 0;
    Supervisor supervisor;
};

inline std::string line(const Metric& metric, std::string_view subject, double value,
                        std::string_view more = "") {
    return fmt::format(R"({{"metric":"{}","subject":"{}","value":{}{}}})", metric.name, subject,
                       value, more);
}

inline std::string count_line(double value) {
    return line(metric::backup_count, "home", value);
}

inline std::string increment_line(double value) {
    return fmt::format(
        R"({{"metric":"lastgood_drive_kernel_errors_total","subject":"d1","labels":{{"kind":"io"}},"increment":{}}})",
        value);
}

inline double counter(const State& state, const Metric& metric, std::string_view subject) {
    double sum = 0;
    for (const auto& [series, value] : state.counters())
        if (series.metric == &metric && series.subject == subject) sum += value.value;
    return sum;
}

inline constexpr std::string_view commit = R"({"commit":true,"cursor":"42"})";

}  // namespace lastgood::test
