// `lastgood explain` for the messages of mdadm's monitor in a system log.
#include "collectors/arrays/parse/mdadm_message.hpp"
#include "collectors/explainer.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// "sdb1" → "sdb", "nvme0n1p2" → "nvme0n1"
std::string drive_of(std::string_view device) {
    const std::string_view stem = trim_end(device, decimal_digits);
    if (stem.size() == device.size() || stem.empty()) return std::string(device);
    if (stem.size() > 2 && stem.back() == 'p' && is_digit(stem[stem.size() - 2]))
        return std::string(stem.substr(0, stem.size() - 1));
    const bool lettered = stem.starts_with("sd") || stem.starts_with("vd") ||
                          stem.starts_with("hd") || stem.starts_with("xvd");
    return std::string(lettered ? stem : device);
}

void explain_mdadm(std::string_view text, std::string_view line, Timestamp at, ExplainSink& sink) {
    const auto message = parse_mdadm_message(text);
    if (!message) return;
    const std::string& array = message->array;
    const Labels degraded{{"kind", "array_degraded"}, {"layer", "md"}};
    switch (message->event) {
        case MdadmEvent::fail:
        case MdadmEvent::fail_spare:
            if (message->device.empty()) return;
            sink.observe(metric::drive_info, drive_of(message->device), 1, at,
                         {{"device", drive_of(message->device)}});
            sink.count(metric::drive_kernel_errors_total, drive_of(message->device), at, line,
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

}  // namespace

const ProgramLogExplainer mdadm_explainer{.program = "mdadm", .explain = explain_mdadm};
const ProgramLogExplainer mdmonitor_explainer{.program = "mdmonitor", .explain = explain_mdadm};

}  // namespace lastgood
