#include "agent/commands/explain.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "agent/commands/saved_text.hpp"
#include "core/files.hpp"
#include "core/metrics/drives.hpp"
#include "exporters/status/view.hpp"
#include "tests/packed.hpp"
#include "tests/select.hpp"

using namespace lastgood;
using namespace std::string_literals;

namespace {

constexpr Timestamp now = 1'790'000'000;

bool has_finding(const Explanation& explanation, std::string_view rule) {
    return std::ranges::any_of(explanation.report.findings, [&](const Finding& finding) {
        return finding.rule.starts_with(rule);
    });
}

constexpr const char* degraded_mdstat =
    "Personalities : [raid1]\n"
    "md0 : active raid1 sdb1[1](F) sda1[0]\n"
    "      1046528 blocks super 1.2 [2/1] [U_]\n"
    "\n"
    "unused devices: <none>\n";

constexpr const char* failed_drive_json =
    R"({"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":8},
        "device":{"name":"/dev/sda","type":"sat","protocol":"ATA"},
        "model_name":"EXAMPLE HD1000","serial_number":"EX0001","smart_status":{"passed":false}})";

constexpr const char* kernel_log =
    "[ 1000.000000] sd 2:0:0:0: [sdb] tag#3 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_OK "
    "cmd_age=2s\n"
    "[ 1000.000010] sd 2:0:0:0: [sdb] tag#3 Sense Key : Medium Error [current] \n"
    "[ 1000.000020] sd 2:0:0:0: [sdb] tag#3 Add. Sense: Unrecovered read error\n"
    "[ 1000.000030] critical medium error, dev sdb, sector 123456 op 0x0:(READ) flags 0x0 phys_seg "
    "1 prio class 2\n";

}  // namespace

TEST_CASE("explain recognises a text by content and applies the rules") {
    const auto mdstat = explain_text(degraded_mdstat, now);
    REQUIRE(mdstat);
    REQUIRE(mdstat->parts.size() == 1);
    CHECK(mdstat->parts[0].what == "/proc/mdstat");
    CHECK(has_finding(*mdstat, "array_degraded"));
    CHECK(exit_code(explanation_health(*mdstat)) == 2);

    const auto drive = explain_text(failed_drive_json, now);
    REQUIRE(drive);
    CHECK(has_finding(*drive, "drive_failing_verdict"));

    const auto log = explain_text(kernel_log, now);
    REQUIRE(log);
    CHECK(has_finding(*log, "drive_failing_medium_errors"));
    CHECK(log->report.written_at == now);
    // Every error of a saved log counts as recent, and only once.
    const auto total = test::select(log->report.observations, metric::drive_kernel_errors_total);
    const auto recent = test::select(log->report.observations, metric::drive_kernel_errors_recent);
    REQUIRE(!total.empty());
    REQUIRE(total.size() == recent.size());
    for (size_t i = 0; i < total.size(); ++i) {
        CHECK(total[i]->labels == recent[i]->labels);
        CHECK(total[i]->value == recent[i]->value);
    }
}

TEST_CASE("a condition in a saved text counts as lasting") {
    const auto explained = explain_text(
        R"({"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":0},
            "device":{"name":"/dev/sda","type":"sat","protocol":"ATA"},
            "model_name":"EXAMPLE HD1000","serial_number":"EX0001","smart_status":{"passed":true},
            "temperature":{"current":93}})",
        now);
    REQUIRE(explained);
    CHECK(has_finding(*explained, "drive_suspect_hot"));
}

TEST_CASE("a fine text says which of its counts must not grow") {
    const auto rendered = [](int media_errors) {
        const auto explanation = explain_text(
            R"({"json_format_version":[1,0],"smartctl":{"exit_status":0},
                "device":{"name":"/dev/nvme3n1","protocol":"NVMe"},"model_name":"EXAMPLE",
                "nvme_smart_health_information_log":{"critical_warning":0,"media_errors":)" +
                std::to_string(media_errors) + "}}",
            now);
        REQUIRE(explanation);
        return render_explanation(*explanation, now, {200, 24, false});
    };
    CHECK(rendered(0).find("grows") == std::string::npos);
    const std::string text = rendered(6);
    CHECK(text.starts_with("FINE"));
    CHECK(text.find("cannot show whether a count grows") != std::string::npos);
    CHECK(text.find("media errors 6 (nvme3n1)") != std::string::npos);
    CHECK(rendered(10).starts_with("WARNING"));
    CHECK(rendered(10).find("grows") == std::string::npos);
}

