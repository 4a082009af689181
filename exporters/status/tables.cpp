#include "exporters/status/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/metrics/arrays.hpp"
#include "core/metrics/backups.hpp"
#include "core/metrics/drives.hpp"
#include "core/metrics/filesystems.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

struct State {
    std::string word;
    Colour colour = Colour::none;
    int rank = 0;  // rows with a higher rank come first
};

State state_of(Severity severity) {
    switch (severity) {
        case Severity::critical:
            return {"CRITICAL", colour_of(severity), 5};
        case Severity::warning:
            return {"warning", colour_of(severity), 4};
        case Severity::unknown:
            return {"unknown", colour_of(severity), 3};
    }
    return {"unknown", Colour::magenta, 3};
}

State state_of(const Subject& drive, DriveState state) {
    if (drive.worst) {
        return state_of(*drive.worst);
    }
    switch (state) {
        case DriveState::fine:
            return {"fine", Colour::green, 0};
        case DriveState::failed:
            return {"FAILED", Colour::red, 5};
        case DriveState::gone:
            return {"gone", Colour::magenta, 3};
        case DriveState::not_answering:
            return {"unknown", Colour::magenta, 3};
        case DriveState::not_read:
            return {"not read", Colour::magenta, 3};
        case DriveState::no_health_data:
            return {"no data", Colour::none, 1};
        case DriveState::asleep:
            return {"asleep", Colour::none, 1};
    }
    return {"unknown", Colour::magenta, 3};
}

State state_of(const Subject& subject) {
    return subject.worst ? state_of(*subject.worst) : State{"fine", Colour::green, 0};
}

Cell state_cell(const State& state, const TableContext& context) {
    if (context.past) {
        return {"was " + state.word, state.colour == Colour::green ? Colour::none : state.colour};
    }
    return {state.word, state.colour};
}

Cell right(std::string text) {
    return {std::move(text), Colour::none, true};
}

std::string percent(std::optional<double> ratio) {
    return ratio ? fmt::format("{:.0f}%", std::floor(*ratio * 100 + 1e-9)) : "";
}

std::string age_of(std::optional<double> time, Timestamp now) {
    return time ? short_age(now - *time) : "";
}

