#include "collectors/smart/parse/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collectors/smart/parse/ata_attributes.hpp"
#include "core/drive_identity.hpp"
#include "core/metrics/drives.hpp"

namespace lastgood {
namespace {

// Replaces everything but printable ASCII: drives may report any bytes as their names.
std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text) result += c >= 0x20 && c < 0x7f ? c : '?';
    return result;
}

int extent(SelfTestKind kind) {
    switch (kind) {
        case SelfTestKind::extended:
            return 2;
        case SelfTestKind::brief:
        case SelfTestKind::other:
            return 1;
    }
    return 1;
}

// Writes observations of one drive; skips absent and non-finite values.
class Writer {
  public:
    Writer(std::string_view subject, Timestamp observed_at, Sink& sink)
        : subject_(subject), observed_at_(observed_at), sink_(sink) {}

    void value(const Metric& metric, double value, Labels labels = {}) {
        if (std::isfinite(value)) {
            sink_.observe(metric, subject_, value, observed_at_, std::move(labels));
        }
    }
    void value(const Metric& metric, const std::optional<double>& maybe, Labels labels = {}) {
        if (maybe) value(metric, *maybe, std::move(labels));
    }
    void flag(const Metric& metric, const std::optional<bool>& maybe) {
        if (maybe) value(metric, *maybe ? 1 : 0);
    }

  private:
    std::string_view subject_;
    Timestamp observed_at_;
    Sink& sink_;
};

void write_identity(const DriveHealth& health, std::string_view reader, Writer& writer) {
    Labels labels;
    const auto add = [&](const char* key, std::string_view text) {
        if (!text.empty()) labels.emplace_back(key, printable(text));
    };
    add("device", health.device);
    add("firmware", health.firmware);
    add("model", health.model);
    if (health.protocol != DriveProtocol::unknown) add("protocol", to_string(health.protocol));
    add("reader", reader);
    if (health.rotational) add("rotational", *health.rotational ? "1" : "0");
    add("serial", health.serial);
    add("wwn", health.wwn);
    writer.value(metric::drive_info, 1, std::move(labels));
}

void write_attributes(const DriveHealth& health, Writer& writer) {
    const double unlisted = health.unlisted_prefail_failing ? 1 : 0;
    if (health.attributes.empty()) {
        if (unlisted > 0) writer.value(metric::drive_attributes_failing, unlisted);
        return;
    }
    double past = 0, prefail_past = 0;
    std::vector<std::string> failing, old_age;
    std::set<int> seen;
    for (const AtaAttribute& attribute : health.attributes) {
        if (!seen.insert(attribute.id).second) continue;
        const std::string name(attribute.name.empty() ? default_attribute_name(attribute.id)
                                                      : std::string_view(attribute.name));
        const auto write = [&](const char* kind, const std::optional<double>& value) {
            writer.value(metric::drive_attribute, value,
                         {{"id", fmt::format("{}", attribute.id)},
                          {"kind", kind},
                          {"name", printable(name)}});
        };
        write("normalized", attribute.normalized);
        write("raw", unpacked_raw(attribute, health));
        write("threshold", attribute.threshold);
        write("worst", attribute.worst);
        // Healthy drives cross the vendors' temperature thresholds on warm days; rules judge the
        // temperature itself.
        if (attribute.id == 190 || attribute.id == 194) continue;
        if (failing_now(attribute))
            (attribute.prefail ? failing : old_age)
                .push_back(fmt::format("{} {}", attribute.id, printable(name)));
        if (failed_in_past(attribute)) (attribute.prefail ? prefail_past : past) += 1;
    }
    writer.value(metric::drive_attributes_failing, static_cast<double>(failing.size()) + unlisted);
    writer.value(metric::drive_old_age_attributes_failing, static_cast<double>(old_age.size()));
    for (const auto& [type, attributes] :
         {std::pair("pre_failure", &failing), std::pair("old_age", &old_age)}) {
        if (attributes->empty()) continue;
        writer.value(
            metric::drive_attributes_at_limit, 1,
            {{"attributes", fmt::format("{}", fmt::join(*attributes, ", "))}, {"type", type}});
    }
    writer.value(metric::drive_attributes_failed_in_past, past + prefail_past);
    writer.value(metric::drive_prefail_attributes_failed_in_past, prefail_past);

    const AtaSummary summary = summarise_attributes(health);
    writer.value(metric::drive_reallocated_sectors, summary.reallocated_sectors);
    writer.value(metric::drive_offline_uncorrectable_sectors,
                 summary.offline_uncorrectable_sectors);
    writer.value(metric::drive_reported_uncorrectable_errors_total,
                 summary.reported_uncorrectable_errors);
    writer.value(metric::drive_command_timeouts_total, summary.command_timeouts);
    writer.value(metric::drive_interface_crc_errors_total, summary.interface_crc_errors);
}

