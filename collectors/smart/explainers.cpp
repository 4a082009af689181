// `lastgood explain` for saved outputs about a drive's health.
#include <fmt/core.h>

#include <map>

#include "collectors/explainer.hpp"
#include "collectors/smart/evidence.hpp"
#include "collectors/smart/parse/atasmart_blob.hpp"
#include "collectors/smart/parse/health.hpp"
#include "collectors/smart/parse/nvme_json.hpp"
#include "collectors/smart/parse/nvme_text.hpp"
#include "collectors/smart/parse/smartctl_json.hpp"
#include "collectors/smart/parse/smartctl_rows.hpp"
#include "collectors/smart/parse/smartctl_text.hpp"
#include "core/metrics/drives.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

// True if one of the keys is in the first 64 KiB of a JSON object.
bool json_mentions(std::string_view text, std::initializer_list<std::string_view> keys) {
    const size_t start = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    if (start == std::string_view::npos || text[start] != '{') return false;
    text = text.substr(start, 65536);
    for (const std::string_view key : keys) {
        if (contains(text, key)) return true;
    }
    return false;
}

std::string first_of(const std::vector<std::string>& messages) {
    return messages.empty() ? "smartctl printed nothing about the drive's health"
                            : messages.front();
}

// A drive without health data is reported as a problem.
void explain_answer(const SmartctlAnswer& answer, const std::string& subject, Timestamp now,
                    ExplainSink& sink) {
    const DriveHealth& health = answer.health;
    for (const std::string& doubt : answer.doubts)
        sink.problem(subject, {ErrorKind::absent, doubt});
    for (const std::string_view line : answer.unread) sink.not_understood(line);
    if (answer.asleep) {
        observe_drive_health(health, subject, "smartctl", now, sink);
        return;
    }
    if (!health.has_health()) {
        sink.problem(subject, {ErrorKind::failed,
                               first_of(answer.errors.empty() ? answer.warnings : answer.errors)});
        if (health.model.empty() && health.serial.empty()) return;
    }
    observe_drive_health(health, subject, "smartctl", now, sink);
}

// The output of --scan has identities only.
void observe_scan(const std::vector<SmartctlDevice>& devices, Timestamp now, Sink& sink) {
    for (const SmartctlDevice& device : devices) {
        DriveHealth health;
        const bool behind = contains(device.type, ',');  // "megaraid,4"
        health.device = behind ? device.name + " -d " + device.type : device.name;
        health.device = std::string(without_prefix(health.device, "/dev/"));
        if (device.protocol == "ATA") health.protocol = DriveProtocol::ata;
        if (device.protocol == "SCSI") health.protocol = DriveProtocol::scsi;
        if (device.protocol == "NVMe") health.protocol = DriveProtocol::nvme;
        observe_drive_health(health, drive_id(health), "none", now, sink);
    }
}

// The document without the command line above it.
std::string_view json_document(std::string_view text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view from = rest;
        const std::string_view line = trim_start(take_line(rest), " \t");
        if (line.starts_with('{') || line.starts_with('[')) return from;
    }
    return text;
}

// "nvme0n1" of "# nvme smart-log -o json /dev/nvme0n1"; nvme's own document does not say it.
std::string nvme_device_in(std::string_view heading) {
    const size_t at = heading.find("/dev/nvme");
    if (at == std::string_view::npos) return {};
    const std::string_view name = heading.substr(at + std::string_view("/dev/").size());
    return std::string(name.substr(0, name.find_first_of(" \t\r\n|>;\"'")));
}

bool recognises_smartctl_json(std::string_view text) {
    return json_mentions(text, {"\"smartctl\"", "\"json_format_version\"", "\"smart_status\"",
                                "\"ata_smart_attributes\"", "\"smart_support\"",
                                "\"nvme_smart_health_information_log\""});
}

Result<void> explain_smartctl_json(std::string_view text, Timestamp now, ExplainSink& sink) {
    const auto answer = parse_smartctl_json(json_document(text));
    if (!answer) return Failure(answer.error());
    if (answer->is_scan) {
        observe_scan(answer->scanned, now, sink);
        return {};
    }
    explain_answer(*answer, drive_id(answer->health), now, sink);
    return {};
}

Result<void> explain_smartctl_text(std::string_view text, Timestamp now, ExplainSink& sink) {
    const std::vector<SmartctlAnswer> answers = parse_smartctl_text(text);
    bool any = false;
    std::map<std::string, int> times;
    for (const SmartctlAnswer& answer : answers) {
        any = true;
        observe_scan(answer.scanned, now, sink);
        if (answer.is_scan && !answer.health.has_health()) continue;
        std::string subject = drive_id(answer.health);
        if (const int count = ++times[subject]; count > 1) {
            subject += fmt::format("-{}", count);  // another drive without an identity
        }
        explain_answer(answer, subject, now, sink);
    }
    if (any) return {};
    return fail(ErrorKind::absent,
                "the text has no data about a drive's health; save the output of "
                "\"smartctl -x DEVICE\"");
}

// A drive's health log has each of these.
void doubt_nvme_log(const DriveHealth& health, Sink& sink) {
    if (health.critical_warning && health.media_errors && health.available_spare_ratio) return;
    sink.problem(drive_id(health),
                 {ErrorKind::absent, "its health log lacks values, or they cannot be read"});
}

bool recognises_nvme_json(std::string_view text) {
    return !recognises_smartctl_json(text) &&
           json_mentions(text, {"\"avail_spare\"", "\"Devices\"", "\"nvme_smart_log\""});
}

