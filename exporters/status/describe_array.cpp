#include <fmt/core.h>

#include <algorithm>

#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/words.hpp"
#include "exporters/status/describe.hpp"

namespace lastgood {

namespace {

Cell right(std::string text) {
    return {std::move(text), Colour::none, true};
}

std::string number_or_nothing(std::optional<double> value) {
    return value ? number_text(*value) : "";
}

void add_identity(Description& array) {
    const auto label = [&](const char* key) { return array.take_label(metric::array_info, key); };
    const std::string layout = label("layout"), metadata = label("metadata"), name = label("name");
    array.row("kind", sentence_of({label("level") + (layout.empty() ? "" : " (" + layout + ")"),
                                   metadata.empty() ? "" : "metadata " + metadata,
                                   name.empty() ? "" : "name " + name,
                                   label("device").empty() ? "" : "device " + label("device")}));
}

std::string action_text(Description& array) {
    const std::string action = array.take_label(metric::array_sync_action, "action");
    const std::string phase = array.take_label(metric::array_sync_action, "phase");
    std::vector<std::string> parts;
    if (!action.empty())
        parts.push_back(action + (phase.empty() || phase == "none" ? "" : " (" + phase + ")"));
    for (const Observation* one : array.take_all(metric::array_sync_progress_ratio))
        parts.push_back(
            fmt::format("{} {:.1f}% done", harmless(one->label("action")), one->value * 100));
    for (const Observation* one : array.take_all(metric::array_sync_remaining_seconds))
        parts.push_back(fmt::format("{} left", short_age(one->value)));
    return sentence_of(parts);
}

void add_condition(Description& array) {
    const auto present = array.take(metric::array_present);
    const auto readable = array.take(metric::array_readable);
    const auto failed = array.take(metric::array_failed);
    const auto members = array.take(metric::array_members);
    const auto missing = array.take(metric::array_degraded_members);
    const auto spares = array.take(metric::array_spare_members);
    const auto survives = array.take(metric::array_survivable_failures);
    const auto fatal = array.take(metric::array_fatal_members);
    array.row(
        "now",
        sentence_of({present ? (*present == 0 ? "GONE" : "present") : "",
                     readable ? (*readable == 0 ? "its state could NOT BE READ" : "readable") : "",
                     array.take_label(metric::array_state, "state"),
                     failed ? (*failed == 0 ? "not failed" : "FAILED") : ""}));
    array.row("doing", action_text(array));
    array.row(
        "members",
        sentence_of(
            {members ? number_text(*members) + " when complete" : "",
             missing ? (*missing == 0 ? "none missing" : number_text(*missing) + " MISSING") : "",
             spares ? counted(*spares, "spare", "spares") : ""}));
    if (failed == 1)
        array.row("survives", "nothing: its data is out of reach");
    else if (survives)
        array.row("survives", *survives == 0
                                  ? "no further loss for certain"
                                  : "any " + counted(*survives, "further loss", "further losses"));
    else
        array.unknown("survives", "not known");
    if (fatal && failed != 1)
        array.row("vital", *fatal == 0
                               ? "no member: each may fail without loss of data"
                               : counted(*fatal, "member must not fail", "members must not fail") +
                                     ": data would be lost");
}

void add_checks(Description& array) {
    const auto checked = array.take(metric::array_last_check_timestamp_seconds);
    const auto unchecked = array.take(metric::array_unchecked_since_timestamp_seconds);
    const auto mismatches = array.take(metric::array_mismatch_sectors);
    std::vector<std::string> parts;
    if (checked)
        parts.push_back("read through " + array.ago(*checked));
    else if (unchecked)
        parts.push_back("not read through since " + format_time(*unchecked) + ", " +
                        array.ago(*unchecked));
    if (mismatches)
        parts.push_back(*mismatches == 0 ? "no copies differ"
                                         : counted(*mismatches, "sector differs between copies",
                                                   "sectors differ between copies"));
    array.row("check", sentence_of(parts));
    if (parts.empty()) array.unknown("check", "no check is known");
}

void add_members(Description& array) {
    const auto members = array.take_all(metric::array_member);
    for (const Observation* one : array.subject().observations) {
        const bool about_member = one->metric == &metric::array_member_fatal ||
                                  one->metric == &metric::array_member_errors_total ||
                                  one->metric == &metric::array_member_bad_blocks;
        if (about_member && std::ranges::any_of(members, [&](const Observation* member) {
                return member->label("drive") == one->label("drive") &&
                       member->label("device") == one->label("device");
            }))
            array.take(*one);
    }
    std::vector<std::vector<Cell>> rows{{{"slot", Colour::bold},
                                         {"device"},
                                         {"state"},
                                         {"drive"},
                                         {"serial"},
                                         {"must stay"},
                                         right("errors"),
                                         right("bad ranges"),
                                         {"flags"}}};
    for (const Membership* membership :
         array.judgements().relations().members_of(array.subject())) {
        const Subject* drive = membership->drive;
        std::string drive_text =
            drive ? drive->name() : harmless(membership->member->label("drive"));
        if (drive && drive->worst)
            drive_text += fmt::format(" ({})", state_word(health_of(*drive->worst)));
        rows.push_back({{harmless(membership->member->label("slot"))},
                        {harmless(membership->member->label("device"))},
                        {words_of(membership->state())},
                        {drive_text},
                        {drive ? harmless(drive->label(metric::drive_info, "serial")) : ""},
                        {!membership->fatal   ? ""
                         : *membership->fatal ? "yes"
                                              : "no"},
                        right(number_or_nothing(membership->errors)),
                        right(number_or_nothing(membership->bad_blocks)),
                        {words_of(membership->member->label("flags"))}});
    }
    array.table(
        rows, {{8, Fit::below}, {4, Fit::below}, {7, Fit::below}, {6, Fit::below}, {3, Fit::below}},
        1);
}

}  // namespace

void describe_array(Description& array) {
    add_identity(array);
    add_condition(array);
    add_checks(array);
    array.row("carries", names_of(array.judgements().relations().filesystems_on(array.subject())));
    add_members(array);
    describe_kernel_errors(array, metric::array_kernel_errors_total,
                           metric::array_kernel_errors_recent);
}

}  // namespace lastgood
