// The rules as a rule file for Prometheus.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdlib>
#include <string>

#include "core/host.hpp"
#include "core/metrics/agent.hpp"
#include "core/metrics/drives.hpp"
#include "rules/rule.hpp"
#include "rules/text.hpp"
#include "tests/support.hpp"

using namespace lastgood;

TEST_CASE("promtool accepts the rule file") {
    Command command;
    command.arguments = {"promtool", "check", "rules",
                         test::tests_directory() + "/../rules/lastgood.rules.yml"};
    const auto output = Host().run(command);
    if (!output && output.error().kind == ErrorKind::absent) {
        test::skip("promtool (package prometheus) is not installed");
        return;
    }
    REQUIRE(output);
    CAPTURE(output->standard_output);
    CAPTURE(output->standard_error);
    CHECK(output->exit_status == 0);
    CHECK(output->standard_output.find(std::to_string(all_rules().size()) + " rules found") !=
          std::string::npos);
}

TEST_CASE("the command for an array depends on the tool that made it") {
    const std::string_view text = "{command:check}.";
    const auto for_array = [&](std::string metadata) {
        return render_for_host(
            text, {SubjectKind::array,
                   "a",
                   {{"device", "md0"}, {"metadata", std::move(metadata)}, {"name", "vg/data"}},
                   1});
    };
    CHECK(for_array("1.2") == "echo check > /sys/block/md0/md/sync_action.");
    CHECK(for_array("") == for_array("1.2"));
    CHECK(for_array("dm-raid") == "lvchange --syncaction check vg/data.");
    CHECK(for_array("btrfs") == "btrfs scrub start $(findmnt -nfo TARGET -S UUID=a).");
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

TEST_CASE("an array of LVM is called by the name of its volume") {
    const auto name = [](const char* metadata) {
        return render_for_host("{name}",
                               {SubjectKind::array,
                                "a",
                                {{"device", "dm-4"}, {"metadata", metadata}, {"name", "vg/data"}},
                                1});
    };
    CHECK(name("dm-raid") == "vg/data");
    CHECK(name("1.2") == "dm-4");
    CHECK(render_for_prometheus("{name}", SubjectKind::array) ==
          "{{ if eq $labels.metadata \"dm-raid\" }}{{ or $labels.name $labels.array }}{{ else }}"
          "{{ or $labels.device $labels.array }}{{ end }}");
}

TEST_CASE("advice names the configuration and the log of the agent as it was started") {
    const std::string_view change = "Add it to {config}.", look = "See its history: {log} -g smart";
    TextValues values{SubjectKind::collector, "smart", {}, 0};
    CHECK(render_step_for_host(change, values) == "Add it to /etc/lastgood/lastgood.toml.");
    CHECK(render_step_for_host(look, values) == "See its history: journalctl -u lastgood -g smart");
    values.agent.config = "/srv/my.toml";
    values.agent.log = {};
    CHECK(render_step_for_host(change, values) == "Add it to /srv/my.toml.");
    CHECK(render_step_for_host(look, values) == "See its history.");
    CHECK(render_step_for_prometheus(look, SubjectKind::collector) ==
          "See its history: journalctl -u lastgood -g smart");
}

TEST_CASE("a step that runs lastgood names the configuration if it is another one") {
    const auto step = [](std::string_view text, std::string_view config) {
        TextValues values{SubjectKind::host, "", {}, 0};
        values.agent.config = config;
        values.agent.state = "/srv/state";
        return render_step_for_host(text, values);
    };
    constexpr const char* usual = "/etc/lastgood/lastgood.toml";
    CHECK(step("See it: lastgood status", usual) == "See it: lastgood status");
    CHECK(step("See it: lastgood status", "/a/b.toml") ==
          "See it: lastgood status --config /a/b.toml");
    CHECK(step("See it: lastgood status", "/a b/it's.toml") ==
          "See it: lastgood status --config '/a b/it'\\''s.toml'");
    CHECK(step("Choose: lastgood accept --help", "/a/b.toml") == "Choose: lastgood accept --help");
    CHECK(step("See it: findmnt -T {state}", "/a/b.toml") == "See it: findmnt -T /srv/state");
    CHECK(render_step_for_prometheus("See it: df -h {state}", SubjectKind::host) ==
          "See it: df -h /var/lib/lastgood");
}

TEST_CASE("advice about a refused configuration has its first mistake, if the agent knows it") {
    TextValues values{SubjectKind::host, "", {}, 0};
    CHECK(render_step_for_host("Correct {mistake}", values) == "Correct the mistakes");
    values.agent.mistake = "/x.toml:3:1: unknown key \"a\"; 2 more mistakes";
    CHECK(render_step_for_host("Correct {mistake}", values) ==
          "Correct /x.toml:3:1: unknown key \"a\"; 2 more mistakes");
    CHECK(render_step_for_prometheus("Correct {mistake}", SubjectKind::host) ==
          "Correct the mistakes");
}

TEST_CASE("the root filesystem is repaired from a rescue system") {
    const auto step = [](std::string_view id, const char* type) {
        return render_step_for_host(
            "Repair it: {command:repair}",
            {SubjectKind::filesystem, id, {{"fstype", type}, {"device", "sda1"}}, 1});
    };
    CHECK(step("/", "ext4") == "Repair it from a rescue system: fsck -f /dev/sda1");
    CHECK(step("/", "xfs") == "Repair it from a rescue system: xfs_repair /dev/sda1");
    CHECK(step("/", "btrfs") == "Repair it: btrfs scrub start -B /");
    CHECK(step("/srv", "ext4") == "Repair it: umount /srv && fsck -f /dev/sda1");
    CHECK(render_step_for_host("Repair it: {command:repair}",
                               {SubjectKind::filesystem, "/", {{"fstype", "ext4"}}, 1}) ==
          "Repair it.");
}

TEST_CASE("commands name the volume group, and a directory instead of a pattern") {
    const auto directory = [](const char* location) {
        return render_step_for_host("Is there room: df -h {directory}",
                                    {SubjectKind::backup, "db8", {{"location", location}}, 1});
    };
    CHECK(directory("/srv/dumps/*.sql.zst") == "Is there room: df -h /srv/dumps/");
    CHECK(directory("/srv/*/new/*.sql") == "Is there room: df -h /srv/");
    CHECK(directory("/*.sql") == "Is there room: df -h /");
    CHECK(directory("/srv/restic/db8") == "Is there room: df -h /srv/restic/db8");
    CHECK(directory("") == "Is there room.");
    CHECK(render_step_for_host("Extend it: vgextend {vg} /dev/NEW",
                               {SubjectKind::array, "a", {{"name", "vg0/data"}}, 1}) ==
          "Extend it: vgextend vg0 /dev/NEW");
    CHECK(render_step_for_prometheus("Extend it: vgextend {vg} /dev/NEW", SubjectKind::array) ==
          "Extend it{{ if $labels.name }}: vgextend {{ reReplaceAll \"/.*\" \"\" $labels.name }} "
          "/dev/NEW{{ else }}.{{ end }}");
}

TEST_CASE("advice reloads the agent as it was started") {
    const std::string_view text = "Apply it: {reload}";
    TextValues values{SubjectKind::filesystem, "/srv", {}, 0};
    CHECK(render_for_host(text, values) == "Apply it: systemctl reload lastgood");
    values.agent.reload = "kill -HUP 7";
    CHECK(render_for_host(text, values) == "Apply it: kill -HUP 7");
    for (const auto render : {render_for_prometheus, render_for_manual})
        CHECK(render(text, SubjectKind::host) == "Apply it: systemctl reload lastgood");
}

TEST_CASE("the commands for filesystems and backups depend on their kind") {
    const auto of = [](SubjectKind kind, std::string_view id, std::string_view word, auto label,
                       auto value, auto other, auto other_value) {
        return render_for_host(std::string("{command:") + std::string(word) + "}",
                               {kind, id, {{label, value}, {other, other_value}}, 1});
    };
    const auto repair = [&](const char* type) {
        return of(SubjectKind::filesystem, "/srv", "repair", "fstype", type, "device", "sda1");
    };
    CHECK(repair("ext4") == "umount /srv && fsck -f /dev/sda1");
    CHECK(repair("xfs") == "umount /srv && xfs_repair /dev/sda1");
    CHECK(repair("btrfs") == "btrfs scrub start -B /srv");
    CHECK(repair("zfs") == "");
    const auto unlock = [&](const char* tool) {
        return of(SubjectKind::backup, "db8", "unlock", "kind", tool, "location", "/r");
    };
    CHECK(unlock("restic") == "restic -r /r unlock");
    CHECK(unlock("borg") == "borg break-lock /r");
}

TEST_CASE("singular and plural are right on the host, in Prometheus and in the manual") {
    const std::string_view text = "{value:sector is|sectors are} bad";
    const auto with = [&](double value) {
        return render_for_host(text, {SubjectKind::drive, "d", {}, value});
    };
    CHECK(with(0) == "0 sectors are bad");
    CHECK(with(1) == "1 sector is bad");
    CHECK(with(1.4) == "1 sector is bad");
    CHECK(with(1.6) == "2 sectors are bad");
    CHECK(with(11) == "11 sectors are bad");
    CHECK(render_for_prometheus(text, SubjectKind::drive) ==
          "{{ printf \"%.0f\" $value }} {{ if eq (printf \"%.0f\" $value) \"1\" }}sector is"
          "{{ else }}sectors are{{ end }} bad");
    CHECK(render_for_manual(text, SubjectKind::drive) == "N sectors are bad");
    CHECK(unknown_placeholders(text, SubjectKind::drive).empty());
    CHECK(unknown_placeholders("{value:sectors}", SubjectKind::drive) ==
          std::vector<std::string>{"value:sectors"});
}

TEST_CASE("steps are numbered, and a label cannot add a step") {
    CHECK(numbered(steps_of("One step.")) == "One step.");
    CHECK(numbered(steps_of("First.\nSecond.\nThird.")) == "1. First.\n2. Second.\n3. Third.");
    CHECK(numbered({}) == "");
    CHECK(render_for_host(numbered(steps_of("Look at {device}.\nWait.")),
                          {SubjectKind::drive, "d", {{"device", "sda\n2. rm"}}, 1}) ==
          "1. Look at sda 2. rm.\n2. Wait.");
    const Rule rule{.name = "r",
                    .subject = SubjectKind::collector,
                    .summary = "S.",
                    .advice = "A.\nB.",
                    .prometheus_only = true,
                    .prometheus_expression = "1"};
    CHECK(to_prometheus_yaml(std::vector{rule}).find("description: \"1. A.\\n2. B.\"\n") !=
          std::string::npos);
}

TEST_CASE("advice depends on the state of the subject, in Prometheus by a query") {
    const Rule rule{
        .name = "r",
        .subject = SubjectKind::drive,
        .all_of = {{.left = metric::drive_pending_sectors}},
        .summary = "S.",
        .advice = "Usual.",
        .instead = {{{.left = Operand(metric::drive_kernel_errors_recent, "kind", {"medium"}),
                      .comparison = Comparison::greater_or_equal,
                      .limit = 1},
                     "First.\nSecond."}}};
    CHECK(to_prometheus_yaml(std::vector{rule})
              .find("description: \"{{ if query (printf "
                    "`lastgood_drive_kernel_errors_recent{kind=\\\"medium\\\",instance=%q,job=%q,"
                    "drive=%q} >= 1` $labels.instance $labels.job $labels.drive) }}1. First.\\n2. "
                    "Second.{{ else }}Usual.{{ end }}\"") != std::string::npos);
}

TEST_CASE("the UUID of a btrfs is its id without what lastgood adds") {
    CHECK(render_for_host("{uuid}", {SubjectKind::array, "btrfs-dead-beef", {}, 1}) == "dead-beef");
    CHECK(render_for_prometheus("{uuid}", SubjectKind::array) ==
          "{{ reReplaceAll \"^btrfs-\" \"\" $labels.array }}");
}

TEST_CASE("an empty label counts as unknown") {
    const TextValues values{SubjectKind::drive, "wwn-1", {{"device", ""}, {"model", "M"}}, 1};
    CHECK(render_for_host("{device} {device|some drive} {name} {model}", values) ==
          "DEVICE some drive wwn-1 M");
}

TEST_CASE("texts become templates of Prometheus") {
    CHECK(render_for_prometheus("{subject} {value} {value:duration} {value:size} {value:percent}",
                                SubjectKind::drive) ==
          "{{ or $labels.device $labels.drive }} ({{ or $labels.model \"model unknown\" }}, serial "
          "{{ or $labels.serial \"unknown\" }}) {{ printf \"%.0f\" $value }} "
          "{{ reReplaceAll \"^([0-9]+[dh] [0-9]+[hm]) .*\" \"$1\" (humanizeDuration $value) }} "
          "{{ humanize1024 $value }}B {{ humanizePercentage $value }}");
    CHECK(render_for_prometheus("/dev/{device}", SubjectKind::array) ==
          "/dev/{{ or $labels.device \"DEVICE\" }}");
    CHECK(render_for_prometheus("{subject}", SubjectKind::host) == "this host");
    CHECK(unknown_placeholders("{device} {nonsense} {id}", SubjectKind::drive) ==
          std::vector<std::string>{"nonsense"});
    CHECK(unknown_placeholders("{id}", SubjectKind::host) == std::vector<std::string>{"id"});
}

TEST_CASE("alerts are named after rules") {
    CHECK(alert_name(Rule{.name = "drive_io_stalled"}) == "LastgoodDriveIoStalled");
}

namespace {

// The expression of a rule with this one condition. The default kind has no info metric, so nothing
// is joined.
std::string promql(Condition condition, SubjectKind subject = SubjectKind::collector) {
    const Rule rule{.name = "a_rule", .subject = subject, .all_of = {std::move(condition)}};
    const std::string yaml = to_prometheus_yaml(std::vector{rule});
    const std::string start = "expr: |-\n          ";
    const size_t at = yaml.find(start) + start.size();
    return yaml.substr(at, yaml.find('\n', at) - at);
}

}  // namespace

TEST_CASE("conditions become PromQL") {
    const Operand success = metric::collector_success;
    const std::string left = "lastgood_collector_success";
    const std::string right = "lastgood_collector_duration_seconds";
    CHECK(promql({.left = success, .comparison = Comparison::present}) == left);
    for (const auto& [comparison, sign] : {std::pair(Comparison::equal, "=="),
                                           {Comparison::less, "<"},
                                           {Comparison::less_or_equal, "<="},
                                           {Comparison::greater, ">"},
                                           {Comparison::greater_or_equal, ">="}})
        CHECK(promql({.left = success, .comparison = comparison, .limit = 0.5}) ==
              left + " " + sign + " 0.5");
    CHECK(promql({.left = success, .clock = Clock::age, .limit = 5}) ==
          "time() - " + left + " > 5");
    CHECK(promql({.left = success, .clock = Clock::ahead, .limit = 5}) == left + " - time() > 5");
    const auto against = [&](double limit) {
        return promql(
            {.left = success, .limit = limit, .right = metric::collector_duration_seconds});
    };
    CHECK(against(0) == left + " > " + right);
    CHECK(against(5) == left + " > (" + right + " + 5)");
    CHECK(against(-5) == left + " > (" + right + " + -5)");
}

TEST_CASE("operands become PromQL") {
    const auto operand = [](std::vector<std::string_view> values, bool except,
                            Pick pick = Pick::largest, SubjectKind subject = SubjectKind::host) {
        Operand left(metric::drive_kernel_errors_recent, "kind", std::move(values), pick);
        left.except = except;
        return promql({.left = left, .comparison = Comparison::present}, subject);
    };
    // What the metric adds is dropped, and nothing else: the labels of the target stay.
    const std::string start =
        "max without (drive, kind, layer) (lastgood_drive_kernel_errors_recent";
    CHECK(operand({}, false) == start + ")");
    CHECK(operand({"io"}, false) == start + "{kind=\"io\"})");
    CHECK(operand({"io"}, true) == start + "{kind!=\"io\"})");
    CHECK(operand({"io", "a.b|c\\"}, false) == start + R"({kind=~"io|a\\.b\\|c\\\"}))");
    CHECK(operand({"io", "medium"}, true) == start + "{kind!~\"io|medium\"})");
    CHECK(operand({}, false, Pick::smallest).starts_with("min without"));
    CHECK(operand({}, false, Pick::sum).starts_with("sum without"));
    // A series about another kind of subject counts only if it names a subject of the rule's kind.
    CHECK(operand({"io"}, false, Pick::largest, SubjectKind::collector) ==
          "max without (drive, kind, layer) "
          "(lastgood_drive_kernel_errors_recent{kind=\"io\",collector!=\"\"})");
}

TEST_CASE("no expression names the labels that it keeps") {
    const std::string yaml = to_prometheus_yaml(all_rules());
    CHECK(yaml.find(" by (") == yaml.npos);
}

TEST_CASE("severities are those that routes know; what cannot be told says so and is no page") {
    size_t seen = 0;
    for (const Rule& rule : all_rules()) {
        if (rule.is_news) continue;  // info
        const std::string text = to_prometheus_yaml(std::vector{rule});
        const bool unknown = rule.severity == Severity::unknown;
        CAPTURE(rule.name);
        CHECK((text.find("severity: critical\n") != text.npos) ==
              (rule.severity == Severity::critical));
        CHECK((text.find("severity: warning\n") != text.npos) ==
              (rule.severity != Severity::critical));
        CHECK((text.find("certainty: unknown\n") != text.npos) == unknown);
        seen += unknown ? 1 : 0;
    }
    CHECK(seen > 0);
}

TEST_CASE("each alert links to its rule's heading in the manual") {
    const std::string manual = test::read_file(test::tests_directory() + "/../docs/rules.md");
    const std::string yaml = to_prometheus_yaml(all_rules(), "https://docs.example.net/r.md");
    for (const Rule& rule : all_rules()) {
        const std::string name(rule.name);
        CAPTURE(name);
        CHECK(manual.find("\n### " + name + "\n") != manual.npos);
        CHECK(yaml.find("runbook_url: \"https://docs.example.net/r.md#" + name + "\"\n") !=
              yaml.npos);
    }
    const std::string page = to_html(all_rules());
    for (const Rule& rule : all_rules())
        CHECK(page.find(fmt::format("<h2 id=\"{}\">", rule.name)) != page.npos);
    CHECK(page.find("<script") == page.npos);
    CHECK(page.find('{') == page.npos);
    CHECK(to_prometheus_yaml(all_rules()).find(std::string(default_runbooks) + "#drive_gone\"") !=
          yaml.npos);
}

TEST_CASE("quotes, backslashes and line ends are escaped in YAML") {
    const Rule rule{.name = "a_rule",
                    .subject = SubjectKind::host,
                    .all_of = {{.left = metric::state_persisted}},
                    .hold = 90,
                    .summary = "say \"no\" to C:\\",
                    .advice = "one\ntwo\tthree\x01"};
    const std::string yaml = to_prometheus_yaml(std::vector{rule});
    CHECK(yaml.find(R"(instance }}: say \"no\" to C:\\")") != std::string::npos);
    CHECK(yaml.find(R"(description: "1. one\n2. two\x09three\x01")") != std::string::npos);
    CHECK(yaml.find("        for: 90s\n") != std::string::npos);
    CHECK(yaml.find("  - name: lastgood\n") != std::string::npos);
}
