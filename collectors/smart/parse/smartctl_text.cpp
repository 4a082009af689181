#include "collectors/smart/parse/smartctl_text.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "collectors/smart/parse/ata_attributes.hpp"
#include "collectors/smart/parse/plausible.hpp"
#include "collectors/smart/parse/smartctl_gaps.hpp"
#include "collectors/smart/parse/smartctl_lines.hpp"
#include "collectors/smart/parse/smartctl_rows.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

constexpr size_t max_drives = 1000;

class Reader {
  public:
    std::vector<SmartctlAnswer> read(std::string_view text) {
        SmartctlLines lines(text);
        std::string line;
        while (lines.next(line)) {
            raw_ = lines.raw();
            if (!row_.empty() && continues_row(line)) continue;
            const AttributeRow attribute = parse_attribute_row(line);
            switch (attribute.state) {
                case AttributeRow::State::complete:
                    add(attribute.attribute);
                    break;
                case AttributeRow::State::incomplete:
                    row_ = line;
                    raw_row_ = raw_;
                    joined_ = 0;
                    break;
                case AttributeRow::State::none:
                    read_line(line);
                    break;
            }
        }
        finish();
        return std::move(answers_);
    }

  private:
    DriveHealth& health() { return answer_.health; }

    // Whether the line belongs to the wrapped row before it.
    bool continues_row(const std::string& line) {
        const AttributeRow whole = parse_attribute_row(row_ + " " + line);
        if (whole.state == AttributeRow::State::complete) {
            add(whole.attribute);
            row_.clear();
            return true;
        }
        if (whole.state == AttributeRow::State::incomplete && !trim(line).empty() &&
            ++joined_ < 3 && parse_attribute_row(line).state == AttributeRow::State::none) {
            row_ += " " + line;
            return true;
        }
        give_up_row();
        return false;
    }

    void give_up_row() {
        if (!row_.empty()) not_read(raw_row_);
        row_.clear();
    }

    void not_read(std::string_view line) {
        used_ = true;
        if (answer_.unread.size() < SmartctlAnswer::most_unread) answer_.unread.push_back(line);
    }

    // A value that the present line tells; the line is not understood if there is none.
    template <class Value>
    std::optional<Value> wanted(std::optional<Value> value) {
        if (!value) not_read(raw_);
        return value;
    }

    void add(const AtaAttribute& attribute) {
        used_ = true;
        gaps_.take_attribute();
        if (is_vital(attribute.id) && !unpacked_raw(attribute, health())) not_read(raw_);
        if (health().attributes.size() < 256) health().attributes.push_back(attribute);
        if (health().protocol == DriveProtocol::unknown) health().protocol = DriveProtocol::ata;
    }

    void finish() {
        give_up_row();
        if (!sectors_.empty())
            health().pending_defects = std::max(static_cast<double>(sectors_.size()),
                                                health().pending_defects.value_or(0));
        gaps_.judge(answer_);
        if (health().model.empty() && !product_.empty()) {
            health().model = vendor_.empty() ? product_ : vendor_ + " " + product_;
        }
        if (used_ && answers_.size() < max_drives) answers_.push_back(std::move(answer_));
        answer_ = {};
        gaps_ = {};
        sectors_.clear();
        vendor_.clear();
        product_.clear();
        used_ = had_information_ = in_nvme_tests_ = tests_complete_ = false;
    }

    void begin(int major, int minor) {
        finish();
        used_ = true;
        answer_.major = major;
        answer_.minor = minor;
        health().device = std::exchange(next_device_, {});
    }

    void read_line(std::string_view line) {
        int major = 0, minor = 0;
        if (read_version(line, major, minor)) return begin(major, minor);
        const std::string_view words = trim(line);
        if (gaps_.take(words)) return not_read(raw_);
        if (words.empty()) return;
        if (contains(line, "smartctl ") && contains(line, "/dev/")) {
            next_device_ = device_in(line);
            return;
        }
        if (const size_t mark = words.find(" -d ");
            mark != std::string_view::npos && contains(words.substr(mark), " # ")) {
            return read_scan(words);
        }
        if (words.starts_with("=== START OF INFORMATION SECTION")) {
            if (had_information_) begin(0, 0);
            had_information_ = used_ = true;
            return;
        }
        if (words.starts_with("=== START OF ")) {
            used_ = true;
            return;
        }
        if (read_self_test(words) || read_logs(words)) return;
        if (const size_t colon = words.find(':'); colon != std::string_view::npos) {
            read_field(trim(words.substr(0, colon)), trim(words.substr(colon + 1)), words);
        }
        read_sentence(words);
    }

