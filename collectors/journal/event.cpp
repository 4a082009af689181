#include "collectors/journal/event.hpp"

#include <algorithm>

#include "collectors/explainer.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"

namespace lastgood {

namespace {

constexpr std::array<const ProgramLogExplainer*, journal_programs.size()> explainers = {
    &smartd_explainer, &mdadm_explainer, &mdmonitor_explainer, &zed_explainer};

// A kind of lastgood_drive_messages_total, and the observation of smartd's parser that means it.
struct Kind {
    const Metric* metric;
    std::string_view kind;
};
constexpr std::array kinds = {
    Kind{&metric::drive_smart_passed, "verdict"},
    Kind{&metric::drive_attributes_failing, "attribute"},
    Kind{&metric::drive_critical_warning, "critical_warning"},
    Kind{&metric::drive_pending_sectors, "pending_sectors"},
    Kind{&metric::drive_offline_uncorrectable_sectors, "offline_uncorrectable_sectors"},
    Kind{&metric::drive_reallocated_sectors, "reallocated_sectors"},
    Kind{&metric::drive_count_increase, "media_errors"},
    Kind{&metric::drive_self_test_failed, "self_test"},
    Kind{&metric::drive_old_age_attributes_failing, "old_age_attribute"},
};

bool means_trouble(const Observation& observation) {
    if (observation.metric == &metric::drive_smart_passed) return observation.value == 0;
    if (observation.label("warning") == "temperature") return false;
    return observation.value > 0;
}

void add_smartd(const Observation& observation, JournalReport& report) {
    const auto found = std::ranges::find(kinds, observation.metric, &Kind::metric);
    if (found == kinds.end() || !means_trouble(observation)) return;
    Labels labels{{"kind", std::string(found->kind)}, {"program", "smartd"}};
    // The bits of one critical warning are one message.
    for (const JournalEvent& event : report.events)
        if (event.labels == labels) return;
    report.events.push_back(
        {&metric::drive_messages_total, observation.subject, std::move(labels)});
}

void add_mdadm(const Observation& observation, JournalReport& report) {
    if (observation.metric != &metric::drive_kernel_errors_total) return;
    report.events.push_back(
        {&metric::drive_messages_total,
         observation.subject,
         {{"kind", std::string(observation.label("kind"))}, {"program", "mdadm"}}});
}

void add_zed(const Observation& observation, JournalReport& report) {
    if (observation.metric != &metric::drive_kernel_errors_total &&
        observation.metric != &metric::array_kernel_errors_total)
        return;
    // A layer of its own: the kernel log may have the same failure as layer zfs.
    report.events.push_back({observation.metric,
                             observation.subject,
                             {{"kind", std::string(observation.label("kind"))}, {"layer", "zed"}}});
}

void add_identity(const Observation& observation, JournalReport& report) {
    if (observation.metric != &metric::drive_info || observation.label("serial").empty()) return;
    report.identity = {observation.subject, std::string(observation.label("model")),
                       std::string(observation.label("serial")),
                       std::string(observation.label("wwn"))};
}

}  // namespace

JournalReport report_of(const JournalMessage& message, Timestamp at) {
    const auto* const program = std::ranges::find(
        explainers, message.program, [](const auto* explainer) { return explainer->program; });
    JournalReport report;
    if (program == explainers.end()) return report;
    ExplainSink sink;
    (*program)->explain(message.text, message.text, at, sink);
    for (const Observation& observation : sink.observations) {
        if (*program == &smartd_explainer) {
            add_smartd(observation, report);
            add_identity(observation, report);
        } else if (*program == &zed_explainer) {
            add_zed(observation, report);
        } else {
            add_mdadm(observation, report);
        }
    }
    return report;
}

}  // namespace lastgood
