#include "collectors/smart/parse/smartctl_gaps.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

bool is_id(std::string_view word) {
    const bool hexadecimal = word.starts_with("0x");
    const auto id = parse_number<int>(without_prefix(word, "0x"), hexadecimal ? 16 : 10);
    return id && *id >= 1 && *id <= 255;
}

bool is_name(std::string_view word) {
    return word.size() >= 8 && is_letter(word.front()) && contains(word, '_');
}

// A number, a name such as "Current_Pending_Sector" and at least three more numbers, whatever
// stands between them.
bool looks_like_row(std::string_view line) {
    constexpr std::string_view separators = " \t\r\f\v,;:|/&<>()[]\"'=";
    bool id = false, name = false;
    int numbers = 0;
    for (const std::string_view word : split(line.substr(0, 400), separators)) {
        if (name) {
            numbers += is_digit(word.front()) || consists_of(word, "-") ? 1 : 0;
        } else if (id && is_name(word)) {
            name = true;
        } else {
            id = id || is_id(word);
        }
    }
    return numbers >= 3;
}

}  // namespace

bool SmartctlGaps::take(std::string_view line) {
    if (line.empty()) {
        in_table_ = false;
        return false;
    }
    ends_in_table_ = false;
    if (contains(line, "ATTRIBUTE_NAME")) {
        in_table_ = attributes_ = true;
        return false;
    }
    if (line.starts_with("General SMART Values:")) whole_ = attributes_ = true;
    if (line.starts_with("SMART Attributes Data Structure") ||
        line.starts_with("Vendor Specific SMART Attributes"))
        attributes_ = true;
    // Both are there in the output of -a and -x only.
    if (line.starts_with("SMART/Health Information (NVMe") ||
        line.starts_with("Supported Power States"))
        nvme_ = true;
    if (line.starts_with("Error counter log:")) counters_ = true;
    return (in_table_ && is_digit(line.front())) || looks_like_row(line);
}

void SmartctlGaps::judge(SmartctlAnswer& answer) const {
    const DriveHealth& health = answer.health;
    if (answer.asleep || answer.is_scan || !answer.unread.empty()) return;
    if (attributes_ && health.attributes.empty())
        answer.doubt("the output has no row of its table of attributes: it is cut off");
    if (whole_ && ends_in_table_)
        answer.doubt("the output ends in its table of attributes: it is cut off");
    if ((nvme_ || health.critical_warning) && !health.media_errors)
        answer.doubt("the output ends in the drive's health information: it is cut off");
    if (counters_ && !health.uncorrected_reads && !health.uncorrected_writes &&
        !health.uncorrected_verifies)
        answer.doubt("the output has no row of its counters of errors: it is cut off");
    if (health.has_health() && !health.would_show_failure() && !health.self_test_log_read)
        answer.doubt("the output tells neither a verdict nor a count of errors");
}

}  // namespace lastgood
