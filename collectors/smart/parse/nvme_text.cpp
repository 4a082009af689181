#include "collectors/smart/parse/nvme_text.hpp"

#include <algorithm>
#include <string>

#include "collectors/smart/parse/plausible.hpp"
#include "collectors/smart/parse/smartctl_rows.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view smart_head = "Smart Log for NVME device:";
constexpr std::string_view error_head = "Error Log Entries for device:";

// "available_spare_threshold", "Available Spare Threshold" → "available spare threshold"
std::string plain(std::string_view label) {
    std::string text = to_lower(trim(label));
    std::ranges::replace(text, '_', ' ');
    return text;
}

// "0x4", "4"
std::optional<unsigned> flags(std::string_view value) {
    const bool hexadecimal = value.starts_with("0x");
    if (hexadecimal) value.remove_prefix(2);
    return hexadecimal ? take_number<unsigned>(value, 16) : take_number<unsigned>(value);
}

// "42 C (315 Kelvin)", "42 °C (315 K)", "315 K"
std::optional<double> celsius(std::string_view value) {
    const bool negative = value.starts_with('-');
    const auto number = grouped_number(negative ? value.substr(1) : value);
    if (!number) return std::nullopt;
    if (!contains(value, 'C') && contains(value, 'K')) return plausible_temperature(*number - 273);
    return plausible_temperature(negative ? -*number : *number);
}

class Reader {
  public:
    void take(std::string_view line) {
        for (const std::string_view head : {smart_head, error_head}) {
            if (!line.starts_with(head)) continue;
            const std::string_view name = line.substr(head.size());
            health_.device =
                std::string(without_prefix(name.substr(0, name.find_first_of(" \t\r")), "/dev/"));
            health_.protocol = DriveProtocol::nvme;
            in_errors_ = head == error_head;
            found_ = true;
            return;
        }
        if (line.starts_with("Entry[")) in_errors_ = found_ = true;  // the heading was left out
        const size_t colon = line.find(':');
        if (colon == line.npos) return;
        const std::string label = plain(line.substr(0, colon));
        const std::string_view value = trim(line.substr(colon + 1));
        if (value.empty()) return;
        in_errors_ ? take_error(label, value) : take_health(label, value);
    }

    std::optional<DriveHealth> done() {
        if (!found_) return std::nullopt;
        if (errors_read_) {
            health_.error_log_entries = std::max(health_.error_log_entries.value_or(0), newest_);
            // What the log shows is a lower bound of what the drive counts.
            health_.media_errors = std::max(health_.media_errors.value_or(0), media_);
            health_.logged_media_errors = media_;
        }
        return std::move(health_);
    }

  private:
    void take_health(const std::string& label, std::string_view value) {
        const auto ratio = [&]() -> std::optional<double> {
            const auto percent = grouped_number(value);
            return percent ? std::optional<double>(*percent / 100) : std::nullopt;
        };
        if (label == "critical warning") {
            if (const auto bits = flags(value)) health_.critical_warning = *bits & 0xffU;
            found_ = found_ || health_.critical_warning.has_value();
            health_.protocol = DriveProtocol::nvme;
        } else if (label == "temperature") {
            health_.temperature_celsius = celsius(value);
        } else if (label == "available spare") {
            health_.available_spare_ratio = ratio();
        } else if (label == "available spare threshold") {
            health_.available_spare_threshold_ratio = ratio();
        } else if (label == "percentage used") {
            health_.used_endurance_ratio = ratio();
        } else if (label == "media errors") {
            health_.media_errors = grouped_number(value);
        } else if (label == "num err log entries") {
            health_.error_log_entries = grouped_number(value);
        } else if (label == "power on hours") {
            if (const auto hours = grouped_number(value))
                health_.power_on_seconds = plausible_power_on_seconds(*hours);
        }
    }

    // "error_count : 5", then "status_field : 0x2281(Unrecovered Read Error: …)" of the same entry;
    // unused entries have the count 0
    void take_error(const std::string& label, std::string_view value) {
        if (label == "error count") {
            const auto count = grouped_number(value);
            used_ = count && *count > 0;
            newest_ = std::max(newest_, count.value_or(0));
            errors_read_ = true;
        } else if (label == "status field" && used_ && !contains(value, '(')) {
            // nvme-cli until 1.5 prints the number alone, with the phase tag as its lowest bit.
            const unsigned status = (flags(value).value_or(0) >> 1) & 0x7ffU;
            constexpr unsigned write_fault = 0x280, unrecovered_read = 0x281, guard_check = 0x282;
            if (status == write_fault || status == unrecovered_read || status == guard_check)
                media_ += 1;
        } else if (label == "status field" && used_) {
            const std::string words = to_lower(value);
            for (const std::string_view medium :
                 {"unrecovered read", "read_error", "write fault", "write_fault",
                  "could not be recovered", "end-to-end guard", "guard_check"}) {
                if (!contains(words, medium)) continue;
                media_ += 1;
                break;
            }
        }
    }

    DriveHealth health_;
    bool found_ = false, in_errors_ = false, used_ = false, errors_read_ = false;
    double newest_ = 0, media_ = 0;
};

}  // namespace

std::optional<DriveHealth> parse_nvme_text(std::string_view text) {
    Reader reader;
    while (!text.empty()) reader.take(trim_start(trim_end(take_line(text)), " \t>"));
    return reader.done();
}

bool begins_nvme_text(std::string_view line) {
    return line.starts_with(smart_head) || line.starts_with(error_head);
}

bool continues_nvme_text(std::string_view line) {
    return (line.starts_with("critical_warning") && contains(line, ':')) ||
           line.starts_with("Entry[");
}

}  // namespace lastgood
