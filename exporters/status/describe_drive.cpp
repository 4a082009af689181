#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/preflight.hpp"
#include "core/text.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

using Rows = std::vector<std::vector<Cell>>;

Cell right(std::string text) {
    return {std::move(text), Colour::none, true};
}

void add_identity(Description& drive) {
    const auto label = [&](const char* key) { return drive.take_label(metric::drive_info, key); };
    const auto named = [](std::string_view what, const std::string& name) {
        return name.empty() ? "" : fmt::format("{} {}", what, name);
    };
    const auto size = drive.take(metric::drive_size_bytes);
    const std::string rotational = label("rotational");
    drive.row("model", sentence_of({label("model"), named("serial", label("serial")),
                                    named("firmware", label("firmware"))}));
    drive.row("kind", sentence_of({size ? format_size(*size) : "",
                                   rotational == "1"   ? "rotating"
                                   : rotational == "0" ? "solid-state"
                                                       : rotational,
                                   label("transport"), label("protocol")}));
    const std::string wwn = label("wwn");
    if (!wwn.empty() && drive.subject().id.find(wwn) == std::string::npos) drive.row("wwn", wwn);
}

void add_condition(Description& drive) {
    const auto passed = drive.take(metric::drive_smart_passed);
    const auto present = drive.take(metric::drive_present);
    const auto answering = drive.take(metric::drive_answering);
    const auto on = drive.take(metric::drive_power_on_seconds);
    const auto degrees = drive.take(metric::drive_temperature_celsius);
    const auto limit = drive.take(metric::drive_temperature_limit_celsius);
    const auto stalled = drive.take(metric::drive_io_stalled_seconds);
    const auto read = drive.take(metric::drive_read_timestamp_seconds);
    const std::string reader = drive.take_label(metric::drive_info, "reader");
    const std::string power = drive.take_label(metric::drive_power_state, "state");
    drive.row("now", sentence_of(
                         {present ? (*present == 0 ? "GONE: not attached" : "attached") : "",
                          answering ? (*answering == 0 ? "does NOT ANSWER" : "answers") : "", power,
                          degrees ? number_text(*degrees) + " C" +
                                        (limit ? " (limit " + number_text(*limit) + " C)" : "")
                          : limit ? "temperature limit " + number_text(*limit) + " C"
                                  : "",
                          on ? "powered on for " + short_age(*on) : "",
                          stalled ? (*stalled > 0 ? "requests WAIT for " + format_duration(*stalled)
                                                  : "no request waits")
                                  : ""}));
    if (passed)
        drive.row("verdict",
                  *passed == 0 ? "the drive itself says: FAILED" : "the drive itself says: passed");
    for (const Observation* one : drive.take_all(metric::drive_attributes_at_limit))
        drive.row("at limit",
                  fmt::format("{} ({})", harmless(one->label("attributes")),
                              one->label("type") == "old_age" ? "old age" : "pre-failure"));
    if (read) {
        drive.row("read", drive.ago(*read) + (reader.empty() ? "" : " by " + reader));
    } else if (reader == "none") {
        drive.row("read", "it reports no health data");
    } else {
        drive.unknown("read", "not yet: its health is not known");
        if (!reader.empty() && drive.saved()) drive.row("read", "by " + reader);
    }
}

