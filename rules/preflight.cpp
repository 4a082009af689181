#include "rules/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/facts.hpp"
#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

std::string name_of(const Subject& drive) {
    const std::string model = harmless(drive.label(metric::drive_info, "model"));
    const std::string serial = harmless(drive.label(metric::drive_info, "serial"));
    std::string about = model;
    if (!serial.empty()) about += (about.empty() ? "serial " : ", serial ") + serial;
    return about.empty() ? drive.name() : fmt::format("{} ({})", drive.name(), about);
}

// Reasons not to rely on this drive during a rebuild; empty: none is known.
std::vector<std::string> troubles_of(const Subject& drive) {
    std::vector<std::string> troubles;
    if (drive.value(metric::drive_smart_passed) == 0.0)
        troubles.emplace_back("reports that it is failing");
    const auto count = [&](const Metric& metric, std::string_view one, std::string_view many) {
        if (const double value = drive.value(metric).value_or(0); value > 0)
            troubles.push_back("has " + counted(value, one, many));
    };
    count(metric::drive_pending_sectors, "pending sector", "pending sectors");
    count(metric::drive_offline_uncorrectable_sectors, "uncorrectable sector",
          "uncorrectable sectors");
    count(metric::drive_attributes_failing, "attribute at its threshold",
          "attributes at their thresholds");
    double errors = 0;
    for (const Observation* observation : drive.observations)
        if (observation->metric == &metric::drive_kernel_errors_recent)
            errors += observation->value;
    if (errors > 0)
        troubles.push_back("had " + counted(errors, "recent kernel error", "recent kernel errors"));
    if (drive.value(metric::drive_answering) == 0.0) troubles.emplace_back("does not answer");
    return troubles;
}

// Backups that could not restore the data: too old, never made or unreadable.
std::vector<std::string> backups_in_doubt(const Facts& facts, Timestamp now) {
    std::vector<std::string> doubts;
    const auto backups = facts.of(SubjectKind::backup);
    if (backups.empty()) doubts.emplace_back("no backup is configured here");
    for (const Subject* backup : backups) {
        std::optional<Timestamp> newest;
        for (const Observation* observation : backup->observations)
            if (observation->metric == &metric::backup_newest_timestamp_seconds &&
                observation->label("confidence") != "activity")
                newest = std::max(newest.value_or(0), observation->value);
        const double limit = backup->value(metric::backup_max_age_seconds).value_or(0);
        if (backup->value(metric::backup_readable) == 0.0)
            doubts.push_back(fmt::format("backup {} could not be read", harmless(backup->id)));
        else if (!newest)
            doubts.push_back(fmt::format("backup {} has no copy", harmless(backup->id)));
        else if (now - *newest > limit)
            doubts.push_back(fmt::format("the newest copy of backup {} is {} old",
                                         harmless(backup->id), format_duration(now - *newest)));
    }
    return doubts;
}

bool carries_data(std::string_view state) {
    return state == "in_sync";
}

struct Membership {
    const Subject* array;
    std::string state;  // in_sync if one of the drive's members is
    int in_sync = 0;    // members on the drive that hold data
    bool fatal = false;
};

std::vector<Membership> memberships(const Facts& facts, std::string_view drive) {
    std::vector<Membership> found;
    for (const Subject* array : facts.of(SubjectKind::array)) {
        Membership membership{array, "", 0, false};
        for (const Observation* observation : array->observations) {
            if (observation->label("drive") != drive) continue;
            if (observation->metric == &metric::array_member) {
                const std::string_view state = observation->label("state");
                if (carries_data(state)) ++membership.in_sync;
                if (!carries_data(membership.state)) membership.state = state;
            }
            if (observation->metric == &metric::array_member_fatal)
                membership.fatal = membership.fatal || observation->value != 0;
        }
        if (!membership.state.empty()) found.push_back(std::move(membership));
    }
    return found;
}