void write_nvme(const DriveHealth& health, Writer& writer) {
    writer.value(metric::drive_available_spare_ratio, health.available_spare_ratio);
    writer.value(metric::drive_available_spare_threshold_ratio,
                 health.available_spare_threshold_ratio);
    writer.value(metric::drive_media_errors_total, health.media_errors);
    if (!health.critical_warning) return;
    for (const auto& [name, set] : critical_warnings(*health.critical_warning))
        writer.value(metric::drive_critical_warning, set ? 1 : 0, {{"warning", std::string(name)}});
}

void write_scsi(const DriveHealth& health, Writer& writer) {
    writer.value(metric::drive_grown_defects, health.grown_defects);
    const auto uncorrected = [&](const char* operation, const std::optional<double>& count) {
        writer.value(metric::drive_uncorrected_errors_total, count, {{"operation", operation}});
    };
    uncorrected("read", health.uncorrected_reads);
    uncorrected("verify", health.uncorrected_verifies);
    uncorrected("write", health.uncorrected_writes);
}

void write_temperature(const DriveHealth& health, const std::optional<double>& celsius,
                       Writer& writer) {
    if (!celsius) return;
    writer.value(metric::drive_temperature_celsius, celsius);
    // Outside this range the limit means something else: 40 is for storage, 117 for the silicon,
    // and 0 stands for none.
    const bool plausible = health.temperature_limit_celsius &&
                           *health.temperature_limit_celsius >= 50 &&
                           *health.temperature_limit_celsius <= 95;
    writer.value(metric::drive_temperature_limit_celsius,
                 plausible ? *health.temperature_limit_celsius
                           : (health.rotational.value_or(false) ? 60.0 : 70.0));
}

}  // namespace

std::string_view to_string(DriveProtocol protocol) {
    switch (protocol) {
        case DriveProtocol::unknown:
            return "unknown";
        case DriveProtocol::ata:
            return "ata";
        case DriveProtocol::nvme:
            return "nvme";
        case DriveProtocol::scsi:
            return "scsi";
    }
    return "unknown";
}

std::string_view to_string(PowerState state) {
    switch (state) {
        case PowerState::unknown:
            return "unknown";
        case PowerState::active:
            return "active";
        case PowerState::idle:
            return "idle";
        case PowerState::standby:
            return "standby";
        case PowerState::sleep:
            return "sleep";
    }
    return "unknown";
}

bool DriveHealth::has_health() const {
    return passed || temperature_celsius || power_on_seconds || used_endurance_ratio ||
           error_log_entries || self_test_log_read || !attributes.empty() ||
           available_spare_ratio || critical_warning || media_errors || grown_defects ||
           pending_defects || uncorrected_reads || uncorrected_writes || uncorrected_verifies;
}

bool DriveHealth::would_show_failure() const {
    return passed || !attributes.empty() || critical_warning || media_errors || grown_defects ||
           pending_defects || uncorrected_reads || uncorrected_writes || uncorrected_verifies;
}

std::vector<std::pair<std::string_view, bool>> critical_warnings(unsigned bits) {
    // NVM Express base specification 2.0, figure 207.
    static constexpr std::array<std::string_view, 6> names = {
        "spare", "temperature", "reliability", "read_only", "volatile_backup", "persistent_memory"};
    std::vector<std::pair<std::string_view, bool>> warnings;
    for (size_t bit = 0; bit < names.size(); ++bit)
        warnings.emplace_back(names[bit], ((bits >> bit) & 1U) != 0);
    if ((bits >> names.size()) != 0) warnings.emplace_back("unknown", true);
    return warnings;
}

std::optional<unsigned> scsi_warning(unsigned asc, unsigned ascq) {
    // SPC-6, annex F: 0b/01 specified temperature exceeded, 0b/0a to 0b/0d limits of temperature.
    constexpr unsigned temperature = 1U << 1U;
    if (asc == 0x0b && (ascq == 0x01 || (ascq >= 0x0a && ascq <= 0x0d))) return temperature;
    return std::nullopt;
}

