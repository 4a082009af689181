// `lastgood explain` for the messages of mdadm's monitor in a system log.
#include "collectors/arrays/parse/mdadm_message.hpp"
#include "collectors/explainer.hpp"
#include "core/device_name.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

void observe(const std::optional<MdadmMessage>& message, std::string_view line, Timestamp at,
             ExplainSink& sink) {
    if (!message) return;
    const std::string& array = message->array;
    const std::string drive(whole_device(message->device));
    const Labels degraded{{"kind", "array_degraded"}, {"layer", "md"}};
    switch (message->event) {
        case MdadmEvent::fail:
        case MdadmEvent::fail_spare:
            if (drive.empty()) return;
            sink.observe(metric::drive_info, drive, 1, at, {{"device", drive}});
            sink.count(metric::drive_kernel_errors_total, drive, at, line,
                       {{"kind", "kicked"}, {"layer", "md"}});
            return;
        case MdadmEvent::degraded:
            sink.tell(metric::array_kernel_errors_total, array, 1, at, line, degraded);
            return;
        case MdadmEvent::disappeared:
            sink.tell(metric::array_present, array, 0, at, line);
            return;
        case MdadmEvent::complete:
            sink.forget(metric::array_kernel_errors_total, array, degraded);
            return;
        case MdadmEvent::appeared:
            sink.forget(metric::array_present, array);
            return;
        case MdadmEvent::mismatches:
            sink.tell(metric::array_mismatch_sectors, array, static_cast<double>(message->count),
                      at, line);
            return;
    }
}

bool explain_mdadm(std::string_view text, std::string_view line, Timestamp at, ExplainSink& sink) {
    const auto message = parse_mdadm_message(text);
    observe(message, line, at, sink);
    return message.has_value();
}

// "A Fail event had been detected on md device /dev/md0.", "It could be related to component device
// /dev/sdb1."
Result<void> explain_mail(std::string_view text, Timestamp now, ExplainSink& sink) {
    std::optional<MdadmMessage> message;
    std::string_view shown;
    while (!text.empty()) {
        const std::string_view whole = take_line(text);
        const std::string_view line = trim(whole, " \t\r>");
        if (const auto next = parse_mdadm_message(line)) {
            observe(message, shown, now, sink);
            message = next;
            shown = whole;
            if (message->event == MdadmEvent::fail)
                sink.tell(metric::array_kernel_errors_total, message->array, 1, now, whole,
                          {{"kind", "array_degraded"}, {"layer", "md"}});
        }
        constexpr std::string_view component = "component device /dev/";
        const size_t at = line.find(component);
        if (message && at != line.npos)
            message->device = std::string(trim_end(line.substr(at + component.size()), "."));
    }
    observe(message, shown, now, sink);
    return {};
}

Begin begins_mail(std::string_view line) {
    const bool event =
        line.starts_with("A ") && contains(line, " event had been detected on md device ");
    return event ? Begin::part : Begin::no;
}

}  // namespace

const Explainer mdadm_mail_explainer{
    .what = "mdadm's mail",
    .command = {},
    .begins = begins_mail,
    .explain = explain_mail,
    .may_be_empty = true,
};
const ProgramLogExplainer mdadm_explainer{.program = "mdadm", .explain = explain_mdadm};
const ProgramLogExplainer mdmonitor_explainer{.program = "mdmonitor", .explain = explain_mdadm};

}  // namespace lastgood
