#include "core/observation.hpp"

#include <doctest/doctest.h>

#include <set>

#include "core/metrics/drives.hpp"

using namespace lastgood;

TEST_CASE("a line survives the way there and back") {
    const Observation observation{&metric::drive_attribute,
                                  "wwn-0x5000c500a1b2c3d4",
                                  {{"id", "5"}, {"kind", "raw"}, {"name", "Reallocated_Sector_Ct"}},
                                  24,
                                  1700000000.25};
    const std::string line =
        to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}});
    CHECK(line.find('\n') == line.npos);
    const auto parsed = parse_protocol_line(line, 1);
    REQUIRE(parsed.has_value());
    CHECK(parsed->kind == ProtocolLine::Kind::observation);
    CHECK(parsed->observation == observation);
}

TEST_CASE("names that are not UTF-8 still make a line") {
    const Observation observation{&metric::drive_pending_sectors, "bad\xff\x80name", {}, 1, 1};
    CHECK(parse_protocol_line(
              to_json_line({ProtocolLine::Kind::observation, observation, {}, {}, {}}), 1)
              .has_value());
}

TEST_CASE("increments, commits and problems") {
    auto line = parse_protocol_line(
        R"({"metric":"lastgood_drive_kernel_errors_total","subject":"d","labels":{"kind":"io"},"increment":2})",
        77);
    REQUIRE(line.has_value());
    CHECK(line->kind == ProtocolLine::Kind::increment);
    CHECK(line->observation.value == 2);
    CHECK(line->observation.observed_at == 77);
    line = parse_protocol_line(R"({"commit":true,"cursor":"boot:12"})", 1);
    REQUIRE(line.has_value());
    CHECK(line->kind == ProtocolLine::Kind::commit);
    CHECK(line->cursor == "boot:12");
    line = parse_protocol_line(R"({"problem":"no access","kind":"denied","subject":"sda"})", 1);
    REQUIRE(line.has_value());
    CHECK(line->error.kind == ErrorKind::denied);
}

TEST_CASE("what is no observation is refused with a reason") {
    for (
        const char* wrong :
        {"", "[]", "{", "{}", "null", "\"text\"", R"({"metric":"no_such_metric","value":1})",
         R"({"metric":"lastgood_drive_pending_sectors","value":1})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":"3"})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1e999})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"labels":{"color":"red"}})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"labels":[1]})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":1,"observed_at":"now"})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","increment":1})",
         R"({"metric":"lastgood_drive_kernel_errors_total","subject":"d","increment":-1})",
         R"({"metric":7,"subject":"d","value":1})", R"({"problem":3})"}) {
        CAPTURE(wrong);
        const auto line = parse_protocol_line(wrong, 1);
        REQUIRE_FALSE(line.has_value());
        CHECK_FALSE(line.error().message.empty());
    }
}

TEST_CASE("the metric table is sound") {
    std::set<std::string_view> names;
    for (const Metric* metric : all_metrics()) {
        CAPTURE(metric->name);
        CHECK(names.insert(metric->name).second);
        CHECK(find_metric(metric->name) == metric);
        CHECK(metric->help.ends_with('.'));
        CHECK(metric->help.find('\n') == std::string_view::npos);
        CHECK((metric->type == MetricType::counter) == metric->name.ends_with("_total"));
    }
    CHECK(find_metric("lastgood_nothing") == nullptr);
}

TEST_CASE("both ways of reading a line agree") {
    // The JSON library reads the first form, the fast reader the second.
    for (
        const auto& forms : {
            std::pair(
                R"({"value":3,"metric":"lastgood_drive_pending_sectors","subject":"d","observed_at":5})",
                R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":3,"observed_at":5})"),
            std::pair(
                R"({ "metric":"lastgood_drive_info","subject":"d","labels":{"model":"M","device":"sda"},"value":1,"observed_at":5.25})",
                R"({"metric":"lastgood_drive_info","subject":"d","labels":{"device":"sda","model":"M"},"value":1,"observed_at":5.25})"),
            std::pair(
                R"({"increment":2,"metric":"lastgood_kernel_log_lost_records_total","observed_at":5})",
                R"({"metric":"lastgood_kernel_log_lost_records_total","increment":2,"observed_at":5})"),
            std::pair(
                R"({"value":1,"metric":"lastgood_drive_info","subject":"d","labels":{},"observed_at":5})",
                R"({"metric":"lastgood_drive_info","subject":"d","value":1,"observed_at":5})"),
        }) {
        const char* const loose = forms.first;  // clang 14 captures no structured bindings
        const char* const plain = forms.second;
        CAPTURE(loose);
        const auto a = parse_protocol_line(loose, 1), b = parse_protocol_line(plain, 1);
        REQUIRE(a.has_value());
        REQUIRE(b.has_value());
        CHECK(a->kind == b->kind);
        CHECK(a->observation == b->observation);
    }
    // Neither takes what the other refuses.
    for (
        const char* wrong :
        {R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":nan,"observed_at":5})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":inf,"observed_at":5})",
         R"({"metric":"lastgood_drive_info","subject":"d","labels":{"model":"M","color":"red"},"value":1,"observed_at":5})",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":3,"observed_at":5}x)",
         R"({"metric":"lastgood_drive_pending_sectors","subject":"d","value":3,"observed_at":-5})"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_protocol_line(wrong, 1).has_value());
    }
}
