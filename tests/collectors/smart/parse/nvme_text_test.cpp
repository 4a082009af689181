#include "collectors/smart/parse/nvme_text.hpp"

#include <doctest/doctest.h>

#include "collectors/explainer.hpp"

using namespace lastgood;

TEST_CASE("nvme smart-log as text") {
    const auto health = parse_nvme_text(
        "Smart Log for NVME device:nvme3 namespace-id:ffffffff\n"
        "critical_warning                        : 0x4\n"
        "temperature                             : 42 C (315 Kelvin)\n"
        "available_spare                         : 7%\n"
        "available_spare_threshold               : 10%\n"
        "percentage_used                         : 103%\n"
        "endurance group critical warning summary: 0\n"
        "data_units_read                         : 201,526,305\n"
        "power_on_hours                          : 1,241\n"
        "media_errors                            : 12\n"
        "num_err_log_entries                     : 5\n"
        "Warning Temperature Time                : 0\n");
    REQUIRE(health);
    CHECK(health->device == "nvme3");
    CHECK(health->critical_warning == 4u);
    CHECK(health->temperature_celsius == 42);
    CHECK(health->available_spare_ratio == 0.07);
    CHECK(health->used_endurance_ratio == 1.03);
    CHECK(health->media_errors == 12);
    CHECK(health->error_log_entries == 5);
    CHECK(health->power_on_seconds == 1241 * 3600.0);
}

TEST_CASE("nvme error-log as text: entries about the medium count") {
    const char* const text =
        "Error Log Entries for device:nvme3 entries:3\n"
        ".................\n"
        " Entry[ 0]   \n"
        ".................\n"
        "error_count     : 9\n"
        "sqid            : 3\n"
        "status_field    : 0x2281(Unrecovered Read Error: The read data could not be recovered)\n"
        "lba             : 0x1000\n"
        " Entry[ 1]   \n"
        "error_count     : 8\n"
        "status_field    : 0x2002(Invalid Field in Command: A reserved coded value)\n"
        " Entry[ 2]   \n"
        "error_count     : 0\n"
        "status_field    : 0(Successful Completion: The command completed without error)\n";
    const auto health = parse_nvme_text(text);
    REQUIRE(health);
    CHECK(health->error_log_entries == 9);
    CHECK(health->media_errors == 1);
    CHECK_FALSE(parse_nvme_text("temperature : 42 C\n"));
}

TEST_CASE("nvme error-log without its heading, and of old versions with numbers only") {
    const auto cut = parse_nvme_text(
        "Entry[63]\n.................\nerror_count : 9\n"
        "status_field : 0xc502(READ_ERROR: The read data could not be recovered from the media)\n");
    REQUIRE(cut);
    CHECK(cut->error_log_entries == 9);
    CHECK(cut->media_errors == 1);
    CHECK(continues_nvme_text("Entry[ 0]"));
    const auto numbers = parse_nvme_text(
        "Error Log Entries for device:/dev/nvme3 entries:64\n"
        " Entry[ 0]\nerror_count  : 4\nstatus_field : 0x4502\n"    // unrecovered read error
        " Entry[ 1]\nerror_count  : 3\nstatus_field : 0x4004\n"    // invalid field
        " Entry[ 2]\nerror_count  : 2\nstatus_field : 0x501\n"     // write fault
        " Entry[ 3]\nerror_count  : 0\nstatus_field : 0x4502\n");  // not used
    REQUIRE(numbers);
    CHECK(numbers->device == "nvme3");
    CHECK(numbers->media_errors == 2);
}

TEST_CASE("explain: a health log of nvme that is cut off is not fine") {
    const auto problems = [](const Explainer& explainer, std::string_view text) {
        ExplainSink sink;
        REQUIRE(explainer.explain(text, 1700000000, sink));
        return sink.problems.size();
    };
    const std::string log =
        "Smart Log for NVME device:nvme0 namespace-id:ffffffff\n"
        "critical_warning : 0\navailable_spare : 100%\n";
    CHECK(problems(nvme_text_explainer, log) == 1);
    CHECK(problems(nvme_text_explainer, log + "media_errors : -\n") == 1);
    CHECK(problems(nvme_text_explainer, log + "media_errors : 0\n") == 0);
    CHECK(problems(nvme_json_explainer,
                   R"({"critical_warning": "?", "avail_spare": 100, "media_errors": 0})") == 1);
    CHECK(problems(nvme_json_explainer,
                   R"({"critical_warning": 0, "avail_spare": 100, "media_errors": 0})") == 0);
}
