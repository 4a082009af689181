// Checks the table as a whole, and its findings about typical subjects.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/host.hpp"
#include "rules/text.hpp"
#include "tests/rules/build.hpp"

using namespace lastgood;
using lastgood::test::found;
using lastgood::test::observation;
using Names = std::vector<std::string>;

namespace {

constexpr Timestamp now = test::table_time;

}  // namespace

TEST_CASE("every rule is whole") {
    std::set<std::string_view> seen;
    for (const Rule& rule : all_rules()) {
        CAPTURE(rule.name);
        CHECK(seen.insert(rule.name).second);
        for (const char c : rule.name) CHECK(((c >= 'a' && c <= 'z') || c == '_'));
        std::vector<std::string_view> texts{rule.summary, rule.advice, rule.why};
        for (const Instead& instead : rule.instead) texts.push_back(instead.advice);
        for (const std::string_view text : texts) {
            CHECK(text.size() > 20);
            CHECK(unknown_placeholders(text, rule.subject, rule.also) == Names{});
            CHECK(text.find("{{") == text.npos);  // Prometheus would take it for a template
        }
        for (const Instead& instead : rule.instead) {
            CHECK(instead.when.clock == Clock::none);
            CHECK(instead.when.right.metric == nullptr);
            CHECK_FALSE(instead.when.unless);
        }
        CHECK(rule.summary.find("{subject}") != rule.summary.npos);
        CHECK(rule.summary.ends_with('.'));
        if (rule.prometheus_expression.empty()) {
            REQUIRE(!rule.all_of.empty());
            CHECK_FALSE(rule.all_of.front().unless);
        } else {
            CHECK(rule.prometheus_only);
            CHECK(rule.all_of.empty());
        }
    }
}

TEST_CASE("operands use labels that their metric has, and are about the rule's subject") {
    for (const Rule& rule : all_rules()) {
        CAPTURE(rule.name);
        for (const Condition& condition : rule.all_of) {
            for (const Operand& operand : {condition.left, condition.right}) {
                if (operand.metric == nullptr) continue;
                CAPTURE(operand.metric->name);
                const std::string labels = "," + std::string(operand.metric->labels) + ",";
                const auto has = [&](std::string_view label) {
                    return labels.find("," + std::string(label) + ",") != labels.npos;
                };
                CHECK((operand.label.empty() || has(operand.label)));
                CHECK(operand.label.empty() == operand.values.empty());
                CHECK((operand.metric->subject == rule.subject || has(to_string(rule.subject))));
            }
        }
    }
}

TEST_CASE("info labels exist") {
    for (const SubjectKind kind : {SubjectKind::drive, SubjectKind::array, SubjectKind::filesystem,
                                   SubjectKind::data, SubjectKind::backup}) {
        REQUIRE(info_metric(kind) != nullptr);
        const std::string labels = "," + std::string(info_metric(kind)->labels) + ",";
        for (const std::string_view label : info_labels(kind)) {
            CHECK(labels.find("," + std::string(label) + ",") != labels.npos);
        }
    }
}

// Seen in the lab: smartctl's verdict on an NVMe drive is "failed" with any critical warning, even
// if the drive is only hot.
TEST_CASE("each critical warning of an NVMe drive gives one finding, the right one") {
    const auto with = [](std::string_view warning) {
        return found({observation(metric::drive_smart_passed, "d", 0),
                      observation(metric::drive_critical_warning, "d", warning == "spare",
                                  {{"warning", "spare"}}),
                      observation(metric::drive_critical_warning, "d", warning == "temperature",
                                  {{"warning", "temperature"}})});
    };
    CHECK(with("spare") == Names{"drive_failing_critical_warning d"});
    CHECK(with("temperature") == Names{"drive_suspect_temperature_warning d"});
    CHECK(found({observation(metric::drive_smart_passed, "d", 0)}) ==
          Names{"drive_failing_verdict d"});
}