    // "/dev/sda -d sat # /dev/sda [SAT], ATA device"
    void read_scan(std::string_view line) {
        const size_t mark = line.find(" -d ");
        std::string_view rest = line.substr(mark + 4);
        SmartctlDevice device;
        device.name = std::string(line.substr(0, mark));
        device.type = std::string(rest.substr(0, rest.find(' ')));
        for (const char* protocol : {"ATA", "SCSI", "NVMe"}) {
            if (contains(rest, std::string(", ") + protocol + " device"))
                device.protocol = protocol;
        }
        answer_.is_scan = used_ = true;
        if (answer_.scanned.size() < max_drives) answer_.scanned.push_back(std::move(device));
    }

    bool read_self_test(std::string_view words) {
        if (words.starts_with("Self-test Log (NVMe")) {
            in_nvme_tests_ = health().self_test_log_read = true;
            return true;
        }
        auto row = parse_self_test_row(words);
        if (!row && in_nvme_tests_) row = parse_nvme_self_test_row(words);
        if (!row) return false;
        health().self_test_log_read = used_ = true;
        // The extended and the standard log list the same tests.
        if (row->index <= last_index_ && !health().self_tests.empty()) tests_complete_ = true;
        last_index_ = row->index;
        if (row->counted && !tests_complete_ && health().self_tests.size() < 1024) {
            health().self_tests.push_back(row->test);
        }
        return true;
    }

    bool read_logs(std::string_view words) {
        constexpr size_t most_errors = 1024, most_sectors = 4096;
        std::vector<LoggedError>& errors = health().logged_errors;
        if (const auto hours = parse_error_heading(words)) {
            if (errors.size() < most_errors) errors.push_back({hours, false});
            return true;
        }
        if (!errors.empty() && contains(words, "Error: ")) {
            errors.back().medium = errors.back().medium || is_medium_error(words);
            return true;
        }
        const auto sector = parse_unrepaired_sector(words);
        if (sector && sectors_.size() < most_sectors) sectors_.emplace(*sector);
        return sector.has_value();
    }

    void set_protocol(DriveProtocol protocol) {
        if (health().protocol == DriveProtocol::unknown) health().protocol = protocol;
    }

    void read_identity(std::string_view label, std::string_view value) {
        DriveHealth& drive = health();
        if (label == "Device Model") {
            drive.model = identity(value);
            set_protocol(DriveProtocol::ata);
        } else if (label == "Model Number") {
            drive.model = identity(value);
            drive.rotational = false;
            set_protocol(DriveProtocol::nvme);
        } else if (label == "Model Family") {
            drive.family = std::string(value);
        } else if (label == "Vendor") {
            vendor_ = identity(value);
            set_protocol(DriveProtocol::scsi);
        } else if (label == "Product") {
            product_ = identity(value);
        } else if (label == "Device" && contains(value, "Version:")) {
            // smartctl 5: "Device: HITACHI  HUS103073FL3800  Version: SA19"
            const size_t version = value.find("Version:");
            drive.firmware = identity(value.substr(version + 8));
            for (const std::string_view word : split(value.substr(0, version))) {
                product_ += (product_.empty() ? "" : " ") + std::string(word);
            }
            set_protocol(DriveProtocol::scsi);
        } else if (label == "Serial Number" || label == "Serial number") {
            drive.serial = identity(value);
        } else if (label == "Firmware Version" || label == "Revision") {
            drive.firmware = identity(value);
        } else if (label == "LU WWN Device Id") {
            drive.wwn = wwn_of(value);
        } else if (label == "Logical Unit id") {
            drive.wwn = unit_id_of(value);
        } else if (label == "Rotation Rate") {
            if (contains(value, "Solid State")) {
                drive.rotational = false;
            } else if (contains(value, "rpm")) {
                drive.rotational = true;
            }
        } else if (label == "User Capacity" || label == "Total NVM Capacity" ||
                   (label == "Namespace 1 Size/Capacity" && !drive.capacity_bytes)) {
            drive.capacity_bytes = grouped_number(value);
        } else {
            return;
        }
        used_ = true;
    }

    // "read:   110826   19   0  110845   1515087   460659.950   0": the last number counts the
    // uncorrected errors.
    void read_error_counters(std::string_view value, std::optional<double>& uncorrected) {
        const auto words = split(value);
        uncorrected = words.size() == 7 ? wanted(grouped_number(words.back())) : wanted<double>({});
    }

