// Rules on drives that other programs report: smartd, and mdadm's monitor. They speak only where
// lastgood's own evidence does not say the same or know better.
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "rules/table/table.hpp"

namespace lastgood::table {

namespace {

#define LASTGOOD_CHECK_BACKUP "Check that a fresh backup holds its data: lastgood status\n"
#define LASTGOOD_SEE_SMARTD "See what smartd reports: journalctl -t smartd -g {device}\n"

Condition reported(std::vector<std::string_view> kinds) {
    return at_least(Operand(metric::drive_messages_recent, "kind", std::move(kinds)), 1);
}

Condition reported_failing() {
    return reported({"verdict", "attribute", "critical_warning"});
}

Condition warns() {
    return at_least(except(metric::drive_critical_warning, "warning", {"temperature"}), 1);
}

// drive_gone reports a drive that has disappeared.
Condition is_gone() {
    return is(metric::drive_present, 0);
}

Rule suspect(std::string_view name, std::vector<Condition> all_of, std::string_view summary,
             std::string_view advice, std::string_view why) {
    all_of.push_back(unless(is_gone()));
    return Rule{.name = name,
                .severity = Severity::warning,
                .subject = SubjectKind::drive,
                .all_of = std::move(all_of),
                .summary = summary,
                .advice = advice,
                .why = why};
}

Condition own_verdict() {
    return present(metric::drive_smart_passed);
}

std::vector<Rule> failure_rules() {
    const auto own_attribute = at_least(metric::drive_attributes_failing, 1);
    return {
        Rule{
            .name = "drive_failing_smartd",
            .severity = Severity::critical,
            .subject = SubjectKind::drive,
            .all_of = {reported_failing(), unless(own_verdict()), unless(own_attribute),
                       unless(warns()), unless(is_gone())},
            .summary = "Drive {subject} predicts its own failure, as smartd reports.",
            .advice =
                "Check that a fresh backup holds its data; copy off what none holds: lastgood "
                "status\n" LASTGOOD_SEE_SMARTD "Ask before you pull it: lastgood preflight {name}\n"
                "Replace it (serial {serial|unknown}).",
            .why = "smartd read a FAILED verdict, a pre-failure attribute at its threshold or an "
                   "NVMe critical warning, and lastgood cannot read the drive's health itself: "
                   "smartd may know a way through a controller that lastgood does not. See "
                   "drive_failing_verdict.",
            .is_loss = true,
        },
        suspect("drive_suspect_smartd_verdict",
                {reported_failing(), is(metric::drive_smart_passed, 1), unless(own_attribute),
                 unless(warns())},
                "Drive {subject} now reads PASSED, but smartd recently reported it FAILING.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SEE_SMARTD
                "Compare with the drive's own words: smartctl -x /dev/{device}\n"
                "Have a spare drive ready; a drive that has once said so is not to be trusted.",
                "A verdict that comes and goes is set by an attribute near its threshold. lastgood "
                "reads health a few times an hour and may miss it; smartd saw it."),
    };
}

std::vector<Rule> early_sign_rules() {
    return {
        suspect("drive_suspect_smartd_sectors",
                {reported({"pending_sectors", "offline_uncorrectable_sectors",
                           "reallocated_sectors", "media_errors"}),
                 unless(own_verdict()), unless(present(metric::drive_pending_sectors))},
                "Drive {subject} has bad sectors, as smartd reports.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SEE_SMARTD
                "Ask before you pull it: lastgood preflight {name}\n"
                "Have a spare drive ready (serial {serial|unknown}).",
                "smartd counts unreadable or replaced sectors, and lastgood cannot read them "
                "itself. How many there are is in smartd's messages. See drive_suspect_pending "
                "and drive_suspect_reallocating."),
        suspect("drive_suspect_smartd_self_test",
                {reported({"self_test"}), unless(present(metric::drive_self_test_failed)),
                 unless(own_verdict())},
                "Drive {subject} failed a self-test, as smartd reports.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SEE_SMARTD
                "Plan to replace it (serial {serial|unknown}).",
                "As drive_suspect_self_test, for a drive whose health lastgood cannot read."),
        suspect("drive_suspect_smartd_old_age",
                {reported({"old_age_attribute"}),
                 unless(present(metric::drive_old_age_attributes_failing)), unless(own_verdict())},
                "Drive {subject} has reached its maker's limit, as smartd reports.",
                LASTGOOD_CHECK_BACKUP LASTGOOD_SEE_SMARTD
                "Plan to replace it (serial {serial|unknown}).",
                "As drive_suspect_old_age, for a drive whose health lastgood cannot read."),
    };
}

Rule mdadm_rule() {
    return suspect(
        "drive_suspect_mdadm",
        {reported({"kicked"}), unless(is(Operand(metric::array_member, "state", {"faulty"}), 1)),
         unless(at_least(
             Operand(metric::drive_kernel_errors_recent, "kind", {"kicked", "uncorrected", "lost"}),
             1))},
        "Drive {subject} recently failed in its array, as mdadm reports.",
        LASTGOOD_CHECK_BACKUP
        "See when: journalctl -t mdadm -g {device}\n"
        "See why: journalctl -k -g {device}\n"
        "If nobody failed or replaced it on purpose, ask before you pull it: lastgood "
        "preflight {name}",
        "mdadm's monitor saw the member fail. The kernel log and the array do not show it any "
        "more: it was added again, a spare took its place, or the host was restarted since. "
        "The end of mdadm --replace looks the same, so it is a warning; "
        "drive_failing_kicked and drive_failing_dropped report what the kernel says.");
}

}  // namespace

std::vector<Rule> drive_message_rules() {
    std::vector<Rule> rules = failure_rules();
    for (Rule& rule : early_sign_rules()) rules.push_back(std::move(rule));
    rules.push_back(mdadm_rule());
    return rules;
}

}  // namespace lastgood::table