TEST_CASE("a healthy host gives no findings") {
    CHECK(
        found({
            observation(metric::drive_info, "d", 1, {{"device", "sda"}}),
            observation(metric::drive_present, "d", 1),
            observation(metric::drive_answering, "d", 1),
            observation(metric::drive_io_stalled_seconds, "d", 0),
            observation(metric::drive_io_errors_total, "d", 12),
            observation(metric::drive_smart_passed, "d", 1),
            observation(metric::drive_temperature_celsius, "d", 38),
            observation(metric::drive_temperature_limit_celsius, "d", 60),
            observation(metric::drive_reallocated_sectors, "d", 1),
            observation(metric::drive_pending_sectors, "d", 0),
            observation(metric::drive_offline_uncorrectable_sectors, "d", 0),
            observation(metric::drive_reported_uncorrectable_errors_total, "d", 0),
            observation(metric::drive_interface_crc_errors_total, "d", 900),
            observation(metric::drive_attributes_failing, "d", 0),
            observation(metric::drive_old_age_attributes_failing, "d", 0),
            observation(metric::drive_attributes_failed_in_past, "d", 1),
            observation(metric::drive_used_endurance_ratio, "d", 0.3),
            observation(metric::drive_available_spare_ratio, "d", 1),
            observation(metric::drive_available_spare_threshold_ratio, "d", 0.1),
            observation(metric::drive_critical_warning, "d", 0, {{"warning", "spare"}}),
            observation(metric::drive_self_test_failed, "d", 0),
            observation(metric::drive_count_increase, "d", 0, {{"counter", "reallocated_sectors"}}),
            observation(metric::drive_count_increase, "d", 7, {{"counter", "io_errors"}}),
            observation(metric::drive_kernel_errors_recent, "d", 0, {{"kind", "medium"}}),
            observation(metric::array_kernel_errors_recent, "a", 0, {{"kind", "io"}}),
            observation(metric::filesystem_kernel_log_errors_recent, "/", 0, {{"kind", "io"}}),
            observation(metric::array_info, "a", 1, {{"level", "raid5"}}),
            observation(metric::array_present, "a", 1),
            observation(metric::array_readable, "a", 1),
            observation(metric::array_failed, "a", 0),
            observation(metric::array_degraded_members, "a", 0),
            observation(metric::array_survivable_failures, "a", 1),
            observation(metric::array_fatal_members, "a", 0),
            observation(metric::array_mismatch_sectors, "a", 0),
            observation(metric::array_member, "a", 1, {{"drive", "d"}, {"state", "in_sync"}}),
            observation(metric::array_member_bad_blocks, "a", 0, {{"drive", "d"}}),
            observation(metric::array_sync_action, "a", 1, {{"action", "check"}}),
            observation(metric::array_sync_progress_ratio, "a", 0.5, {{"action", "check"}}),
            observation(metric::array_unchecked_since_timestamp_seconds, "a", now - 30 * 86400.0),
            observation(metric::filesystem_used_ratio, "/", 0.7),
            observation(metric::filesystem_inodes_used_ratio, "/", 0.7),
            observation(metric::filesystem_read_only, "/", 0),
            observation(metric::filesystem_read_only_intended, "/", 0),
            observation(metric::filesystem_kernel_errors_total, "/", 0),
            observation(metric::filesystem_responding, "/", 1),
            observation(metric::filesystem_backed_up, "/", 1),
            observation(metric::filesystem_ephemeral, "/", 0),
            observation(metric::filesystem_full_at_timestamp_seconds, "/", now + 90 * 86400.0),
            observation(metric::backup_info, "b", 1, {{"kind", "files"}}),
            observation(metric::backup_readable, "b", 1),
            observation(metric::backup_newest_timestamp_seconds, "b", now - 3600,
                        {{"confidence", "exact"}}),
            observation(metric::backup_max_age_seconds, "b", 26 * 3600),
            observation(metric::backup_size_bytes, "b", 100),
            observation(metric::backup_min_size_bytes, "b", 10),
            observation(metric::backup_incomplete, "b", 0),
            observation(metric::backup_in_progress, "b", 1),
            observation(metric::backup_lock_timestamp_seconds, "b", now - 600),
            observation(metric::backup_failure_domain, "b", 1, {{"domain", "off-host"}}),
            observation(metric::collector_success, "c", 1),
            observation(metric::collector_abandoned_children, "c", 0),
            observation(metric::kernel_log_lost_records_total, "", 50),
            observation(metric::kernel_log_lost_records_recent, "", 0),
            observation(metric::state_persisted, "", 1),
            observation(metric::config_accepted, "", 1),
        }) == Names{});
}

TEST_CASE("a listener that does not serve is a finding, an unknown one is none") {
    CHECK(found({observation(metric::listener_up, "", 0)}) == Names{"listener_failing"});
    CHECK(found({observation(metric::listener_up, "", 1)}) == Names{});
}

