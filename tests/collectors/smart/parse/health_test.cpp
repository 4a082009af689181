#include "collectors/smart/parse/health.hpp"

#include <doctest/doctest.h>

#include "collectors/explainer.hpp"
#include "core/metrics/drives.hpp"
#include "core/report.hpp"
#include "tests/select.hpp"

using namespace lastgood;

namespace {

SelfTest test_of(SelfTestKind kind, SelfTestOutcome outcome, double hours = 0) {
    return {kind, outcome, hours};
}

std::vector<Observation> observed(const DriveHealth& health) {
    ExplainSink sink;
    observe_drive_health(health, "drive", "smartctl", 1000, sink);
    return sink.observations;
}

constexpr auto brief = SelfTestKind::brief;
constexpr auto extended = SelfTestKind::extended;
constexpr auto passed = SelfTestOutcome::passed;
constexpr auto failed = SelfTestOutcome::failed;
constexpr auto unfinished = SelfTestOutcome::unfinished;

}  // namespace

TEST_CASE("drive_id: WWN, else model and serial, else device, else model") {
    DriveHealth health;
    CHECK(drive_id(health) == "unknown-drive");
    health.model = "EXAMPLE  EX1";
    CHECK(drive_id(health) == "EXAMPLE_EX1");
    health.device = "sda";
    CHECK(drive_id(health) == "sda");
    health.serial = " S 1 ";
    CHECK(drive_id(health) == "EXAMPLE_EX1_S_1");
    health.wwn = "0x5000c500a1b2c3d4";
    CHECK(drive_id(health) == "wwn-0x5000c500a1b2c3d4");
}

TEST_CASE("a passed short self-test does not clear a failed extended one") {
    CHECK_FALSE(self_test_failed({}).has_value());
    CHECK_FALSE(self_test_failed({test_of(brief, unfinished)}).has_value());
    CHECK(self_test_failed({test_of(brief, passed)}) == false);
    CHECK(self_test_failed({test_of(brief, unfinished), test_of(brief, failed)}) == true);
    CHECK(self_test_failed({test_of(brief, passed), test_of(brief, failed)}) == false);
    CHECK(self_test_failed({test_of(brief, passed), test_of(extended, failed)}) == true);
    CHECK(self_test_failed({test_of(extended, passed), test_of(extended, failed)}) == false);
    CHECK(self_test_failed({test_of(extended, passed), test_of(brief, failed)}) == false);
}

TEST_CASE("self_test_age: hours of ATA drives wrap around at 65536") {
    DriveHealth health;
    health.protocol = DriveProtocol::ata;
    health.self_tests = {test_of(brief, unfinished, 99), test_of(brief, passed, 40)};
    CHECK_FALSE(self_test_age(health, brief).has_value());
    health.power_on_seconds = 100 * 3600;
    CHECK(self_test_age(health, brief) == 60 * 3600);
    CHECK_FALSE(self_test_age(health, extended).has_value());
    health.power_on_seconds = (65536 + 100) * 3600.0;
    CHECK(self_test_age(health, brief) == 60 * 3600);
    health.power_on_seconds = (65536 + 30) * 3600.0;
    CHECK(self_test_age(health, brief) == (65536 - 10) * 3600.0);
    health.self_tests.push_back(test_of(extended, passed, 65530));
    health.power_on_seconds = 10 * 3600;  // wraps around itself
    CHECK(self_test_age(health, extended) == 16 * 3600);
    health.power_on_seconds = 39.5 * 3600;  // rounded differently
    CHECK(self_test_age(health, brief) == 0);
    health.protocol = DriveProtocol::scsi;
    health.power_on_seconds = 10 * 3600;
    CHECK_FALSE(self_test_age(health, brief).has_value());
}

TEST_CASE("unknown values are not observed") {
    const auto nothing = observed({});
    REQUIRE(nothing.size() == 1);
    CHECK(nothing[0].metric == &metric::drive_info);
    CHECK(nothing[0].labels == Labels{{"reader", "smartctl"}});
    CHECK(nothing[0].observed_at == 1000);
}

TEST_CASE("failing attributes are counted as prefail, old age or past") {
    DriveHealth health;
    const auto add = [&](int id, int value, int worst, int threshold, bool prefail) {
        AtaAttribute attribute;
        attribute.id = id;
        attribute.normalized = value;
        attribute.worst = worst;
        attribute.threshold = threshold;
        attribute.prefail = prefail;
        attribute.raw = 1;
        health.attributes.push_back(attribute);
    };
    add(5, 1, 1, 10, true);
    add(202, 0, 0, 1, false);
    add(190, 40, 40, 45, false);  // a warm day
    add(194, 40, 40, 45, true);   // also a temperature
    add(1, 70, 30, 44, true);
    add(3, 90, 90, 0, true);
    const auto seen = observed(health);
    CHECK(value_of(seen, metric::drive_attributes_failing, "drive") == 1);
    CHECK(value_of(seen, metric::drive_old_age_attributes_failing, "drive") == 1);
    CHECK(value_of(seen, metric::drive_attributes_failed_in_past, "drive") == 1);
    const auto named = test::select(seen, metric::drive_attributes_at_limit);
    REQUIRE(named.size() == 2);
    CHECK(named[0]->value == 1);
    CHECK(named[0]->label("attributes").starts_with("5 "));
    CHECK(named[0]->label("type") == "pre_failure");
    CHECK(named[1]->label("attributes").starts_with("202 "));
    CHECK(named[1]->label("type") == "old_age");
    CHECK(test::select(seen, metric::drive_attribute).size() == 24);
    for (const Observation* one : test::select(seen, metric::drive_attribute)) {
        CHECK_FALSE(one->label("name").empty());
    }
}

