#include "exporters/status/tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/metrics/latency.hpp"
#include "core/preflight.hpp"
#include "core/words.hpp"
#include "exporters/status/table_parts.hpp"

namespace lastgood {

namespace {

std::string percent(std::optional<double> ratio) {
    return ratio ? fmt::format("{:.0f}%", std::floor(*ratio * 100 + 1e-9)) : "";
}

std::string age_of(std::optional<double> time, Timestamp now) {
    return time ? short_age(now - *time) : "";
}

double sum(const Subject& subject, const Metric& metric) {
    double total = 0;
    for (const Observation* observation : subject.observations) {
        total += observation->metric == &metric ? observation->value : 0;
    }
    return total;
}

// Several layers may each log the same failed request. The highest count of a layer is therefore
// the number of failed requests.
double kernel_errors(const Subject& drive) {
    std::map<std::string_view, double> by_layer;
    for (const Observation* observation : drive.observations) {
        if (observation->metric == &metric::drive_kernel_errors_recent) {
            by_layer[observation->label("layer")] += observation->value;
        }
    }
    double most = 0;
    for (const auto& [layer, errors] : by_layer) {
        most = std::max(most, errors);
    }
    return most;
}

std::string drive_remarks(const Subject& drive, const Judgement& judgement,
                          const TableContext& context) {
    std::vector<std::string> parts;
    const auto add = [&](std::string part) {
        if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
    };
    for (const Reason& reason : judgement.reasons) {
        if (!reason.must_stay) continue;
        const std::string name = reason.related->name();
        add(reason.related->kind == SubjectKind::array
                ? "must stay in " + name
                : fmt::format("must stay: {} {}", name,
                              state_word(health_of(reason.finding->severity))));
    }
    for (const Membership* membership : context.judge.relations().memberships_of(drive)) {
        const std::string array = membership->array->name();
        if (membership->fatal == true) add("must stay in " + array);
        if (membership->bad_blocks > 0)
            parts.push_back(counted(*membership->bad_blocks, "bad range in ", "bad ranges in ") +
                            array);
    }
    const auto count = [&](const Metric& metric, std::string_view one, std::string_view many) {
        if (const double n = sum(drive, metric); n > 0) parts.push_back(counted(n, one, many));
    };
    if (const double errors = kernel_errors(drive); errors > 0)
        parts.push_back(counted(errors, "kernel error", "kernel errors"));
    count(metric::drive_pending_sectors, "pending", "pending");
    count(metric::drive_offline_uncorrectable_sectors, "uncorrectable", "uncorrectable");
    count(metric::drive_reallocated_sectors, "reallocated", "reallocated");
    count(metric::drive_media_errors_total, "media error", "media errors");
    count(metric::drive_grown_defects, "defect", "defects");
    if (const auto used = drive.value(metric::drive_used_endurance_ratio); used && *used >= 0.8)
        parts.push_back(percent(used) + " worn");
    if (drive.label(metric::drive_pace, "pace") == "slow") parts.emplace_back("slow");
    return joined(parts);
}

struct Range {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    void add(std::optional<double> value) {
        if (value) {
            low = std::min(low, *value);
            high = std::max(high, *value);
        }
    }
    bool empty() const { return low > high; }
};

std::string range_text(const std::string& low, const std::string& high) {
    return low == high ? low : low + " to " + high;
}

}  // namespace

Colour colour_of(Severity severity) {
    return colour_of(health_of(severity));
}

Colour colour_of(Health health) {
    switch (health) {
        case Health::fine:
            return Colour::green;
        case Health::warning:
            return Colour::yellow;
        case Health::critical:
            return Colour::red;
        case Health::unknown:
            return Colour::magenta;
    }
    return Colour::magenta;
}

namespace {

int rank_of(Health health) {
    switch (health) {
        case Health::fine:
            return 0;
        case Health::warning:
            return 4;
        case Health::critical:
            return 6;
        case Health::unknown:
            return 3;
    }
    return 3;
}

// Nothing is wrong with the drive itself; an array needs it. "CRITICAL" would invite to pull it.
bool only_vital(const Judgement& judgement) {
    return !judgement.reasons.empty() && judgement.reasons.front().must_stay &&
           std::ranges::none_of(judgement.reasons, [](const Reason& reason) {
               return reason.finding != nullptr && reason.related == nullptr;
           });
}

std::string_view special_word(DriveState state, Health health) {
    switch (state) {
        case DriveState::failed:
            return "FAILED";
        case DriveState::gone:
            return "gone";
        case DriveState::not_read:
            return "not read";
        case DriveState::no_health_data:
            return health == Health::fine ? "no data" : "";
        case DriveState::asleep:
            return health == Health::fine ? "asleep" : "";
        case DriveState::fine:
        case DriveState::not_answering:
            return "";
    }
    return "";
}

}  // namespace

State state_of(const Subject& subject, const Judgement& judgement, Timestamp now) {
    State state{std::string(state_word(judgement.health)), colour_of(judgement.health),
                rank_of(judgement.health)};
    if (judgement.health == Health::fine &&
        (accepted_findings(subject) > 0 || elsewhere_until(subject, now)))
        return {"accepted", Colour::none, 2};
    if (subject.kind != SubjectKind::drive) return state;
    if (only_vital(judgement) && judgement.health != Health::unknown)
        return judgement.health == Health::critical ? State{"VITAL", Colour::red, 5}
                                                    : State{"vital", Colour::yellow, 4};
    if (judgement.health == Health::warning || judgement.health == Health::critical) return state;
    const std::string_view word = special_word(drive_state(subject, now), judgement.health);
    if (!word.empty()) state.word = word;
    if (judgement.health == Health::fine && !word.empty()) return {state.word, Colour::none, 1};
    return state;
}

Table drive_table(const TableContext& context) {
    Table table;
    table.header = {{"DRIVES", Colour::bold},
                    {"device"},
                    {"model"},
                    {"serial"},
                    right("size"),
                    right("temp"),
                    right("on for"),
                    right("read"),
                    {context.past ? "" : "pull?"},
                    {""}};
    table.steps = {{9, Fit::below}, {6, Fit::drop}, {4, Fit::drop}, {2, Fit::below},
                   {5, Fit::drop},  {7, Fit::drop}, {3, Fit::below}};
    std::vector<std::pair<int, Row>> ranked;
    Range temperature, read;
    size_t staying = 0;  // fine, but not to be pulled
    const Timestamp now = context.judge.now();
    for (const Subject* drive : context.judge.facts().of(SubjectKind::drive)) {
        const Judgement judgement = context.judge.of(*drive);
        const State shown = state_of(*drive, judgement, now);
        const auto info = [&](const char* key) {
            return harmless(drive->label(metric::drive_info, key));
        };
        const auto degrees = drive->value(metric::drive_temperature_celsius);
        const auto read_at = drive->value(metric::drive_read_timestamp_seconds);
        const auto on = drive->value(metric::drive_power_on_seconds);
        const std::string remarks = drive_remarks(*drive, judgement, context);
        const bool must_stay = preflight(context.judge, *drive).verdict == PreflightVerdict::no_go;
        Row row;
        row.cells = {state_cell(shown, context),
                     {drive->name()},
                     {info("model")},
                     {info("serial")},
                     right(size_text(drive->value(metric::drive_size_bytes))),
                     right(degrees ? fmt::format("{:.0f} C", *degrees) : ""),
                     right(on ? short_age(*on) : ""),
                     right(age_of(read_at, now)),
                     {context.past ? ""
                      : must_stay  ? "no"
                                   : "ask"},
                     {remarks}};
        row.plain = shown.word == "fine" && remarks.empty();
        if (row.plain) {
            staying += must_stay ? 1 : 0;
            temperature.add(degrees);
            read.add(read_at ? std::optional(now - *read_at) : std::nullopt);
        }
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "drive", context);
    if (!temperature.empty()) {
        table.folded += ", " +
                        range_text(fmt::format("{:.0f}", temperature.low),
                                   fmt::format("{:.0f}", temperature.high)) +
                        " C";
    }
    if (!read.empty()) {
        table.folded += ", read " + range_text(short_age(read.low), short_age(read.high)) + " ago";
    }
    if (staying > 0 && !context.past)
        table.folded += staying == table.plain_rows() ? "; all must stay"
                                                      : fmt::format("; {} must stay", staying);
    return table;
}

Table array_table(const TableContext& context) {
    Table table;
    table.header = {{"ARRAYS", Colour::bold},
                    {"device"},
                    {"level"},
                    right("up"),
                    {"doing"},
                    right("left"),
                    right("survives"),
                    right("checked"),
                    {""}};
    table.steps = {{8, Fit::below}, {7, Fit::drop}, {5, Fit::drop}, {4, Fit::below}};
    std::vector<std::pair<int, Row>> ranked;
    const Timestamp now = context.judge.now();
    for (const Subject* array : context.judge.facts().of(SubjectKind::array)) {
        const Judgement judgement = context.judge.of(*array);
        const auto members = array->value(metric::array_members);
        const auto missing = array->value(metric::array_degraded_members);
        const auto survives = array->value(metric::array_survivable_failures);
        std::string doing = harmless(array->label(metric::array_sync_action, "action"));
        doing = doing == "idle" ? "" : doing;
        if (const auto progress = array->value(metric::array_sync_progress_ratio)) {
            doing += fmt::format(" {:.1f}%", *progress * 100);
        }
        std::vector<std::string> remarks;
        const std::string_view array_state = array->label(metric::array_state, "state");
        for (const std::string_view unusual : {"inactive", "suspended", "readonly", "broken"}) {
            if (array_state == unusual) {
                remarks.emplace_back(unusual);
            }
        }
        if (array->value(metric::array_failed) == 1) {
            remarks.emplace_back("FAILED");
        }
        if (array->value(metric::array_present) == 0) {
            remarks.emplace_back("gone");
        }
        if (const auto fatal = array->value(metric::array_fatal_members); fatal && *fatal > 0) {
            remarks.push_back(fmt::format("{:.0f} vital", *fatal));
        }
        if (const auto spares = array->value(metric::array_spare_members); spares && *spares > 0) {
            remarks.push_back(counted(*spares, "spare", "spares"));
        }
        add_related(remarks, judgement);
        const State shown = state_of(*array, judgement, now);
        const auto remaining = array->value(metric::array_sync_remaining_seconds);
        Row row;
        row.cells = {
            state_cell(shown, context),
            {array->name()},
            {harmless(array->label(metric::array_info, "level"))},
            right(members ? fmt::format("{:.0f}/{:.0f}", *members - missing.value_or(0), *members)
                          : ""),
            {doing},
            right(remaining ? short_age(*remaining) : ""),
            right(survives ? fmt::format("{:.0f} more", *survives) : ""),
            right(age_of(array->value(metric::array_last_check_timestamp_seconds), now)),
            {joined(remarks)}};
        row.plain = shown.word == "fine" && doing.empty() && remarks.empty();
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "array", context);
    return table;
}

Table filesystem_table(const TableContext& context) {
    Table table;
    table.header = {{"FILESYSTEMS", Colour::bold},
                    {"mount"},
                    {"type"},
                    right("used"),
                    right("size"),
                    right("full in"),
                    {"backup"},
                    {""}};
    table.steps = {{7, Fit::below}, {4, Fit::drop}, {5, Fit::drop}, {2, Fit::drop}};
    std::vector<std::pair<int, Row>> ranked;
    Range used_range;
    const Timestamp now = context.judge.now();
    for (const Subject* filesystem : context.judge.facts().of(SubjectKind::filesystem)) {
        const Judgement judgement = context.judge.of(*filesystem);
        const Cover cover = context.judge.cover_of(*filesystem);
        const auto used = filesystem->value(metric::filesystem_used_ratio);
        const auto full_at = filesystem->value(metric::filesystem_full_at_timestamp_seconds);
        std::vector<std::string> remarks;
        if (filesystem->value(metric::filesystem_read_only) == 1) {
            remarks.emplace_back("read-only");
        }
        if (filesystem->value(metric::filesystem_responding) == 0) {
            remarks.emplace_back("does not answer");
        }
        const Observation* waived = filesystem->first(metric::filesystem_backup_waived);
        if (waived && cover.word.starts_with("no")) {  // a backup has it all the same
            const std::string reason = harmless(waived->label("reason"));
            remarks.push_back("no backup, by your word" + (reason.empty() ? "" : ": " + reason));
        }
        if (std::string word = elsewhere_remark(
                *filesystem, metric::filesystem_elsewhere_until_timestamp_seconds, now);
            !word.empty())
            remarks.push_back(std::move(word));
        if (filesystem->value(metric::filesystem_ephemeral) == 1) {
            remarks.emplace_back("ephemeral disk");
        }
        if (const double errors = sum(*filesystem, metric::filesystem_kernel_errors_total);
            errors > 0) {
            remarks.push_back(counted(errors, "error", "errors"));
        }
        add_related(remarks, judgement);
        const State shown = state_of(*filesystem, judgement, now);
        Row row;
        row.cells = {state_cell(shown, context),
                     {filesystem->name()},
                     {harmless(filesystem->label(metric::filesystem_info, "fstype"))},
                     right(percent(used)),
                     right(size_text(filesystem->value(metric::filesystem_size_bytes))),
                     right(full_at ? short_age(std::max(*full_at - now, 0.0)) : ""),
                     {cover.word},
                     {joined(remarks)}};
        row.plain = shown.word == "fine" && remarks.empty();
        if (row.plain) {
            used_range.add(used);
        }
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "filesystem", context);
    if (!used_range.empty()) {
        table.folded +=
            ", " + range_text(percent(used_range.low), percent(used_range.high)) + " used";
    }
    return table;
}

namespace {

// How old the newest copy may be: "26 h", or since when one was due: "due 02:00".
std::string limit_of(const Subject& backup, Timestamp now) {
    const auto due = backup.value(metric::backup_due_timestamp_seconds);
    if (due) {
        const std::string time = format_time(*due);  // "2026-11-26 02:00:00 UTC"
        return "due " + (now - *due < 86400 ? time.substr(11, 5) : time.substr(0, 10));
    }
    const auto oldest_allowed = oldest_allowed_copy(backup, now);
    return oldest_allowed ? short_age(now - *oldest_allowed) : "";
}

}  // namespace

Table backup_table(const TableContext& context) {
    Table table;
    table.header = {{"BACKUPS", Colour::bold},
                    {"name"},
                    right("newest"),
                    right("limit"),
                    right("size"),
                    right("kept"),
                    right("oldest"),
                    {"proof"},
                    {""}};
    table.steps = {{8, Fit::below}, {6, Fit::drop}, {5, Fit::drop}, {4, Fit::drop}, {7, Fit::drop}};
    std::vector<std::pair<int, Row>> ranked;
    Range ages;
    const Timestamp now = context.judge.now();
    for (const Subject* backup : context.judge.facts().of(SubjectKind::backup)) {
        const Judgement judgement = context.judge.of(*backup);
        const Observation* newest = newest_copy(*backup);
        const auto kept = backup->value(metric::backup_count);
        std::vector<std::string> remarks;
        if (backup->value(metric::backup_readable) == 0) remarks.emplace_back("unreadable");
        if (backup->value(metric::backup_incomplete) == 1) remarks.emplace_back("incomplete");
        if (backup->value(metric::backup_in_progress) == 1)
            remarks.emplace_back("a copy is being written");
        const auto paused = backup->value(metric::backup_paused_until_timestamp_seconds);
        if (paused && *paused > now) remarks.push_back("paused until " + format_day(*paused));
        const std::string_view domain = backup->label(metric::backup_failure_domain, "domain");
        if (backup->value(metric::backup_ephemeral) == 1)
            remarks.emplace_back("on a temporary disk");
        if (domain.starts_with("same-")) {
            remarks.emplace_back(domain == "same-host"    ? "on this host"
                                 : domain == "same-drive" ? "on the same drive"
                                                          : "on the same filesystem");
        }
        const State shown = state_of(*backup, judgement, now);
        const bool never = copy_state(*backup, now) == CopyState::never;
        Row row;
        row.cells = {state_cell(shown, context),
                     {backup->name()},
                     right(newest != nullptr ? short_age(now - newest->value)
                           : never           ? "never"
                                             : "unknown"),
                     right(limit_of(*backup, now)),
                     right(size_text(backup->value(metric::backup_size_bytes))),
                     right(kept ? fmt::format("{:.0f}", *kept) : ""),
                     right(age_of(backup->value(metric::backup_oldest_timestamp_seconds), now)),
                     {newest != nullptr ? harmless(newest->label("confidence")) : ""},
                     {joined(remarks)}};
        row.plain = shown.word == "fine" && newest != nullptr && remarks.empty();
        if (row.plain) {
            ages.add(now - newest->value);
        }
        ranked.emplace_back(shown.rank, std::move(row));
    }
    finish(table, ranked);
    table.folded = fold_text(table, "backup", context);
    if (!ages.empty()) {
        table.folded +=
            ", newest copies " + range_text(short_age(ages.low), short_age(ages.high)) + " old";
    }
    return table;
}

}  // namespace lastgood
