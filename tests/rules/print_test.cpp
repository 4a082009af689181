// The rules as Prometheus reads them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "core/host.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"
#include "tests/support.hpp"

using namespace lastgood;

TEST_CASE("promtool finds the rule file clean") {
    Command command;
    command.arguments = {"promtool", "check", "rules",
                         test::tests_directory() + "/../rules/lastgood.rules.yml"};
    const auto output = Host().run(command);
    if (!output && output.error().kind == ErrorKind::absent && std::getenv("CI") == nullptr) {
        MESSAGE("SKIP: promtool check rules: promtool is not installed");
        return;
    }
    REQUIRE(output);
    CAPTURE(output->standard_output);
    CAPTURE(output->standard_error);
    CHECK(output->exit_status == 0);
    CHECK(output->standard_output.find(std::to_string(all_rules().size()) + " rules found") !=
          std::string::npos);
}

TEST_CASE("what to type for an array depends on who made it") {
    const std::string_view text = "{command:check}.";
    const auto for_array = [&](std::string metadata) {
        return render_for_host(
            text,
            {SubjectKind::array, "a", {{"device", "md0"}, {"metadata", std::move(metadata)}}, 1});
    };
    CHECK(for_array("1.2") == "echo check > /sys/block/md0/md/sync_action.");
    CHECK(for_array("") == for_array("1.2"));
    CHECK(for_array("dm-raid") == "lvchange --syncaction check VG/LV.");
    CHECK(for_array("btrfs") == "btrfs scrub start MOUNTPOINT.");
    const std::string printed = render_for_prometheus(text, SubjectKind::array);
    CHECK(printed.starts_with("{{ if eq $labels.metadata \"dm-raid\" }}lvchange"));
    CHECK(printed.ends_with("/md/sync_action{{ end }}."));
    CHECK(render_for_manual(text, SubjectKind::array)
              .starts_with("echo check > /sys/block/DEVICE/md/sync_action (LVM: lvchange"));
    CHECK(unknown_placeholders("{command:check} {command:nonsense}", SubjectKind::array) ==
          std::vector<std::string>{"command:nonsense"});
    CHECK(unknown_placeholders("{command:check}", SubjectKind::drive) ==
          std::vector<std::string>{"command:check"});
}

TEST_CASE("texts as templates of Prometheus") {
    CHECK(
        render_for_prometheus("{subject} {value} {value:duration} {value:size} {value:percent}",
                              SubjectKind::drive) ==
        "{{ or $labels.device $labels.drive }} ({{ or $labels.model \"model unknown\" }}, serial "
        "{{ or $labels.serial \"unknown\" }}) {{ printf \"%.0f\" $value }} "
        "{{ humanizeDuration $value }} {{ humanize1024 $value }}B {{ humanizePercentage $value }}");
    CHECK(render_for_prometheus("/dev/{device}", SubjectKind::array) ==
          "/dev/{{ or $labels.device \"DEVICE\" }}");
    CHECK(render_for_prometheus("{subject}", SubjectKind::host) == "{{ $labels.instance }}");
    CHECK(unknown_placeholders("{device} {nonsense} {id}", SubjectKind::drive) ==
          std::vector<std::string>{"nonsense"});
    CHECK(unknown_placeholders("{id}", SubjectKind::host) == std::vector<std::string>{"id"});
}

TEST_CASE("names of alerts") {
    CHECK(alert_name(Rule{.name = "drive_io_stalled"}) == "LastgoodDriveIoStalled");
}