TEST_CASE("temperature limit: the drive's own if plausible, else 60 or 70 degrees") {
    DriveHealth health;
    health.temperature_celsius = 30;
    const auto limit = [&] {
        return value_of(observed(health), metric::drive_temperature_limit_celsius, "drive");
    };
    CHECK(limit() == 70);
    health.rotational = true;
    CHECK(limit() == 60);
    health.temperature_limit_celsius = 55;
    CHECK(limit() == 55);
    for (const double plausible : {50.0, 95.0}) {
        health.temperature_limit_celsius = plausible;
        CHECK(limit() == plausible);
    }
    for (const double other : {0.0, 40.0, 49.0, 96.0, 117.0}) {
        health.temperature_limit_celsius = other;
        CHECK(limit() == 60);
    }
    health.temperature_celsius.reset();
    CHECK_FALSE(limit().has_value());
}

TEST_CASE("labels hold printable ASCII only") {
    DriveHealth health;
    health.model = "EX\xff\n\"1";
    health.serial = "S1";
    const auto seen = observed(health);
    CHECK(seen[0].label("model") == "EX??\"1");
}

TEST_CASE("explainers recognise their texts and name the drives") {
    const std::string json =
        R"({"smartctl": {"exit_status": 0}, "model_name": "EX", "serial_number": "S 1",
                                 "device": {"name": "/dev/sda", "protocol": "ATA"}, "smart_status": {"passed": true}})";
    CHECK(smartctl_json_explainer.recognises(json));
    CHECK_FALSE(nvme_json_explainer.recognises(json));
    CHECK_FALSE(smartctl_text_explainer.recognises(json));
    CHECK_FALSE(atasmart_blob_explainer.recognises(json));
    ExplainSink sink;
    REQUIRE(smartctl_json_explainer.explain(json, 5, sink).has_value());
    CHECK(value_of(sink.observations, metric::drive_smart_passed, "EX_S_1") == 1);
    CHECK(sink.problems.empty());

    ExplainSink failed_sink;
    const std::string failure = R"({"smartctl": {"exit_status": 2, "messages": [
        {"string": "Smartctl open device: /dev/sda failed: No such device", "severity": "error"}]}})";
    REQUIRE(smartctl_json_explainer.explain(failure, 5, failed_sink).has_value());
    CHECK(failed_sink.observations.empty());
    REQUIRE(failed_sink.problems.size() == 1);
    CHECK(failed_sink.problems[0].second.message.find("No such device") != std::string::npos);

    ExplainSink two;
    const std::string block = "smartctl 5.41 2011-06-09 r3365 [i686]\nSMART Health Status: OK\n";
    REQUIRE(smartctl_text_explainer.explain(block + block, 5, two).has_value());
    CHECK(value_of(two.observations, metric::drive_smart_passed, "unknown-drive") == 1);
    CHECK(value_of(two.observations, metric::drive_smart_passed, "unknown-drive-2") == 1);

    ExplainSink list;
    REQUIRE(
        smartctl_json_explainer
            .explain(
                R"({"smartctl": {}, "devices": [{"name": "/dev/sda", "type": "scsi", "protocol": "SCSI"}]})",
                5, list)
            .has_value());
    REQUIRE(list.observations.size() == 1);
    CHECK(list.observations[0].subject == "sda");
    CHECK(list.observations[0].label("reader") == "none");
}

TEST_CASE("an attribute that is listed twice counts once") {
    DriveHealth health;
    for (const int value : {1, 90}) {
        AtaAttribute attribute;
        attribute.id = 5;
        attribute.normalized = attribute.worst = value;
        attribute.threshold = 10;
        attribute.prefail = true;
        attribute.raw = 8;
        health.attributes.push_back(attribute);
        health.attributes.push_back(attribute);
    }
    const auto seen = observed(health);
    CHECK(value_of(seen, metric::drive_attributes_failing, "drive") == 1);
    CHECK(test::select(seen, metric::drive_attribute).size() == 4);
}

TEST_CASE("pending defects of a SAS drive are pending sectors") {
    DriveHealth health;
    health.pending_defects = 3;
    CHECK(value_of(observed(health), metric::drive_pending_sectors, "drive") == 3);
}

TEST_CASE(
    "attributes that were once at their threshold: pre-failure ones apart, temperatures not") {
    DriveHealth health;
    const auto attribute = [](int id, bool prefail) {
        AtaAttribute one;
        one.id = id;
        one.normalized = 100;
        one.worst = 5;
        one.threshold = 10;
        one.prefail = prefail;
        return one;
    };
    health.attributes = {attribute(1, true), attribute(183, false), attribute(190, true)};
    const auto seen = observed(health);
    CHECK(value_of(seen, metric::drive_attributes_failed_in_past, "drive") == 2);
    CHECK(value_of(seen, metric::drive_prefail_attributes_failed_in_past, "drive") == 1);
    health.attributes.clear();
    CHECK_FALSE(value_of(observed(health), metric::drive_attributes_failing, "drive").has_value());
    health.unlisted_prefail_failing = true;
    CHECK(value_of(observed(health), metric::drive_attributes_failing, "drive") == 1);
}

TEST_CASE("reserved bits of the critical warning are unknown, not none") {
    const auto set = [](unsigned bits) {
        std::string names;
        for (const auto& [name, is_set] : critical_warnings(bits))
            if (is_set) names += std::string(name) + " ";
        return names;
    };
    CHECK(critical_warnings(0).size() == 6);
    CHECK(set(0).empty());
    CHECK(set(0x05) == "spare reliability ");
    CHECK(set(0x40) == "unknown ");
    CHECK(set(0x84) == "reliability unknown ");
}
