#include "collectors/smart/evidence.hpp"

#include "core/metrics/drives.hpp"

namespace lastgood {

std::span<const EvidenceWords> words_of_smart_evidence() {
    using namespace metric;
    static const std::vector<EvidenceWords> words = {
        {&drive_smart_passed,
         {"overall-health self-assessment", "SMART Health Status:", "\"smart_status\"",
          "\"passed\""}},
        {&drive_pending_sectors,
         {"Current_Pending", "Pending_Sector", "Require Write or Reassign",
          "Reassignment by disk failed", "Unsuccessfully reassigned", "Pending",
          "scsi_pending_defects", "\"reassign_status\""}},
        {&drive_offline_uncorrectable_sectors, {"Offline_Uncorrectable", "Uncorrectable"}},
        {&drive_reallocated_sectors, {"Reallocated_Sector", "Reallocat", "Retired_Block"}},
        {&drive_grown_defects,
         {"Elements in grown defect list", "scsi_grown_defect_list", "grown defect"}},
        {&drive_reported_uncorrectable_errors_total,
         {"Reported_Uncorrect", "Uncorrectable_Error", "Uncorrect"}},
        {&drive_uncorrected_errors_total,
         {"read:", "scsi_error_counter_log", "total_uncorrected_errors"}},
        {&drive_attributes_failing, {"FAILING_NOW", " NOW ", "\"now\"", "\"exit_status\""}},
        {&drive_old_age_attributes_failing, {"FAILING_NOW", " NOW ", "\"now\""}},
        {&drive_prefail_attributes_failed_in_past,
         {"In_the_past", "    Past", " Past ", "\"past\""}},
        {&drive_logged_errors_recent,
         {"Error: UNC", "Error: AMNF", "Error: IDNF", "ata_smart_error_log"}},
        {&drive_critical_warning,
         {"Critical Warning:", "critical_warning", "Critical Warning",
          "SMART Health Status:", "\"asc\""}},
        {&drive_available_spare_ratio, {"Available Spare:", "available_spare", "avail_spare"}},
        {&drive_used_endurance_ratio,
         {"Percentage Used:", "Percentage used", "Percentage Used", "percentage_used",
          "percent_used", "Media_Wearout", "Wear_Leveling", "Life", "Wear"}},
        {&drive_media_errors_total, {"Media and Data Integrity", "media_errors", "num_err_log"}},
        {&drive_self_test_failed,
         {"Completed: read failure", "Completed: ", "Failed in segment", "failure", "Failed",
          "self_test_log", "\"self_test\"", "\"exit_status\""}},
        {&drive_temperature_celsius,
         {"Current Drive Temperature:", "Temperature_Celsius", "Current Temperature:",
          "Airflow_Temperature", "Temperature:", "\"temperature\"", "temperature", "Temperature"}},
    };
    return words;
}

}  // namespace lastgood