TEST_CASE("kernel errors of the medium make a drive failing, others suspect, never both") {
    const auto error = [](std::string kind, double count) {
        return observation(metric::drive_kernel_errors_recent, "d", count, {{"kind", kind}});
    };
    CHECK(found({error("medium", 1), error("io", 3)}) == Names{"drive_failing_medium_errors d"});
    // Each layer counts the same request: the counts are not added.
    const auto in_layer = [](std::string kind, std::string layer, double count) {
        return observation(metric::drive_kernel_errors_recent, "d", count,
                           {{"kind", kind}, {"layer", layer}});
    };
    CHECK(found({in_layer("reset", "ata", 2), in_layer("reset", "scsi", 2)}) == Names{});
    CHECK(found({error("target", 2), error("reset", 2), error("corrected", 2)}) == Names{});
    for (const char* kind : {"target", "reset", "corrected"}) {
        CHECK(found({error(kind, 3)}) == Names{"drive_suspect_kernel_incidents d"});
        CHECK(found({error(kind, 3), error("timeout", 1)}) ==
              Names{"drive_suspect_kernel_errors d"});
        CHECK(found({error(kind, 3), error("medium", 1)}) ==
              Names{"drive_failing_medium_errors d"});
    }
    CHECK(found({error("medium", 0), error("timeout", 1)}) ==
          Names{"drive_suspect_kernel_errors d"});
    CHECK(found({error("hardware", 1), error("io", 1)}) ==
          Names{"drive_failing_hardware_errors d"});
    CHECK(found({error("kicked", 1), error("io", 1)}) == Names{"drive_failing_dropped d"});
    CHECK(found({error("unsupported", 40), error("nexus", 3)}) == Names{});
    CHECK(found({error("a kind of a later version", 1)}) == Names{"drive_suspect_kernel_errors d"});
}

TEST_CASE("degraded arrays are judged by the losses that they survive") {
    const auto array = [](double degraded, double survivable, double fatal, double failed) {
        return found({observation(metric::array_degraded_members, "a", degraded),
                      observation(metric::array_survivable_failures, "a", survivable),
                      observation(metric::array_fatal_members, "a", fatal),
                      observation(metric::array_failed, "a", failed)});
    };
    CHECK(array(0, 0, 4, 0) == Names{});  // RAID 0 has no redundancy by design
    CHECK(array(1, 0, 1, 0) == Names{"array_degraded a", "array_fatal_members a"});
    CHECK(array(1, 1, 0, 0) == Names{"array_degraded_redundant a"});
    CHECK(array(2, 0, 0, 1) == Names{"array_failed a"});
    CHECK(found({observation(metric::array_degraded_members, "a", 1)}) ==
          Names{"array_degraded a"});  // redundancy unknown: assume the worse
}

TEST_CASE("each kernel error of an array or a filesystem gives one finding") {
    const auto array = [](std::string kind) {
        return observation(metric::array_kernel_errors_recent, "a", 1,
                           {{"kind", kind}, {"layer", "md"}});
    };
    for (const char* kind : {"array_failed", "uncorrected"}) {
        CHECK(found({array(kind), array("io")}) == Names{"array_kernel_data_loss a"});
        CHECK(found({array(kind), observation(metric::array_failed, "a", 1)}) ==
              Names{"array_failed a"});
    }
    for (const char* kind : {"io", "array_mismatch", "a kind of a later version"}) {
        CHECK(found({array(kind)}) == Names{"array_kernel_errors a"});
    }
    const auto filesystem = [](std::string kind) {
        return observation(metric::filesystem_kernel_log_errors_recent, "/x", 1,
                           {{"kind", kind}, {"layer", "filesystem"}});
    };
    const auto noted = observation(metric::filesystem_kernel_errors_total, "/x", 1);
    for (const char* kind :
         {"inconsistent", "uncorrected", "journal_aborted", "read_only", "shutdown"}) {
        CHECK(found({filesystem(kind), filesystem("io"), noted}) == Names{"filesystem_damaged /x"});
    }
    for (const char* kind : {"io", "checksum", "corrected", "beyond_end"}) {
        CHECK(found({filesystem(kind)}) == Names{"filesystem_log_errors /x"});
    }
    CHECK(found({noted}) == Names{"filesystem_errors /x"});
}

TEST_CASE("the attributes at their limit are named") {
    std::vector<Rule> rules(all_rules().begin(), all_rules().end());
    RuleMemory memory;
    const auto findings =
        evaluate(rules,
                 {observation(metric::drive_old_age_attributes_failing, "d", 1),
                  observation(metric::drive_attributes_at_limit, "d", 1,
                              {{"attributes", "184 End-to-End_Error"}, {"type", "old_age"}}),
                  observation(metric::drive_attributes_at_limit, "other", 1,
                              {{"attributes", "202 Percent_Lifetime"}, {"type", "old_age"}}),
                  observation(metric::drive_info, "d", 1,
                              {{"device", "sdb"}, {"model", "M"}, {"serial", "S"}})},
                 now, memory);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].summary ==
          "Drive sdb (M, serial S): 1 attribute (184 End-to-End_Error) reached the maker's limit.");
}

TEST_CASE("wear is a warning; a forecast of failure is critical") {
    CHECK(found({observation(metric::drive_old_age_attributes_failing, "d", 1)}) ==
          Names{"drive_suspect_old_age d"});
    CHECK(found({observation(metric::drive_attributes_failing, "d", 1)}) ==
          Names{"drive_failing_attribute d"});
}