Result<void> explain_nvme_json(std::string_view text, Timestamp now, ExplainSink& sink) {
    const std::string_view document = json_document(text);
    auto answer = parse_nvme_json(document);
    if (!answer) return Failure(answer.error());
    if (answer->drives.size() == 1 && answer->drives.front().device.empty())
        answer->drives.front().device =
            nvme_device_in(text.substr(0, text.size() - document.size()));
    for (const DriveHealth& health : answer->drives) {
        if (!answer->is_list) doubt_nvme_log(health, sink);
        observe_drive_health(health, drive_id(health), answer->is_list ? "none" : "nvme", now,
                             sink);
    }
    return {};
}

Result<void> explain_nvme_text(std::string_view text, Timestamp now, ExplainSink& sink) {
    const auto health = parse_nvme_text(text);
    if (!health) return fail(ErrorKind::absent, "the text has no log of an NVMe drive");
    if (health->critical_warning || contains(text, "Smart Log for NVME device:"))
        doubt_nvme_log(*health, sink);
    const std::string drive = drive_id(*health);
    observe_drive_health(*health, drive, "nvme", now, sink);
    // The log keeps the newest errors only, and many drives clear it when they lose power.
    if (health->logged_media_errors > 0)
        sink.observe(metric::drive_count_increase, drive, health->logged_media_errors, now,
                     {{"counter", "media_errors"}});
    return {};
}

Begin begins_with_nvme_text(std::string_view line) {
    if (begins_nvme_text(line)) return Begin::output;
    return continues_nvme_text(line) ? Begin::part : Begin::no;
}

std::span<const EvidenceWords> words_of_nvme_text() {
    static const std::vector<EvidenceWords> words = {
        {&metric::drive_critical_warning, {"critical_warning"}},
        {&metric::drive_available_spare_ratio, {"available_spare"}},
        {&metric::drive_used_endurance_ratio, {"percentage_used"}},
        {&metric::drive_media_errors_total, {"media_errors", "Unrecovered", "READ_ERROR"}},
        {&metric::drive_count_increase,
         {"Unrecovered", "READ_ERROR", "Write Fault", "WRITE_FAULT", "status_field"}},
        {&metric::drive_temperature_celsius, {"temperature"}},
    };
    return words;
}

Result<void> explain_atasmart_blob(std::string_view bytes, Timestamp now, ExplainSink& sink) {
    const auto health = parse_atasmart_blob(bytes);
    if (!health) return Failure(health.error());
    observe_drive_health(*health, drive_id(*health), "libatasmart", now, sink);
    return {};
}

Begin begins_json(std::string_view line) {
    return line.starts_with('{') ? Begin::output : Begin::no;
}

size_t extent_of_smartctl_json(std::string_view text) {
    if (!recognises_smartctl_json(text)) return 0;
    const size_t length = json_extent(text);
    return recognises_smartctl_json(text.substr(0, length)) ? length : 0;
}

size_t extent_of_nvme_json(std::string_view text) {
    const size_t length = json_extent(text);
    return recognises_nvme_json(text.substr(0, length)) ? length : 0;
}

Begin begins_smartctl_text(std::string_view line) {
    if (line.starts_with("smartctl ")) {
        line = without_prefix(without_prefix(line.substr(9), "version "), "pre-");
        return !line.empty() && is_digit(line.front()) ? Begin::output : Begin::no;
    }
    for (const std::string_view mark :
         {"=== START OF ", "SMART overall-health self-assessment", "SMART Health Status:",
          "ID# ATTRIBUTE_NAME", "SMART/Health Information (NVMe Log", "SMART Attributes Data",
          "Num  Test_Description", "Critical Warning:  ", "Device Model: ", "Model Family: "})
        if (line.starts_with(mark)) return Begin::part;
    if (line.starts_with("# ") && parse_self_test_row(line)) return Begin::part;
    const bool row = !line.empty() && is_digit(line.front()) && line.size() > 30 &&
                     parse_attribute_row(line).state == AttributeRow::State::complete;
    return row ? Begin::part : Begin::no;
}

}  // namespace

const Explainer smartctl_json_explainer{
    .what = "smartctl's JSON output",
    .command = "smartctl",
    .begins = begins_json,
    .extent = extent_of_smartctl_json,
    .recognises = recognises_smartctl_json,
    .explain = explain_smartctl_json,
    .words = words_of_smart_evidence,
};
const Explainer smartctl_text_explainer{
    .what = "smartctl's output",
    .command = "smartctl",
    .begins = begins_smartctl_text,
    .recognises = looks_like_smartctl_text,
    .explain = explain_smartctl_text,
    .words = words_of_smart_evidence,
};
const Explainer nvme_json_explainer{
    .what = "nvme's JSON output",
    .command = "nvme",
    .begins = begins_json,
    .extent = extent_of_nvme_json,
    .recognises = recognises_nvme_json,
    .explain = explain_nvme_json,
    .words = words_of_smart_evidence,
};
const Explainer nvme_text_explainer{
    .what = "nvme's output",
    .command = "nvme",
    .begins = begins_with_nvme_text,
    .explain = explain_nvme_text,
    .words = words_of_nvme_text,
};
const Explainer atasmart_blob_explainer{
    .what = "a libatasmart blob",
    .command = {},
    .recognises = looks_like_atasmart_blob,
    .explain = explain_atasmart_blob,
};

}  // namespace lastgood