    // "Warning - specified temperature exceeded [asc=b, ascq=1]"
    void read_sense_code(std::string_view value) {
        constexpr std::string_view mark = "[asc=";
        const size_t at = value.find(mark);
        if (at == value.npos) return;
        std::string_view rest = value.substr(at + mark.size());
        const auto asc = take_number<unsigned>(rest, 16);
        rest = trim_start(rest, ", ");
        if (!asc || !rest.starts_with("ascq=")) return;
        rest.remove_prefix(5);
        if (const auto ascq = take_number<unsigned>(rest, 16))
            health().critical_warning = scsi_warning(*asc, *ascq);
    }

    void read_nvme(std::string_view label, std::string_view value) {
        DriveHealth& drive = health();
        const auto ratio = [&]() -> std::optional<double> {
            const auto percent = wanted(grouped_number(value));
            return percent ? std::optional<double>(*percent / 100) : std::nullopt;
        };
        if (label == "Critical Warning") {
            std::string_view digits = without_prefix(value, "0x");
            if (const auto bits = wanted(take_number<unsigned>(digits, 16)))
                drive.critical_warning = *bits & 0xffU;
            found_nvme();
        } else if (label == "Available Spare") {
            drive.available_spare_ratio = ratio();
            found_nvme();
        } else if (label == "Available Spare Threshold") {
            drive.available_spare_threshold_ratio = ratio();
        } else if (label == "Percentage Used" || label == "Percentage used endurance indicator") {
            drive.used_endurance_ratio = ratio();
        } else if (label == "Media and Data Integrity Errors") {
            drive.media_errors = wanted(grouped_number(value));
        } else if (label == "Error Information Log Entries") {
            drive.error_log_entries = grouped_number(value);
        } else if (label == "Power On Hours") {
            if (const auto hours = grouped_number(value)) {
                drive.power_on_seconds = plausible_power_on_seconds(*hours);
            }
        } else if (label == "Temperature" && contains(value, "Celsius")) {
            set_temperature(value);
        } else if (label == "Warning  Comp. Temp. Threshold" ||
                   label == "Warning Comp. Temp. Threshold") {
            set_limit(value);
        }
    }

    // The NVMe section may have been copied without its headings.
    void found_nvme() {
        used_ = true;
        set_protocol(DriveProtocol::nvme);
    }

    void set_temperature(std::string_view value) {
        const bool negative = value.starts_with("-");
        const auto celsius = grouped_number(negative ? value.substr(1) : value);
        if (!celsius || health().temperature_celsius) return;
        health().temperature_celsius = plausible_temperature(negative ? -*celsius : *celsius);
    }

    void set_limit(std::string_view value) {
        const auto celsius = grouped_number(value);
        if (celsius && *celsius > 0 && !health().temperature_limit_celsius) {
            health().temperature_limit_celsius = celsius;
        }
    }

    void read_verdict(std::string_view label, std::string_view value) {
        if (label.starts_with("SMART overall-health self-assessment")) {
            if (value.starts_with("PASSED")) health().passed = true;
            if (value.starts_with("FAILED")) health().passed = false;
            wanted(health().passed);
        } else if (label == "SMART Health Status") {
            set_protocol(DriveProtocol::scsi);
            health().passed = value.starts_with("OK");
            read_sense_code(value);
        } else {
            return;
        }
        used_ = true;
    }

    void read_field(std::string_view label, std::string_view value, std::string_view line) {
        if (value.empty()) return;
        read_identity(label, value);
        read_verdict(label, value);
        read_nvme(label, value);
        DriveHealth& drive = health();
        if (label == "Current Drive Temperature") {
            set_temperature(value);
        } else if (label == "Drive Trip Temperature") {
            set_limit(value);
        } else if (label == "Min/Max recommended Temperature") {
            const size_t slash = value.find('/');
            if (slash != std::string_view::npos) set_limit(value.substr(slash + 1));
        } else if (label == "Elements in grown defect list") {
            drive.grown_defects = wanted(grouped_number(value));
        } else if (label == "Pending defect count") {
            drive.pending_defects = wanted(grouped_number(value));
        } else if (label == "read") {
            read_error_counters(value, drive.uncorrected_reads);
        } else if (label == "write") {
            read_error_counters(value, drive.uncorrected_writes);
        } else if (label == "verify") {
            read_error_counters(value, drive.uncorrected_verifies);
        } else if (label == "ATA Error Count" || label == "Device Error Count") {
            if (!drive.error_log_entries) drive.error_log_entries = grouped_number(value);
        } else if (label == "Accumulated power on time, hours" && value.starts_with("minutes ")) {
            // "Accumulated power on time, hours:minutes 39704:24 [2382264 minutes]"
            const auto hours = grouped_number(value.substr(8));
            if (hours) drive.power_on_seconds = plausible_power_on_seconds(*hours);
        } else if (label == "Power mode is" || label == "Power mode was") {
            read_power_mode(value);
        } else if (label == "SMART support is" && contains(value, "Unavailable")) {
            answer_.warnings.emplace_back(line);
        }
    }

