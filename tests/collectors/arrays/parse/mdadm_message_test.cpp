#include "collectors/arrays/parse/mdadm_message.hpp"

#include <doctest/doctest.h>

#include "collectors/explainer.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "tests/select.hpp"

using namespace lastgood;

TEST_CASE("messages of mdadm's monitor") {
    struct Form {
        const char* message;
        MdadmEvent event;
        const char* array;
        const char* device;
        uint64_t count;
    };
    for (const Form& form : std::initializer_list<Form>{
             {"Fail event detected on md device /dev/md4, component device /dev/sdq1",
              MdadmEvent::fail, "md4", "sdq1", 0},
             {"DegradedArray event detected on md device /dev/md/data", MdadmEvent::degraded,
              "data", "", 0},
             {"mdadm: DeviceDisappeared event detected on md device /dev/md4",
              MdadmEvent::disappeared, "md4", "", 0},
             {"SpareActive event detected on md device /dev/md4, component device /dev/sdr1",
              MdadmEvent::complete, "md4", "sdr1", 0},
             {"RebuildFinished event detected on md device /dev/md4", MdadmEvent::complete, "md4",
              "", 0},
             {"RebuildFinished event detected on md device /dev/md4, component device  mismatches "
              "found: 128 (on raid level 1)",
              MdadmEvent::mismatches, "md4", "", 128},
             {"NewArray event detected on md device /dev/md4", MdadmEvent::appeared, "md4", "", 0},
         }) {
        INFO(std::string(form.message));
        const auto message = parse_mdadm_message(form.message);
        REQUIRE(message);
        CHECK(message->event == form.event);
        CHECK(message->array == form.array);
        CHECK(message->device == form.device);
        CHECK(message->count == form.count);
    }
    for (const char* message :
         {"Rebuild20 event detected on md device /dev/md4", "NeilBrown",
          "DeviceDisappeared event detected on md device /dev/md4, component device  Wrong-Level",
          "TestMessage event detected on md device /dev/md4", " event detected on md device /dev/x",
          "Fail event detected on md device ", ""}) {
        INFO(std::string(message));
        CHECK_FALSE(parse_mdadm_message(message));
    }
}

TEST_CASE("explain: a rebuild that is finished ends a degraded array") {
    ExplainSink sink;
    const auto take = [&](std::string_view message) {
        mdadm_explainer.explain(message, message, 1700000000, sink);
    };
    take("Fail event detected on md device /dev/md4, component device /dev/sdq1");
    take("DegradedArray event detected on md device /dev/md4");
    CHECK(test::select(sink.observations, metric::array_kernel_errors_total, "md4").size() == 1);
    take("SpareActive event detected on md device /dev/md4, component device /dev/sdr1");
    CHECK(test::select(sink.observations, metric::array_kernel_errors_total, "md4").empty());
    const auto kicked = test::select(sink.observations, metric::drive_kernel_errors_total, "sdq");
    REQUIRE(kicked.size() == 1);
    CHECK(kicked.front()->label("kind") == "kicked");
}

TEST_CASE("explain: mdadm's mail") {
    ExplainSink sink;
    REQUIRE(mdadm_mail_explainer.explain(
        "A Fail event had been detected on md device /dev/md4.\n\n"
        "It could be related to component device /dev/sdq1.\n\nFaithfully yours, etc.\n",
        1700000000, sink));
    CHECK(test::select(sink.observations, metric::drive_kernel_errors_total, "sdq").size() == 1);
    CHECK(test::select(sink.observations, metric::array_kernel_errors_total, "md4").size() == 1);
}