TEST_CASE("counts that healthy drives do not have are warnings, even if they do not grow") {
    CHECK(found({observation(metric::drive_prefail_attributes_failed_in_past, "d", 0),
                 observation(metric::drive_error_log_entries_total, "d", 98),
                 observation(metric::drive_logged_errors_recent, "d", 0),
                 observation(metric::drive_media_errors_total, "d", 9),
                 observation(metric::drive_grown_defects, "d", 99),
                 observation(metric::drive_uncorrected_errors_total, "d", 0,
                             {{"operation", "read"}})})
              .empty());
    CHECK(found({observation(metric::drive_prefail_attributes_failed_in_past, "d", 1)}) ==
          Names{"drive_suspect_prefail_in_past d"});
    CHECK(found({observation(metric::drive_logged_errors_recent, "d", 1)}) ==
          Names{"drive_suspect_logged_errors d"});
    CHECK(found({observation(metric::drive_media_errors_total, "d", 10)}) ==
          Names{"drive_suspect_many_media_errors d"});
    CHECK(found({observation(metric::drive_grown_defects, "d", 100)}) ==
          Names{"drive_suspect_many_grown_defects d"});
    const auto verified =
        observation(metric::drive_uncorrected_errors_total, "d", 1, {{"operation", "verify"}});
    CHECK(found({verified}) == Names{"drive_suspect_uncorrected_in_life d"});
    // Growth says more, and is not said twice.
    CHECK(found({verified, observation(metric::drive_count_increase, "d", 1,
                                       {{"counter", "uncorrected_errors"}})}) ==
          Names{"drive_suspect_uncorrected_errors d"});
}

TEST_CASE("a critical warning of unknown meaning is not fine") {
    CHECK(found({observation(metric::drive_critical_warning, "d", 1, {{"warning", "unknown"}})}) ==
          Names{"drive_critical_warning_unknown d"});
}

TEST_CASE("a scrub gives no finding; a rebuild does") {
    const auto action = [](std::string name) {
        return found({observation(metric::array_sync_progress_ratio, "a", 0.4, {{"action", name}}),
                      observation(metric::array_mismatch_sectors, "a", 8)});
    };
    CHECK(action("check") == Names{});
    CHECK(action("repair") == Names{});
    CHECK(action("recover") == Names{"array_mismatches a", "array_rebuilding a"});
    CHECK(action("resync") == Names{"array_mismatches a", "array_resyncing a"});
}

TEST_CASE("filesystems are judged by use, by being read-only and by their backups") {
    const auto filesystem = [](double used, double read_only, double intended) {
        return found({observation(metric::filesystem_used_ratio, "/x", used),
                      observation(metric::filesystem_read_only, "/x", read_only),
                      observation(metric::filesystem_read_only_intended, "/x", intended)});
    };
    CHECK(filesystem(0.89, 0, 0) == Names{});
    CHECK(filesystem(0.9, 0, 0) == Names{"filesystem_filling /x"});
    CHECK(filesystem(0.95, 0, 0) == Names{"filesystem_full /x"});
    CHECK(filesystem(1, 1, 1) == Names{});
    CHECK(filesystem(1, 1, 0) == Names{"filesystem_read_only /x"});
    const auto filling = [](double used, double seconds) {
        return found(
            {observation(metric::filesystem_used_ratio, "/x", used),
             observation(metric::filesystem_full_at_timestamp_seconds, "/x", now + seconds)});
    };
    CHECK(filling(0.7, 86399) == Names{"filesystem_full_within_day /x"});
    CHECK(filling(0.7, 86400) == Names{"filesystem_full_within_days /x"});
    CHECK(filling(0.7, 3 * 86400) == Names{});
    CHECK(filling(0.1, 600) == Names{});
    const auto kept = [](double backed_up, double ephemeral, double used) {
        return found({observation(metric::filesystem_backed_up, "/x", backed_up),
                      observation(metric::filesystem_used_ratio, "/x", used),
                      observation(metric::filesystem_ephemeral, "/x", ephemeral)});
    };
    CHECK(kept(0, 0, 0.3) == Names{"filesystem_not_backed_up /x"});
    CHECK(kept(0, 1, 0.3) == Names{"filesystem_ephemeral /x"});
    CHECK(kept(0, 1, 0.01) == Names{});
    CHECK(kept(1, 1, 0.3) == Names{});
}

TEST_CASE("a drive removed from USB is less severe than one removed from its bay") {
    const auto gone = [](std::string transport) {
        return found({observation(metric::drive_present, "d", 0),
                      observation(metric::drive_info, "d", 1, {{"transport", transport}})});
    };
    CHECK(gone("sata") == Names{"drive_gone d"});
    CHECK(gone("usb") == Names{"drive_gone_removable d"});
}
