#include "core/preflight_arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/metrics/agent.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/drives.hpp"
#include "core/preflight_rebuild.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

std::string drive_name(const Subject& drive) {
    const std::string model = harmless(drive.label(metric::drive_info, "model"));
    const std::string serial = harmless(drive.label(metric::drive_info, "serial"));
    std::string about = model;
    if (!serial.empty()) about += (about.empty() ? "serial " : ", serial ") + serial;
    return about.empty() ? drive.name() : fmt::format("{} ({})", drive.name(), about);
}

namespace {

// What md notes at a member that it did not put out yet (Linux drivers/md/md.c, state_show).
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> flags_of_trouble = {{
    {"write_error", "had a write error"},
    {"want_replacement", "is marked to be replaced"},
    {"blocked", "is blocked: its array is about to put it out"},
}};

// Ten repaired reads are not one accident, even if they are old.
constexpr double many_errors = 10;

// Reasons not to rely on this drive during a rebuild of the array; empty: none is known.
std::vector<std::string> troubles_of(const Judge& judge, const Subject& drive,
                                     const Subject& array) {
    std::vector<std::string> troubles;
    const DriveState state = drive_state(drive, judge.now());
    if (state == DriveState::failed) troubles.emplace_back("reports that it is failing");
    if (state == DriveState::gone) troubles.emplace_back("has disappeared");
    const auto add = [&](double count, std::string_view one, std::string_view many) {
        if (count > 0) troubles.push_back("has " + counted(count, one, many));
    };
    const auto count = [&](const Metric& metric, std::string_view one, std::string_view many) {
        add(drive.value(metric).value_or(0), one, many);
    };
    count(metric::drive_pending_sectors, "unreadable sector", "unreadable sectors");
    count(metric::drive_offline_uncorrectable_sectors, "uncorrectable sector",
          "uncorrectable sectors");
    count(metric::drive_attributes_failing, "attribute at its threshold",
          "attributes at their thresholds");
    double bad_blocks = 0, errors_in_array = 0;
    std::set<std::string_view> flags;
    for (const Membership* membership : judge.relations().memberships_of(drive)) {
        if (membership->array != &array) continue;
        bad_blocks += membership->bad_blocks.value_or(0);
        errors_in_array += membership->errors.value_or(0);
        for (const std::string_view flag : split(membership->member->label("flags"), ","))
            flags.insert(flag);
    }
    add(bad_blocks, "range that the array could not write",
        "ranges that the array could not write");
    if (errors_in_array >= many_errors)
        add(errors_in_array, "read error that the array repaired",
            "read errors that the array repaired");
    for (const auto& [flag, words] : flags_of_trouble)
        if (flags.contains(flag)) troubles.emplace_back(words);
    double errors = 0;
    for (const Observation* observation : drive.observations)
        if (observation->metric == &metric::drive_kernel_errors_recent)
            errors += observation->value;
    if (errors > 0)
        troubles.push_back("had " + counted(errors, "recent kernel error", "recent kernel errors"));
    if (drive.value(metric::drive_answering) == 0.0) troubles.emplace_back("does not answer");
    if (std::string slow = slowness_of(drive); !slow.empty()) troubles.push_back(std::move(slow));
    if (const Judgement own = judge.own(drive);
        troubles.empty() && own.health != Health::fine && own.health != Health::unknown)
        troubles.push_back(fmt::format("is {}: {}",
                                       own.health == Health::critical ? "critical" : "warning",
                                       own.reasons.front().text));
    // Living with a finding does not make the drive sound.
    for (const Finding* finding : drive.findings)
        if (troubles.empty() && finding->accepted && finding->severity != Severity::unknown)
            troubles.push_back(
                fmt::format("has an accepted finding: {}", harmless(finding->summary)));
    return troubles;
}

// What is missing to call the drive healthy; "" if its health was read lately.
std::string health_missing(const Judge& judge, const Subject& drive) {
    const auto read = drive.value(metric::drive_read_timestamp_seconds);
    if (!read) return "its health was never read";
    if (judge.now() - *read > drive_read_limit)
        return fmt::format("its health was read {} ago", format_duration(judge.now() - *read));
    const Judgement own = judge.own(drive);
    return own.health == Health::fine ? "" : own.reasons.front().text;
}

bool carries_data(std::string_view state) {
    return state == "in_sync";
}

// What a drive holds of an array, over all of its members there.
struct Share {
    const Subject* array;
    std::string state;  // in_sync if one of the drive's members is
    int in_sync = 0;    // members on the drive that hold data
    bool fatal = false;
    bool fatal_known = false;
};

// The memberships that go with the drive: its own, and those of its second unit, which only its
// uses name.
std::vector<const Membership*> pulled_with(const Judge& judge, const Subject& drive) {
    std::vector<const Membership*> pulled = judge.relations().memberships_of(drive);
    for (const Observation* use : drive.observations) {
        if (use->metric != &metric::drive_use || use->label("array").empty()) continue;
        const Subject* array = judge.facts().find(SubjectKind::array, use->label("array"));
        if (array == nullptr) continue;
        for (const Membership* membership : judge.relations().members_of(*array))
            if (membership->drive != &drive &&
                membership->member->label("device") == use->label("device") &&
                std::ranges::find(pulled, membership) == pulled.end())
                pulled.push_back(membership);
    }
    return pulled;
}

std::vector<Share> shares_of(const Judge& judge, const Subject& drive) {
    std::vector<Share> found;
    for (const Membership* membership : pulled_with(judge, drive)) {
        auto share = std::ranges::find(found, membership->array, &Share::array);
        if (share == found.end())
            share = found.insert(found.end(), Share{.array = membership->array, .state = ""});
        if (carries_data(membership->state())) ++share->in_sync;
        if (!carries_data(share->state)) share->state = membership->state();
        share->fatal = share->fatal || membership->fatal == true;
        share->fatal_known = share->fatal_known || membership->fatal.has_value();
    }
    return found;
}

// Whether md runs the array (Linux drivers/md/md.c, array_states). Arrays of LVM and btrfs have no
// state: they are listed only while they run.
bool runs(const Subject& array) {
    constexpr std::array<std::string_view, 6> running = {"clean",         "active",   "active-idle",
                                                         "write-pending", "readonly", "read-auto"};
    const std::string_view state = array.label(metric::array_state, "state");
    return state.empty() || std::ranges::find(running, state) != running.end();
}

std::string watch(const Subject& array) {
    return array.id.starts_with("md-") ? "cat /proc/mdstat" : "";
}

// What the array does that makes its members unlike until it is done: "recover (40% done)",
// "resync (delayed)"; "" for nothing and for a check. Work that waits has no progress.
std::string_view work_word(std::string_view action) {
    if (action == "recover") return "a rebuild";
    if (action == "resync") return "a resync";
    if (action == "reshape") return "a reshape";
    return action == "repair" ? "a repair" : action;
}

std::string work_of(const Subject& array) {
    const auto remaining = array.value(metric::array_sync_remaining_seconds);
    const std::string left =
        remaining ? fmt::format(", about {} left", format_duration(*remaining)) : "";
    for (const Observation* one : array.observations)
        if (one->metric == &metric::array_sync_progress_ratio && one->label("action") != "check")
            return fmt::format("{} ({:.0f}% done{})", harmless(work_word(one->label("action"))),
                               one->value * 100, left);
    for (const Observation* one : array.observations) {
        const std::string_view action = one->label("action"), phase = one->label("phase");
        if (one->metric == &metric::array_sync_action && action != "check" && !phase.empty() &&
            phase != "none")
            return fmt::format("{} ({})", harmless(work_word(action)), harmless(phase));
    }
    return {};
}

// Reasons that forbid to pull any member. True if there was one.
bool forbids_any(const Subject& array, Preflight& result) {
    const std::string name = array.name();
    const size_t before = result.against.size();
    if (array.value(metric::array_readable) == 0.0)
        result.lack(fmt::format("the state of array {}: it could not be read", name), "");
    else if (array.value(metric::array_failed) == 1.0)
        result.forbid(fmt::format("array {} has failed: what its members hold may be all that is "
                                  "left, change nothing",
                                  name),
                      "", &array);
    else if (!runs(array))
        result.forbid(
            fmt::format("array {} is {}: each of its members may hold data that no other has, "
                        "change nothing",
                        name, harmless(array.label(metric::array_state, "state"))),
            watch(array), &array);
    if (const std::string work = work_of(array); !work.empty())
        result.forbid(fmt::format("array {} is busy with {}", name, work),
                      fmt::format("Wait until that is done: lastgood status {}", name), &array);
    return result.against.size() > before || array.value(metric::array_readable) == 0.0;
}

// A member that holds no complete data.
void judge_other_member(const Share& share, const std::string& device, Preflight& result) {
    const std::string name = share.array->name();
    if (share.state == "spare")
        result.notes.push_back(
            fmt::format("{} is a spare of {}; {} holds no data on it", device, name, name));
    else if (share.state == "faulty")
        result.notes.push_back(
            fmt::format("{} is faulty in {}; {} does not need it", device, name, name));
    else if (share.state == "journal")
        result.forbid(fmt::format("{} is the journal of {}: without it, {} stops writing", device,
                                  name, name),
                      "");
    else if (share.state == "rebuilding" || share.state == "replacement")
        result.forbid(fmt::format("{} is being filled by {}", device, name),
                      "Wait until that is done.");
    else
        result.lack(
            fmt::format("what {} is in {}: its state is {}", device, name, harmless(share.state)),
            "");
}

// What makes it likely that the partner does not get through the rebuild, after what is wrong with
// it: when it was last read, how long the rebuild takes, whether it ages like the other drive.
std::string odds_of(const Judge& judge, const Subject& partner, const Subject& array,
                    const Subject& drive) {
    std::string text = read_through_text(array, partner, judge.now());
    if (are_alike(partner, drive))
        text += fmt::format(", is of the same model, firmware and age as {}", drive.name());
    if (const std::string time = rebuild_time(array); !time.empty())
        text += fmt::format(", the rebuild will take {}", time);
    return text;
}

void judge_partner(const Judge& judge, const Subject& partner, const Subject& array,
                   const Subject& drive, Preflight& result) {
    const std::vector<std::string> troubles = troubles_of(judge, partner, array);
    const std::string look = fmt::format("lastgood status {}", partner.name());
    if (!troubles.empty()) {
        result.forbid(fmt::format("if its {} {} dies during the rebuild, array {} is lost; {} {}, "
                                  "{}",
                                  has_partners(array) ? "partner" : "fellow member",
                                  drive_name(partner), array.name(), partner.name(),
                                  fmt::join(troubles, ", "), odds_of(judge, partner, array, drive)),
                      look, &partner);
        return;
    }
    if (const std::string missing = health_missing(judge, partner); !missing.empty())
        result.lack(fmt::format("whether {} is healthy, which the rebuild of {} reads: {}",
                                drive_name(partner), array.name(), missing),
                    look);
    if (is_unread(array, partner, judge.now()))
        result.lack(fmt::format("whether all of {} can be read, which the rebuild of {} does: it "
                                "{}",
                                drive_name(partner), array.name(),
                                read_through_text(array, partner, judge.now())),
                    fmt::format("Check the array first: lastgood status {}", array.name()));
    else if (are_alike(partner, drive))
        result.notes.push_back(fmt::format("{} is of the same model, firmware and age as {}",
                                           partner.name(), drive.name()));
}

// The members that a rebuild reads from: all of them must get through it.
void judge_partners(const Judge& judge, const Subject& array, const Subject& drive,
                    Preflight& result) {
    std::set<const Subject*> asked;
    for (const Membership* membership : judge.relations().members_of(array)) {
        if (membership->drive == &drive || !carries_data(membership->state()) ||
            !is_partner(array, drive, *membership))
            continue;
        if (membership->drive == nullptr)
            result.lack(fmt::format("which drive {} of array {} is on",
                                    harmless(membership->member->label("device")), array.name()),
                        "");
        else if (asked.insert(membership->drive).second)
            judge_partner(judge, *membership->drive, array, drive, result);
    }
}

// With `left` failures to spare, only more partners in trouble than that are a reason.
void judge_many_partners(const Judge& judge, const Subject& array, const Subject& drive,
                         double left, Preflight& result) {
    std::set<const Subject*> asked;
    std::vector<std::pair<const Subject*, std::vector<std::string>>> troubled;
    for (const Membership* membership : judge.relations().members_of(array)) {
        const Subject* partner = membership->drive;
        if (partner == nullptr || partner == &drive || !carries_data(membership->state()) ||
            !asked.insert(partner).second)
            continue;
        if (auto troubles = troubles_of(judge, *partner, array); !troubles.empty())
            troubled.emplace_back(partner, std::move(troubles));
    }
    if (static_cast<double>(troubled.size()) <= left) return;
    for (const auto& [partner, troubles] : troubled)
        for (const std::string& trouble : troubles)
            result.forbid(fmt::format("array {} survives only {} while it is rebuilt, and {} {}",
                                      array.name(), counted(left, "more failure", "more failures"),
                                      drive_name(*partner), trouble),
                          fmt::format("lastgood status {}", partner->name()), partner);
}

// Returns true if, with the drive gone, one more failure would lose data.
bool judge_array(const Judge& judge, const Share& share, const Subject& drive, Preflight& result) {
    const Subject& array = *share.array;
    const std::string name = array.name();
    const bool fatal = share.fatal && runs(array) && array.value(metric::array_failed) != 1.0;
    if (fatal) result.forbid(fmt::format("pulling it loses data of array {} at once", name), "");
    if (forbids_any(array, result) || fatal) return false;
    if (!carries_data(share.state)) {
        judge_other_member(share, drive.name(), result);
        return false;
    }
    const auto survives = array.value(metric::array_survivable_failures);
    if (!survives || !share.fatal_known) {
        result.lack(fmt::format("how many more members array {} can lose", name), "");
        return false;
    }
    const double left = *survives - share.in_sync;
    if (share.in_sync > 1 && left < 0) {
        result.forbid(fmt::format("pulling it takes {} members of array {} at once, more than it "
                                  "is sure to survive",
                                  share.in_sync, name),
                      "");
        return false;
    }
    if (const double differ = array.value(metric::array_mismatch_sectors).value_or(0); differ > 0)
        result.lack(fmt::format("which copy of {} of array {} is right: its last check found that "
                                "they differ",
                                counted(differ, "sector", "sectors"), name),
                    fmt::format("lastgood status {}", name));
    if (left > 0) {
        const std::string time = rebuild_time(array);
        result.notes.push_back(fmt::format("array {} survives {} while it is rebuilt{}", name,
                                           counted(left, "more failure", "more failures"),
                                           time.empty() ? "" : ": " + time));
        judge_many_partners(judge, array, drive, left, result);
        return false;
    }
    const std::string time = rebuild_time(array);
    result.notes.push_back(fmt::format("until array {} is rebuilt, one more failure loses data{}",
                                       name, time.empty() ? "" : ": " + time));
    judge_partners(judge, array, drive, result);
    // Many failing drives show nothing but in the kernel log.
    const Subject* log = judge.facts().find(SubjectKind::collector, "kernel_log");
    if (log == nullptr || log->value(metric::collector_success) != 1)
        result.lack(fmt::format("whether the kernel logged errors of the drives of {}: lastgood "
                                "does not read its log",
                                name),
                    "lastgood status kernel_log");
    return true;
}

}  // namespace

std::vector<JudgedArray> judge_arrays(const Judge& judge, const Subject& drive, Preflight& result) {
    std::vector<JudgedArray> arrays;
    const Subject* container = nullptr;
    bool in_array = false;
    for (const Share& share : shares_of(judge, drive)) {
        const bool holds_data = !is_container(*share.array);
        in_array = in_array || holds_data;
        if (!holds_data) container = share.array;
        arrays.push_back({share.array->id, holds_data && judge_array(judge, share, drive, result)});
    }
    if (container && !in_array)
        result.lack(fmt::format("what {} holds for container {}: no array of it runs here",
                                drive.name(), container->name()),
                    watch(*container));
    return arrays;
}

}  // namespace lastgood
