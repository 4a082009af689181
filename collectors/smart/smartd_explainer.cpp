// `lastgood explain` for smartd's messages in a system log.
#include "collectors/explainer.hpp"
#include "collectors/smart/parse/health.hpp"
#include "collectors/smart/parse/smartd_message.hpp"
#include "core/metrics/drives.hpp"

namespace lastgood {

namespace {

// A number of attributes at their thresholds, each told in a message of its own, again and again.
void add_attribute(const Metric& count, const SmartdMessage& message, std::string_view line,
                   Timestamp at, ExplainSink& sink) {
    const Labels labels{{"id", std::to_string(message.value)}, {"kind", "smartd"}, {"name", ""}};
    const ExplainSink::Key known{&metric::drive_attribute, message.device, labels};
    if (sink.evidence.contains(known)) return;
    sink.evidence[known].add({line, {}, {}});
    sink.count(count, message.device, at, line);
}

void observe(const std::optional<SmartdMessage>& message, std::string_view line, Timestamp at,
             ExplainSink& sink) {
    if (!message) return;
    const std::string& drive = message->device;
    const auto value = static_cast<double>(message->value);
    const auto tell = [&](const Metric& metric, double now, Labels labels = {}) {
        sink.tell(metric, drive, now, at, line, std::move(labels));
    };
    Labels identity{{"device", drive}};
    if (!message->model.empty()) identity.emplace_back("model", message->model);
    if (!message->serial.empty()) identity.emplace_back("serial", message->serial);
    if (!message->wwn.empty()) identity.emplace_back("wwn", message->wwn);
    sink.observe(metric::drive_info, drive, 1, at, std::move(identity));
    switch (message->kind) {
        case SmartdKind::identity:
            return;
        case SmartdKind::failed:
            return tell(metric::drive_smart_passed, 0);
        case SmartdKind::pending:
            return tell(metric::drive_pending_sectors, value);
        case SmartdKind::offline_uncorrectable:
            return tell(metric::drive_offline_uncorrectable_sectors, value);
        case SmartdKind::reallocated:
            return tell(metric::drive_reallocated_sectors, value);
        case SmartdKind::prefailure_attribute:
            return add_attribute(metric::drive_attributes_failing, *message, line, at, sink);
        case SmartdKind::usage_attribute:
            return add_attribute(metric::drive_old_age_attributes_failing, *message, line, at,
                                 sink);
        case SmartdKind::critical_warning:
            for (const auto& [name, set] :
                 critical_warnings(static_cast<unsigned>(message->value & 0xff)))
                tell(metric::drive_critical_warning, set ? 1 : 0, {{"warning", std::string(name)}});
            return;
        case SmartdKind::self_test_failed:
            return tell(metric::drive_self_test_failed, 1);
        case SmartdKind::temperature:
            return tell(metric::drive_temperature_celsius, value);
        case SmartdKind::not_answering:
            return tell(metric::drive_answering, 0);
        case SmartdKind::media_errors:
            return sink.count(metric::drive_count_increase, drive, at, line,
                              {{"counter", "media_errors"}}, value);
        case SmartdKind::logged_errors:
            return sink.not_understood(line);
    }
}

bool explain_smartd(std::string_view text, std::string_view line, Timestamp at, ExplainSink& sink) {
    const auto message = parse_smartd_message(text);
    observe(message, line, at, sink);
    return message.has_value();
}

bool explain_mail(std::string_view text, std::string_view line, Timestamp at, ExplainSink& sink) {
    if (!text.starts_with("/dev/")) return false;
    const auto message = parse_smartd_device(text);
    observe(message, line, at, sink);
    return message.has_value();
}

}  // namespace

const ProgramLogExplainer smartd_mail_explainer{.program = "Device", .explain = explain_mail};
const ProgramLogExplainer smartd_explainer{.program = "smartd", .explain = explain_smartd};

}  // namespace lastgood
