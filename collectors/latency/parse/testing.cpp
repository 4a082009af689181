#include "collectors/latency/parse/testing.hpp"

#include "core/json_value.hpp"

namespace lastgood {

std::optional<bool> parse_self_test_running(std::string_view json) {
    const nlohmann::json answer = parse_json(json);
    // ATA: the upper four bits of the execution status, 15 while it runs (ATA8-ACS, 7.55.6.8).
    const auto& ata = value_in(value_in(value_in(answer, "ata_smart_data"), "self_test"), "status");
    if (const auto value = number_in(ata, "value")) return *value >= 240 && *value <= 255;
    // NVMe: the lower four bits of the first byte of log page 06h, 0 while none runs.
    const auto& nvme =
        value_in(value_in(answer, "nvme_self_test_log"), "current_self_test_operation");
    if (const auto value = number_in(nvme, "value")) return *value != 0;
    // SCSI: the result of the newest test, 15 while it runs (SPC-4, 7.3.17).
    const auto& scsi = value_in(value_in(answer, "scsi_self_test_0"), "result");
    if (const auto value = number_in(scsi, "value")) return *value == 15;
    return std::nullopt;
}

}  // namespace lastgood