    void read_power_mode(std::string_view value) {
        if (contains(value, "STANDBY")) {
            health().power_state = PowerState::standby;
        } else if (contains(value, "SLEEP")) {
            health().power_state = PowerState::sleep;
        } else if (value.starts_with("IDLE")) {
            health().power_state = PowerState::idle;
        } else if (value.starts_with("ACTIVE")) {
            health().power_state = PowerState::active;
        }
    }

    void read_sentence(std::string_view words) {
        DriveHealth& drive = health();
        if (words.starts_with("No Errors Logged") && drive.protocol == DriveProtocol::ata) {
            if (!drive.error_log_entries) drive.error_log_entries = 0;
        } else if (words.starts_with("No self-tests have been logged")) {
            drive.self_test_log_read = true;
        } else if (words.starts_with("Current temperature = ")) {
            set_temperature(words.substr(22));
        } else if (words.starts_with("number of hours powered up = ")) {
            // "… = 12345.67" or "… = 12345,67"
            const std::string_view number = words.substr(29);
            const auto hours = grouped_number(number.substr(0, number.find_first_of(".,")));
            if (hours) drive.power_on_seconds = plausible_power_on_seconds(*hours);
        } else if (contains(words, "Percentage Used Endurance Indicator")) {
            // Device statistics: "0x07  0x008  1              12  N--  Percentage Used …"
            const auto columns = split(words);
            const auto percent = columns.size() > 4 ? grouped_number(columns[3]) : std::nullopt;
            if (percent && *percent <= 255) drive.used_endurance_ratio = *percent / 100;
        } else if (words.starts_with("Device is in ") && contains(words, " mode")) {
            answer_.asleep = used_ = true;
            drive.power_state = contains(words, "SLEEP") ? PowerState::sleep : PowerState::standby;
        } else if (contains(words, "mandatory SMART command failed") ||
                   contains(words, "Unknown USB bridge") ||
                   contains(words, "Please specify device type") ||
                   (words.starts_with("Smartctl open device") && contains(words, "failed"))) {
            used_ = true;
            if (answer_.errors.size() < 16) answer_.errors.emplace_back(words);
        }
        if (words.starts_with("/dev/") && drive.device.empty() && contains(words, ":")) {
            drive.device = device_in(words.substr(0, words.find(':')));
        }
    }

    std::vector<SmartctlAnswer> answers_;
    SmartctlAnswer answer_;
    std::string vendor_, product_;
    SmartctlGaps gaps_;
    std::string row_;                 // an attribute row that may continue in the next line
    std::string_view raw_row_, raw_;  // its first line and the present one, in the text
    int joined_ = 0;
    std::set<std::string, std::less<>> sectors_;  // that a background scan found, not repaired
    std::string next_device_;                     // from the command line above the output
    int last_index_ = 0;
    bool used_ = false;  // answer_ is not empty
    bool had_information_ = false;
    bool in_nvme_tests_ = false;
    bool tests_complete_ = false;
};

}  // namespace

std::vector<SmartctlAnswer> parse_smartctl_text(std::string_view text) {
    return Reader().read(text);
}

bool looks_like_smartctl_text(std::string_view text) {
    text = text.substr(0, 16384);
    if (!text.empty() && trim(text).substr(0, 1) == "{") return false;
    for (const std::string_view mark :
         {std::string_view("=== START OF INFORMATION SECTION"),
          std::string_view("SMART DATA SECTION ==="),
          std::string_view("SMART overall-health self-assessment"),
          std::string_view("SMART Health Status:"), std::string_view("ID# ATTRIBUTE_NAME"),
          std::string_view("smartmontools.org"), std::string_view("smartmontools.sourceforge.net"),
          std::string_view("SMART/Health Information (NVMe Log"),
          std::string_view("Critical Warning:  ")}) {
        if (contains(text, mark)) return true;
    }
    // --scan: "/dev/sda -d sat # /dev/sda [SAT], ATA device"
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t mark = line.find(" -d ");
    return mark != std::string_view::npos && contains(line.substr(mark), " # ") &&
           contains(line, " device");
}

}  // namespace lastgood
