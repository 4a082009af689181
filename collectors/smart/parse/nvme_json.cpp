#include "collectors/smart/parse/nvme_json.hpp"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "collectors/smart/parse/plausible.hpp"
#include "core/text.hpp"

namespace lastgood {
namespace {

using nlohmann::json;

constexpr size_t max_drives = 1000;

const json nothing;

const json& member(const json& value, const char* key) {
    if (!value.is_object()) return nothing;
    const auto found = value.find(key);
    return found == value.end() ? nothing : *found;
}

// Takes a number, a number in a string, or an object with a "value".
std::optional<double> count(const json& value) {
    double result = 0;
    if (value.is_number()) {
        result = value.get<double>();
    } else if (value.is_string()) {
        const auto parsed = parse_number<double>(value.get_ref<const std::string&>());
        if (!parsed) return std::nullopt;
        result = *parsed;
    } else if (value.is_object()) {
        const json& inner = member(value, "value");
        return inner.is_object() ? std::nullopt : count(inner);
    } else {
        return std::nullopt;
    }
    if (!std::isfinite(result) || result < 0) return std::nullopt;
    return result;
}

std::string text_of(const json& value) {
    if (!value.is_string()) return {};
    return std::string(trim_end(value.get_ref<const std::string&>()));
}

std::optional<double> ratio(const json& value) {
    const auto percent = count(value);
    return percent ? std::optional<double>(*percent / 100) : std::nullopt;
}

DriveHealth read_smart_log(const json& root) {
    DriveHealth health;
    health.protocol = DriveProtocol::nvme;
    health.rotational = false;
    if (const auto bits = count(member(root, "critical_warning")); bits && *bits < 256) {
        health.critical_warning = static_cast<unsigned>(*bits);
        // NVMe drives give no other verdict; smartctl uses this one, too.
        health.passed = *health.critical_warning == 0;
    }
    if (const auto kelvin = count(member(root, "temperature")); kelvin && *kelvin > 0) {
        // The log page has kelvin; a value of 150 or less must be degrees Celsius.
        health.temperature_celsius = plausible_temperature(*kelvin > 150 ? *kelvin - 273 : *kelvin);
    }
    health.available_spare_ratio = ratio(member(root, "avail_spare"));
    health.available_spare_threshold_ratio = ratio(member(root, "spare_thresh"));
    for (const char* key : {"percent_used", "percentage_used"}) {
        if (!health.used_endurance_ratio) health.used_endurance_ratio = ratio(member(root, key));
    }
    if (const auto hours = count(member(root, "power_on_hours"))) {
        health.power_on_seconds = plausible_power_on_seconds(*hours);
    }
    health.media_errors = count(member(root, "media_errors"));
    health.error_log_entries = count(member(root, "num_err_log_entries"));
    return health;
}

DriveHealth read_identity(const json& device) {
    DriveHealth health;
    health.protocol = DriveProtocol::nvme;
    health.rotational = false;
    health.model = text_of(member(device, "ModelNumber"));
    health.serial = text_of(member(device, "SerialNumber"));
    health.firmware = text_of(member(device, "Firmware"));
    health.device = without_prefix(text_of(member(device, "DevicePath")), "/dev/");
    if (health.device.empty()) health.device = text_of(member(device, "Controller"));
    health.capacity_bytes = count(member(device, "PhysicalSize"));
    const json& namespaces = member(device, "Namespaces");
    if (namespaces.is_array() && namespaces.size() == 1) {
        health.capacity_bytes = count(member(namespaces[0], "PhysicalSize"));
        const std::string name = text_of(member(namespaces[0], "NameSpace"));
        if (!name.empty()) health.device = name;
    }
    return health;
}

void read_list(const json& devices, std::vector<DriveHealth>& drives) {
    for (const json& device : devices) {
        if (drives.size() >= max_drives) return;
        const json& subsystems = member(device, "Subsystems");
        if (!subsystems.is_array()) {
            if (device.is_object()) drives.push_back(read_identity(device));
            continue;
        }
        for (const json& subsystem : subsystems) {
            const json& controllers = member(subsystem, "Controllers");
            if (!controllers.is_array()) continue;
            for (const json& controller : controllers) {
                if (drives.size() < max_drives) drives.push_back(read_identity(controller));
            }
        }
    }
}

}  // namespace

Result<NvmeAnswer> parse_nvme_json(std::string_view text) {
    const json root = json::parse(text.begin(), text.end(), nullptr, false);
    if (!root.is_object()) {
        return fail(ErrorKind::malformed, "the output of nvme is not a JSON object");
    }
    NvmeAnswer answer;
    if (const json& devices = member(root, "Devices"); devices.is_array()) {
        answer.is_list = true;
        read_list(devices, answer.drives);
        return answer;
    }
    for (const char* key : {"smart_log", "nvme_smart_log"}) {
        if (member(root, key).is_object()) {
            answer.drives.push_back(read_smart_log(member(root, key)));
            return answer;
        }
    }
    if (root.contains("critical_warning") && root.contains("avail_spare")) {
        answer.drives.push_back(read_smart_log(root));
        return answer;
    }
    return fail(ErrorKind::malformed,
                "the JSON object is neither of `nvme smart-log` nor of `nvme list`");
}

}  // namespace lastgood