// A size with its unit, without ".0": "4 TiB", "3.6 TiB".
std::string size_text(std::optional<double> bytes) {
    if (!bytes) {
        return "";
    }
    std::string text = format_size(*bytes);
    if (const size_t zero = text.find(".0 "); zero != std::string::npos) {
        text.erase(zero, 2);
    }
    return text;
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

std::string drive_remarks(const Subject& drive) {
    std::vector<std::string> parts;
    const auto count = [&](const Metric& metric, std::string_view one, std::string_view many) {
        if (const double n = sum(drive, metric); n > 0) {
            parts.push_back(counted(n, one, many));
        }
    };
    if (const double errors = kernel_errors(drive); errors > 0) {
        parts.push_back(counted(errors, "kernel error", "kernel errors"));
    }
    count(metric::drive_pending_sectors, "pending", "pending");
    count(metric::drive_offline_uncorrectable_sectors, "uncorrectable", "uncorrectable");
    count(metric::drive_reallocated_sectors, "reallocated", "reallocated");
    count(metric::drive_media_errors_total, "media error", "media errors");
    count(metric::drive_grown_defects, "defect", "defects");
    if (const auto used = drive.value(metric::drive_used_endurance_ratio); used && *used >= 0.8) {
        parts.push_back(percent(used) + " worn");
    }
    return fmt::format("{}", fmt::join(parts, ", "));
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

void finish(Table& table, std::vector<std::pair<int, Row>>& ranked) {
    std::ranges::stable_sort(ranked,
                             [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [rank, row] : ranked) {
        table.rows.push_back(std::move(row));
    }
}

// `noun` is singular: "drive".
std::string fold_text(const Table& table, std::string_view noun, const TableContext& context) {
    const size_t plain = table.plain_rows();
    const bool all = plain == table.rows.size();
    return fmt::format("{} {}{}{}, {}fine{}", plain, all ? "" : "more ", noun,
                       plain == 1 ? "" : "s", plain == 1 ? "" : "all ",
                       context.past ? " then" : "");
}

}  // namespace

Colour colour_of(Severity severity) {
    switch (severity) {
        case Severity::critical:
            return Colour::red;
        case Severity::warning:
            return Colour::yellow;
        case Severity::unknown:
            return Colour::magenta;
    }
    return Colour::magenta;
}

DriveState drive_state(const Subject& drive) {
    if (drive.value(metric::drive_present) == 0) {
        return DriveState::gone;
    }
    if (drive.value(metric::drive_smart_passed) == 0) {
        return DriveState::failed;
    }
    if (drive.value(metric::drive_answering) == 0) {
        return DriveState::not_answering;
    }
    if (drive.label(metric::drive_info, "reader") == "none") {
        return DriveState::no_health_data;
    }
    const std::string_view power = drive.label(metric::drive_power_state, "state");
    if (power == "standby" || power == "sleep") {
        return DriveState::asleep;
    }
    return drive.first(metric::drive_read_timestamp_seconds) ? DriveState::fine
                                                             : DriveState::not_read;
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
                    {""}};
    table.flexible = {2, 3, 8, 4, 6};
    std::vector<std::pair<int, Row>> ranked;
    Range temperature, read;
    for (const Subject* drive : context.facts.of(SubjectKind::drive)) {
        const DriveState state = drive_state(*drive);
        const State shown = state_of(*drive, state);
        const auto info = [&](const char* key) {
            return harmless(drive->label(metric::drive_info, key));
        };
        const auto degrees = drive->value(metric::drive_temperature_celsius);
        const auto read_at = drive->value(metric::drive_read_timestamp_seconds);
        const auto on = drive->value(metric::drive_power_on_seconds);
        const std::string remarks = drive_remarks(*drive);
        Row row;
        row.cells = {state_cell(shown, context),
                     {drive->name()},
                     {info("model")},
                     {info("serial")},
                     right(size_text(drive->value(metric::drive_size_bytes))),
                     right(degrees ? fmt::format("{:.0f} C", *degrees) : ""),
                     right(on ? short_age(*on) : ""),
                     right(age_of(read_at, context.now)),
                     {remarks}};
        row.plain = !drive->worst && state == DriveState::fine && remarks.empty();
        if (row.plain) {
            temperature.add(degrees);
            read.add(read_at ? std::optional(context.now - *read_at) : std::nullopt);
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
    table.flexible = {8, 4, 7};
    std::vector<std::pair<int, Row>> ranked;
    for (const Subject* array : context.facts.of(SubjectKind::array)) {
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
        const State shown = state_of(*array);
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
            right(age_of(array->value(metric::array_last_check_timestamp_seconds), context.now)),
            {fmt::format("{}", fmt::join(remarks, ", "))}};
        row.plain = !array->worst && doing.empty() && remarks.empty();
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
    table.flexible = {1, 7};
    std::vector<std::pair<int, Row>> ranked;
    Range used_range;
    for (const Subject* filesystem : context.facts.of(SubjectKind::filesystem)) {
        const auto used = filesystem->value(metric::filesystem_used_ratio);
        const auto full_at = filesystem->value(metric::filesystem_full_at_timestamp_seconds);
        const auto backed_up = filesystem->value(metric::filesystem_backed_up);
        std::vector<std::string> remarks;
        if (filesystem->value(metric::filesystem_read_only) == 1) {
            remarks.emplace_back("read-only");
        }
        if (filesystem->value(metric::filesystem_responding) == 0) {
            remarks.emplace_back("does not answer");
        }
        if (filesystem->value(metric::filesystem_ephemeral) == 1) {
            remarks.emplace_back("ephemeral disk");
        }
        if (const double errors = sum(*filesystem, metric::filesystem_kernel_errors_total);
            errors > 0) {
            remarks.push_back(counted(errors, "error", "errors"));
        }
        const State shown = state_of(*filesystem);
        Row row;
        row.cells = {state_cell(shown, context),
                     {filesystem->name()},
                     {harmless(filesystem->label(metric::filesystem_info, "fstype"))},
                     right(percent(used)),
                     right(size_text(filesystem->value(metric::filesystem_size_bytes))),
                     right(full_at ? short_age(std::max(*full_at - context.now, 0.0)) : ""),
                     {!backed_up       ? ""
                      : *backed_up > 0 ? "yes"
                                       : "none"},
                     {fmt::format("{}", fmt::join(remarks, ", "))}};
        row.plain = !filesystem->worst && remarks.empty();
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

// The newest copy that proves a backup. File activity proves nothing; it is used only if there is
// no proof.
const Observation* newest_copy(const Subject& backup) {
    const Observation* best = nullptr;
    const auto proof = [](const Observation& copy) {
        return copy.label("confidence") != "activity";
    };
    for (const Observation* copy : backup.observations) {
        if (copy->metric == &metric::backup_newest_timestamp_seconds &&
            (best == nullptr ||
             std::pair(proof(*copy), copy->value) > std::pair(proof(*best), best->value))) {
            best = copy;
        }
    }
    return best;
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
    table.flexible = {1, 8, 6};
    std::vector<std::pair<int, Row>> ranked;
    Range ages;
    for (const Subject* backup : context.facts.of(SubjectKind::backup)) {
        const Observation* newest = newest_copy(*backup);
        const auto limit = backup->value(metric::backup_max_age_seconds);
        const auto kept = backup->value(metric::backup_count);
        std::vector<std::string> remarks;
        if (backup->value(metric::backup_readable) == 0) {
            remarks.emplace_back("unreadable");
        }
        if (backup->value(metric::backup_incomplete) == 1) {
            remarks.emplace_back("incomplete");
        }
        if (backup->value(metric::backup_in_progress) == 1) {
            remarks.emplace_back("a copy is being written");
        }
        const std::string_view domain = backup->label(metric::backup_failure_domain, "domain");
        if (domain.starts_with("same-")) {
            remarks.emplace_back(domain == "same-host"    ? "on this host"
                                 : domain == "same-drive" ? "on the same drive"
                                                          : "on the same filesystem");
        }
        State shown = state_of(*backup);
        if (!backup->worst && newest == nullptr) {
            shown = {"unknown", Colour::magenta, 3};
        }
        Row row;
        row.cells = {
            state_cell(shown, context),
            {backup->name()},
            right(newest != nullptr ? short_age(context.now - newest->value) : "never"),
            right(limit ? short_age(*limit) : ""),
            right(size_text(backup->value(metric::backup_size_bytes))),
            right(kept ? fmt::format("{:.0f}", *kept) : ""),
            right(age_of(backup->value(metric::backup_oldest_timestamp_seconds), context.now)),
            {newest != nullptr ? harmless(newest->label("confidence")) : ""},
            {fmt::format("{}", fmt::join(remarks, ", "))}};
        row.plain = !backup->worst && newest != nullptr && remarks.empty();
        if (row.plain) {
            ages.add(context.now - newest->value);
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