// Counts of what goes wrong, with their growth.
void add_counts(Description& drive) {
    std::map<std::string_view, double> growth;
    for (const Observation* one : drive.take_all(metric::drive_count_increase))
        growth[one->label("counter")] = one->value;
    Rows rows{{{"what it reports", Colour::bold}, right("now"), right("grew lately")}};
    const auto count = [&](const Metric& metric, std::string_view name) {
        for (const Observation* one : drive.take_all(metric)) {
            const std::string operation = harmless(one->label("operation"));
            const auto grown = growth.find(metric.growth.counter);
            rows.push_back(
                {{fmt::format("{}{}", name, operation.empty() ? "" : " (" + operation + ")")},
                 right(number_text(one->value)),
                 right(grown == growth.end() || grown->first.empty()
                           ? ""
                           : number_text(grown->second))});
        }
        if (!metric.growth.counter.empty() && rows.size() > 1 &&
            drive.subject().first(metric) != nullptr)
            growth.erase(metric.growth.counter);
    };
    count(metric::drive_pending_sectors, "unreadable (pending) sectors");
    count(metric::drive_offline_uncorrectable_sectors, "sectors its own scan could not read");
    count(metric::drive_reallocated_sectors, "reallocated sectors");
    count(metric::drive_reported_uncorrectable_errors_total, "uncorrectable errors");
    count(metric::drive_uncorrected_errors_total, "uncorrected errors");
    count(metric::drive_media_errors_total, "media errors");
    count(metric::drive_grown_defects, "grown defects");
    count(metric::drive_command_timeouts_total, "commands that took too long");
    count(metric::drive_interface_crc_errors_total, "transfers garbled on the cable");
    count(metric::drive_io_errors_total, "requests that failed since it was attached");
    count(metric::drive_error_log_entries_total, "entries in its error log");
    count(metric::drive_logged_errors_recent, "of these, unreadable sectors in 7 days of running");
    count(metric::drive_attributes_failing, "attributes at their threshold");
    count(metric::drive_old_age_attributes_failing, "attributes at their old-age threshold");
    count(metric::drive_attributes_failed_in_past, "attributes once at their threshold");
    count(metric::drive_prefail_attributes_failed_in_past,
          "pre-failure attributes once at their threshold");
    for (const auto& [counter, value] : growth) {  // its own count is not known
        std::string name = harmless(counter);
        std::ranges::replace(name, '_', ' ');
        rows.push_back({{name}, right(""), right(number_text(value))});
    }
    drive.table(rows, {});
}

void add_wear(Description& drive) {
    const auto spare = drive.take(metric::drive_available_spare_ratio);
    const auto threshold = drive.take(metric::drive_available_spare_threshold_ratio);
    const auto used = drive.take(metric::drive_used_endurance_ratio);
    drive.row("wear", sentence_of({used ? percent_text(*used) + " of its rated endurance used" : "",
                                   spare ? percent_text(*spare) + " spare left" : "",
                                   threshold ? "it warns below " + percent_text(*threshold) : ""}));
    std::string warnings;
    const auto flags = drive.take_all(metric::drive_critical_warning);
    for (const Observation* flag : flags) {
        if (flag->value != 0)
            warnings += (warnings.empty() ? "" : ", ") + harmless(flag->label("warning"));
    }
    if (!flags.empty())
        drive.row("warnings", warnings.empty() ? "none set by the drive" : warnings);
    std::vector<std::string> tests;
    if (const auto failed = drive.take(metric::drive_self_test_failed))
        tests.emplace_back(*failed == 0 ? "none failed" : "the last one FAILED");
    for (const Observation* test : drive.take_all(metric::drive_self_test_age_seconds))
        tests.push_back(fmt::format("{} one {} of running time ago", harmless(test->label("type")),
                                    short_age(test->value)));
    drive.row("self-tests", sentence_of(tests));
}

// "filesystem /srv"
std::string use_text(std::string_view use, const std::string& name) {
    std::string text;
    if (use == "none")
        text = "nothing known uses it";
    else if (use == "unknown")
        text = "not known";
    else if (use == "boot")
        text = "boot loader";
    else if (use == "volume")
        text = "volume that nothing known uses";
    else if (use == "volumes")
        text = "volumes of LVM, some perhaps not active";
    else if (use == "content")
        text = "content that is not in use here:";
    else
        text = harmless(use);
    return name.empty() ? text : text + " " + name;
}

// Whether the drive may be pulled: never "yes", for the devices themselves are not asked here.
std::string pull_text(const Description& drive) {
    const Preflight asked = preflight(drive.judgements(), drive.subject());
    const std::string command = "lastgood preflight " + drive.subject().name();
    switch (asked.verdict) {
        case PreflightVerdict::no_go:
            return fmt::format("no: {} says why; first: {}", command, asked.against.front());
        case PreflightVerdict::cannot_tell:
            return fmt::format("cannot tell: {} says why; not known: {}", command,
                               asked.missing.front());
        case PreflightVerdict::go:
            return "ask first: " + command;
    }
    return {};
}