void judge_array(const Membership& membership, const Facts& facts, std::string_view drive,
                 Timestamp now, Preflight& result) {
    const Subject& array = *membership.array;
    const std::string name = array.name();
    if (array.value(metric::array_readable) == 0.0)
        return result.against.push_back(
            fmt::format("the state of array {} could not be read", name));
    for (const Observation* observation : array.observations)
        if (observation->metric == &metric::array_sync_progress_ratio &&
            observation->label("action") != "check")
            result.against.push_back(
                fmt::format("array {} is busy with {} ({:.0f}% done): wait until that is done",
                            name, observation->label("action"), observation->value * 100));
    if (!carries_data(membership.state)) {
        const Subject* subject = facts.find(SubjectKind::drive, drive);
        const std::string device = subject ? subject->name() : harmless(drive);
        result.notes.push_back(
            membership.state == "spare"
                ? fmt::format("{} is a spare of {}; {} holds no data on it", device, name, name)
                : fmt::format("{} is {} in {}; {} does not need it", device, membership.state, name,
                              name));
        return;
    }
    if (membership.fatal)
        return result.against.push_back(
            fmt::format("pulling it loses data of array {} at once", name));
    const double left =
        array.value(metric::array_survivable_failures).value_or(0) - membership.in_sync;
    if (membership.in_sync > 1 && left < 0)
        return result.against.push_back(fmt::format(
            "pulling it takes {} members of array {} at once, more than it is sure to survive",
            membership.in_sync, name));
    if (left > 0) {
        result.notes.push_back(fmt::format("array {} survives {} while it is rebuilt", name,
                                           counted(left, "more failure", "more failures")));
        return;
    }
    result.notes.push_back(
        fmt::format("until array {} is rebuilt, one more failure loses data", name));
    std::set<std::string> asked;
    for (const Observation* observation : array.observations) {
        const std::string other(observation->label("drive"));
        if (observation->metric != &metric::array_member || other == drive ||
            !carries_data(observation->label("state")))
            continue;
        const Subject* partner = facts.find(SubjectKind::drive, other);
        if (!partner || !asked.insert(other).second) continue;
        for (const std::string& trouble : troubles_of(*partner))
            result.against.push_back(
                fmt::format("if {} fails during the rebuild, the data of {} is lost, and it {}",
                            name_of(*partner), name, trouble));
    }
    for (const std::string& doubt : backups_in_doubt(facts, now))
        result.against.push_back(fmt::format(
            "if the rebuild fails, the data of {} cannot be restored: {}", name, doubt));
}

void judge_filesystems(const Facts& facts, std::string_view drive, bool in_array,
                       Preflight& result) {
    for (const Subject* filesystem : facts.of(SubjectKind::filesystem)) {
        size_t drives = 0;
        bool here = false;
        for (const Observation* observation : filesystem->observations) {
            if (observation->metric != &metric::filesystem_drive) continue;
            ++drives;
            here = here || observation->label("drive") == drive;
        }
        if (!here) continue;
        if (drives == 1 || !in_array)
            result.against.push_back(
                fmt::format("filesystem {} lies on {}", harmless(filesystem->id),
                            drives == 1 ? "this drive alone"
                                        : "this and other drives, without known redundancy"));
    }
}

}  // namespace

Preflight preflight(const Report& report, std::string_view drive, Timestamp now) {
    Preflight result;
    const Facts facts(report);
    const Subject* subject = facts.find(SubjectKind::drive, drive);
    result.drive = subject ? name_of(*subject) : harmless(drive);
    const Seconds age = now - report.written_at;
    if (age > preflight_report_limit || age < -preflight_report_limit) {
        result.against.push_back(
            fmt::format("the report is {} old; see whether the agent runs: lastgood status",
                        format_duration(age)));
        return result;
    }
    if (!subject) {
        result.against.emplace_back("there is no such drive");
        return result;
    }
    bool in_array = false;
    for (const Membership& membership : memberships(facts, drive)) {
        in_array = in_array || carries_data(membership.state);
        judge_array(membership, facts, drive, now, result);
    }
    judge_filesystems(facts, drive, in_array, result);
    result.verdict = result.against.empty() ? PreflightVerdict::go : PreflightVerdict::no_go;
    return result;
}

}  // namespace lastgood