std::string drive_id(const DriveHealth& health) {
    std::string id = make_drive_id(health.wwn, health.model, health.serial);
    if (id.empty()) id = printable(health.device);
    if (id.empty()) id = id_part(health.model);
    return id.empty() ? "unknown-drive" : id;
}

std::optional<bool> self_test_failed(const std::vector<SelfTest>& tests) {
    int passed_extent = 0;
    bool finished = false;
    for (const SelfTest& test : tests) {
        switch (test.outcome) {
            case SelfTestOutcome::unfinished:
                break;
            case SelfTestOutcome::passed:
                finished = true;
                passed_extent = std::max(passed_extent, extent(test.kind));
                break;
            case SelfTestOutcome::failed:
                if (extent(test.kind) > passed_extent) return true;
                finished = true;
                break;
        }
    }
    return finished ? std::optional<bool>(false) : std::nullopt;
}

std::optional<double> self_test_age(const DriveHealth& health, SelfTestKind kind) {
    if (!health.power_on_seconds) return std::nullopt;
    for (const SelfTest& test : health.self_tests) {
        if (test.kind != kind || test.outcome == SelfTestOutcome::unfinished) continue;
        if (!test.at_hours) return std::nullopt;
        double hours = *health.power_on_seconds / 3600 - *test.at_hours;
        if (health.protocol == DriveProtocol::ata) {
            hours = std::fmod(hours, 65536);
            if (hours < -1) hours += 65536;
        }
        if (hours < -1) return std::nullopt;
        return std::max(hours, 0.0) * 3600;
    }
    return std::nullopt;
}

std::optional<double> recent_logged_errors(const DriveHealth& health) {
    constexpr double recent_hours = 168, wrap = 65536;
    if (health.logged_errors.empty() || !health.power_on_seconds) return std::nullopt;
    double count = 0;
    for (const LoggedError& error : health.logged_errors) {
        if (!error.medium) continue;
        if (!error.at_hours) return std::nullopt;
        double age = std::fmod(*health.power_on_seconds / 3600 - *error.at_hours, wrap);
        // Some drives count the hours of the log a little ahead of the attribute.
        if (age < -1) age += wrap;
        if (age <= recent_hours) count += 1;
    }
    return count;
}

void observe_drive_health(const DriveHealth& health, std::string_view subject,
                          std::string_view reader, Timestamp observed_at, Sink& sink) {
    Writer writer(subject, observed_at, sink);
    const AtaSummary ata = summarise_attributes(health);
    DriveHealth complete = health;
    if (!complete.power_on_seconds) complete.power_on_seconds = ata.power_on_seconds;

    write_identity(health, reader, writer);
    writer.value(metric::drive_size_bytes, health.capacity_bytes);
    writer.flag(metric::drive_smart_passed, health.passed);
    write_temperature(
        health, health.temperature_celsius ? health.temperature_celsius : ata.temperature_celsius,
        writer);
    writer.value(metric::drive_power_on_seconds, complete.power_on_seconds);
    if (health.power_state != PowerState::unknown) {
        writer.value(metric::drive_power_state, 1,
                     {{"state", std::string(to_string(health.power_state))}});
    }
    write_attributes(health, writer);
    writer.value(metric::drive_pending_sectors,
                 ata.pending_sectors ? ata.pending_sectors : health.pending_defects);
    writer.value(metric::drive_used_endurance_ratio, health.used_endurance_ratio
                                                         ? health.used_endurance_ratio
                                                         : ata.used_endurance_ratio);
    write_nvme(health, writer);
    write_scsi(health, writer);
    writer.value(metric::drive_error_log_entries_total, health.error_log_entries);
    writer.value(metric::drive_logged_errors_recent, recent_logged_errors(complete));
    writer.flag(metric::drive_self_test_failed, self_test_failed(health.self_tests));
    writer.value(metric::drive_self_test_age_seconds,
                 self_test_age(complete, SelfTestKind::extended), {{"type", "extended"}});
    writer.value(metric::drive_self_test_age_seconds, self_test_age(complete, SelfTestKind::brief),
                 {{"type", "short"}});
}

}  // namespace lastgood