// What uses the drive, and what stands on it.
void add_uses(Description& drive) {
    const Relations& relations = drive.judgements().relations();
    for (const Membership* membership : relations.memberships_of(drive.subject())) {
        const Subject& array = *membership->array;
        const std::string flags = words_of(membership->member->label("flags"));
        const std::string state = words_of(membership->state());
        const std::string slot = harmless(membership->member->label("slot"));
        const std::string level = harmless(array.label(metric::array_info, "level"));
        drive.row("used by",
                  sentence_of(
                      {fmt::format("{}{}", array.name(), level.empty() ? "" : " (" + level + ")"),
                       slot.empty() ? "" : "slot " + slot, state, flags,
                       membership->errors > 0 ? counted(*membership->errors, "corrected read error",
                                                        "corrected read errors")
                                              : "",
                       membership->bad_blocks > 0
                           ? counted(*membership->bad_blocks, "bad-block range", "bad-block ranges")
                           : "",
                       membership->fatal == true ? "must not fail: data would be lost" : ""}));
    }
    drive.row("carries", names_of(relations.filesystems_on(drive.subject())));
    if (!drive.saved()) drive.row("pulled?", pull_text(drive));
    Rows rows{{{"part", Colour::bold}, {"what stands on it"}, {"in array"}}};
    for (const Observation* use : drive.take_all(metric::drive_use)) {
        const Subject* array =
            drive.judgements().facts().find(SubjectKind::array, use->label("array"));
        rows.push_back({{harmless(use->label("device"))},
                        {use_text(use->label("use"), harmless(use->label("name")))},
                        {array ? array->name() : harmless(use->label("array"))}});
    }
    drive.table(rows, {{2, Fit::below}}, 1);
}

struct Attribute {
    std::string name;
    std::map<std::string_view, double> values;  // by kind

    std::string text(std::string_view kind) const {
        const auto found = values.find(kind);
        return found == values.end() ? "" : number_text(found->second);
    }
    // Its normalized value has reached the threshold; a threshold of 0 is none.
    bool reached(std::string_view kind) const {
        const auto value = values.find(kind), threshold = values.find("threshold");
        return value != values.end() && threshold != values.end() && threshold->second > 0 &&
               value->second <= threshold->second;
    }
    Cell mark() const {
        if (reached("normalized")) return {"at its limit", Colour::red};
        return {reached("worst") ? "was at its limit" : ""};
    }
};

// The SMART attributes, one row each, with the columns that smartctl prints.
void add_attributes(Description& drive) {
    std::map<int, Attribute> attributes;  // by id
    for (const Observation* one : drive.take_all(metric::drive_attribute)) {
        Attribute& attribute = attributes[parse_number<int>(one->label("id")).value_or(0)];
        attribute.name = harmless(one->label("name"));
        attribute.values[one->label("kind")] = one->value;
    }
    Rows rows{{{"attribute", Colour::bold},
               {"name"},
               right("raw"),
               right("value"),
               right("worst"),
               right("threshold"),
               {""}}};
    for (const auto& [id, attribute] : attributes) {
        rows.push_back({right(fmt::format("{}", id)), {attribute.name}});
        for (const char* kind : {"raw", "normalized", "worst", "threshold"})
            rows.back().push_back(right(attribute.text(kind)));
        rows.back().push_back(attribute.mark());
    }
    drive.table(rows, {{5, Fit::below}, {4, Fit::below}, {3, Fit::below}, {6, Fit::below}}, 1);
}

}  // namespace

void describe_drive(Description& drive) {
    add_identity(drive);
    add_condition(drive);
    describe_speed(drive);
    add_wear(drive);
    add_uses(drive);
    add_counts(drive);
    describe_kernel_errors(drive, metric::drive_kernel_errors_total,
                           metric::drive_kernel_errors_recent);
    describe_messages(drive, metric::drive_messages_total, metric::drive_messages_recent);
    add_attributes(drive);
}

}  // namespace lastgood