TEST_CASE("the text names the format and the findings, the JSON is a report") {
    const auto explanation = explain_text(kernel_log, now);
    REQUIRE(explanation);
    const auto text = render_explanation(*explanation, now, {80, 24, false});
    CHECK(text.starts_with("CRITICAL"));
    CHECK(text.find("sdb") != std::string::npos);
    CHECK(text.find("medium") != std::string::npos);
    const auto again = parse_report(explanation_to_json(*explanation));
    REQUIRE(again);
    CHECK(again->findings == explanation->report.findings);
    CHECK(again->observations == explanation->report.observations);
}

TEST_CASE("a list of drives is not healthy, a quiet log is") {
    for (const char* list : {R"({"Devices":[]})",
                             R"({"json_format_version":[1,0],"smartctl":{"exit_status":0},
                                 "devices":[{"name":"/dev/sda","type":"sat","protocol":"ATA"}]})"}) {
        const auto explanation = explain_text(list, now);
        CHECK((!explanation || explanation_health(*explanation) == Health::unknown));
    }
    const auto quiet = explain_text("[    1.000000] sd 2:0:0:0: [sdb] Attached SCSI disk\n", now);
    REQUIRE(quiet);
    CHECK(explanation_health(*quiet) == Health::fine);
}

TEST_CASE("unrecognised and compressed text is rejected with a hint") {
    for (const std::string& text :
         {""s, "\n\n \n"s, "a poem\nof two lines\n"s, "\0\1\2\xff"s, std::string(100'000, '['),
          "{"s, "{}"s, "{\"a\":1}"s, std::string(300'000, 'x'), std::string(1000, '\0')}) {
        CAPTURE(text.substr(0, 20));
        const auto explanation = explain_text(text, now);
        REQUIRE(!explanation);
        CHECK(explanation.error().kind == ErrorKind::malformed);
        CHECK(explanation.error().message.find("mdstat") != std::string::npos);
    }
}

TEST_CASE("packed files are unpacked, within a limit") {
    char name[] = "/tmp/lastgood-packed-XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    ::close(fd);
    const std::string text = std::string(100'000, 'x') + "\n" + kernel_log;
    for (const test::PackedFormat& format : test::formats) {
        CAPTURE(format.name);
        const std::string packed = format.pack(text);
        REQUIRE(write_file(name, packed, Synced::no));
        const auto saved = SavedText::open(name);
        REQUIRE(saved);
        CHECK(saved->text() == text);
        CHECK(saved->damage().empty());
        CHECK(!SavedText::open(name, 50'000));
        // Cut off: what is there is read, and the damage is told.
        REQUIRE(
            write_file(name, std::string_view(packed).substr(0, packed.size() - 8), Synced::no));
        const auto cut = SavedText::open(name);
        if (cut) {
            CHECK(!cut->damage().empty());
            CHECK(std::string_view(text).starts_with(cut->text()));
        } else {
            CHECK(cut.error().kind == ErrorKind::malformed);
        }
    }
    REQUIRE(write_file(name, test::zstandard_with_large_window(text), Synced::no));
    const auto large = SavedText::open(name);
    REQUIRE(!large);
    CHECK(large.error().message.find("needs more memory than lastgood uses") != std::string::npos);
    ::unlink(name);
}

TEST_CASE("saved text from files, pipes and others") {
    char name[] = "/tmp/lastgood-saved-XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    CHECK(SavedText::open(name)->text().empty());
    REQUIRE(::write(fd, degraded_mdstat, 20) == 20);
    CHECK(SavedText::open(name)->text() == std::string_view(degraded_mdstat).substr(0, 20));
    // A shell may have read the first lines of standard input already.
    const int input = ::dup(STDIN_FILENO);
    REQUIRE(::lseek(fd, 5, SEEK_SET) == 5);
    ::dup2(fd, STDIN_FILENO);
    CHECK(SavedText::open("-")->text() == std::string_view(degraded_mdstat).substr(5, 15));
    ::dup2(input, STDIN_FILENO);
    ::close(input);
    ::close(fd);
    ::unlink(name);

    const auto missing = SavedText::open(name);
    REQUIRE(!missing);
    CHECK(missing.error().kind == ErrorKind::absent);
    CHECK(missing.error().message.find(name) != std::string::npos);
    CHECK(!SavedText::open("/tmp"));
    // Reports size 0 but is not empty.
    CHECK(!SavedText::open("/proc/self/status")->text().empty());

    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const std::string path = "/proc/self/fd/" + std::to_string(ends[0]);
    REQUIRE(::write(ends[1], "through a pipe", 14) == 14);
    ::close(ends[1]);
    CHECK(SavedText::open(path)->text() == "through a pipe");
    ::close(ends[0]);
}
