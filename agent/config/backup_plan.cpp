#include "agent/config/backup_plan.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "agent/config/tables.hpp"
#include "agent/config_file.hpp"
#include "core/calendar.hpp"
#include "core/time_zone.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

void rely_on_zone(ConfigReader& reader, const toml::node& node, const std::string& zone) {
    if (!zone.empty() && zone != "UTC")
        reader.rely_on(node.source(), ConfigNeed::existing, "/usr/share/zoneinfo/" + zone);
}

void read_schedule(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    std::string text;
    if (!reader.read(node, "schedule", text)) return;
    const auto calendar = Calendar::parse(text);
    if (!calendar)
        return reader.refuse(node.source(), fmt::format("schedule: {}", calendar.error().message));
    // An accepted configuration was judged before, and the clock goes on.
    if (!reader.is_accepted() && !calendar->next_after(reader.judged_at(), TimeZone()))
        return reader.refuse(node.source(),
                             fmt::format("schedule: \"{}\" does not come again; write one that "
                                         "comes regularly, such as \"03:00\" or \"Sun 03:00\"",
                                         text));
    rely_on_zone(reader, node, calendar->zone());
    plan.schedule = text;
}

void read_grace(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    reader.read(node, "grace", plan.grace);
}

void read_time_zone_key(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    std::string zone;
    if (!reader.read(node, "time_zone", zone)) return;
    if (!is_zone_name(zone))
        return reader.refuse(node.source(),
                             "time_zone is a name like \"Europe/Berlin\" or \"UTC\"");
    rely_on_zone(reader, node, zone);
    plan.time_zone = zone;
}

void read_slot(ConfigReader& reader, const toml::node& node, std::vector<std::string>& streams) {
    if (!reader.read(node, "slots", streams)) return;
    std::vector<std::string> sorted = streams;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end())
        reader.refuse(node.source(), fmt::format("slots: \"{}\" is there twice on one day",
                                                 *std::ranges::adjacent_find(sorted)));
    if (std::ranges::any_of(streams, [](const auto& name) {
            return name.empty() || name.size() > 200 || harmless(name) != name;
        }))
        return reader.refuse(node.source(), "slots: the name of a stream has 1 to 200 letters");
    const toml::array* list = node.as_array();
    for (size_t i = 0; i < streams.size(); ++i)
        reader.rely_on(list != nullptr && i < list->size() ? (*list)[i].source() : node.source(),
                       ConfigNeed::stream, streams[i]);
}

void read_slots(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    const toml::table* days = node.as_table();
    if (days == nullptr)
        return reader.refuse(node.source(),
                             "slots says which streams are due on which day: write slots = {mon = "
                             "[\"vm1\"], tue = [\"vm2\", \"vm3\"]}");
    bool days_known = true;
    for (const auto& [key, streams] : *days) {
        const auto day = std::ranges::find(weekday_names, key.str());
        days_known = days_known && day != weekday_names.end();
        if (day == weekday_names.end())
            reader.refuse_word(key, fmt::format("slots has no day \"{}\"", key.str()),
                               {weekday_names.begin(), weekday_names.end()},
                               "the days are mon, tue, wed, thu, fri, sat, sun");
        else
            read_slot(reader, streams,
                      plan.slots[static_cast<size_t>(day - weekday_names.begin())]);
    }
    if (days_known && !plan.has_slots())
        reader.refuse(node.source(), "slots names no stream; remove slots");
}

std::string printed(const Slots& slots) {
    std::string days;
    for (size_t day = 0; day < slots.size(); ++day) {
        if (slots[day].empty()) continue;
        std::string streams;
        for (const std::string& one : slots[day])
            streams += (streams.empty() ? "" : ", ") + toml_string(one);
        days += fmt::format("{}{} = [{}]", days.empty() ? "" : ", ", weekday_names[day], streams);
    }
    return "{" + days + "}";
}

void read_keep_span(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    Seconds span = 0;
    if (reader.read(node, "keep_span", span)) plan.keep_span = span;
}

void read_delete_after(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    Seconds span = 0;
    if (reader.read(node, "delete_after", span)) plan.delete_after = span;
}

void read_min_count(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    const auto* count = node.as_integer();
    if (count && count->get() >= 1 && count->get() <= 1'000'000)
        plan.min_count = static_cast<double>(count->get());
    else
        reader.refuse(node.source(), "min_count must be a number of copies, from 1 to 1000000");
}

void read_shrink(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    const auto* flag = node.as_boolean();
    const auto* number = node.as_floating_point();
    const auto* integer = node.as_integer();
    const double share = number    ? number->get()
                         : integer ? static_cast<double>(integer->get())
                                   : -1;
    if (flag && !flag->get())
        plan.shrink = 0;
    else if (share >= 0 && share <= 1)
        plan.shrink = share;
    else
        reader.refuse(node.source(),
                      "shrink must be a share of the usual size, like 0.5, or false for never");
}

void read_paused_until(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    if (!read_date(reader, node, "paused_until", plan.paused_until)) return;
    if (reader.is_accepted()) return;  // the clock may have been set since
    if (plan.paused_until > reader.judged_at() + longest_pause)
        reader.refuse(node.source(),
                      fmt::format("a backup can be paused for {} at most; write an earlier date",
                                  format_duration(longest_pause)));
}

void read_paused_by(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    reader.read(node, "paused_by", plan.paused_by);
}

void read_paused_reason(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    reader.read(node, "paused_reason", plan.paused_reason);
}

void read_verified_within(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    Seconds within = 0;
    if (reader.read(node, "verified_within", within)) plan.verified_within = within;
}

void read_restored_within(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    Seconds within = 0;
    if (reader.read(node, "restored_within", within)) plan.restored_within = within;
}

void read_verified_stamp(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    if (reader.read_path(node, "verified_stamp", plan.verified_stamp))
        reader.rely_on(node.source(), ConfigNeed::parent, plan.verified_stamp);
}

void read_restored_stamp(ConfigReader& reader, const toml::node& node, BackupPlan& plan) {
    if (reader.read_path(node, "restored_stamp", plan.restored_stamp))
        reader.rely_on(node.source(), ConfigNeed::parent, plan.restored_stamp);
}

std::string printed(const std::string& text) {
    return toml_string(text);
}
std::string printed(Seconds duration) {
    return toml_duration(duration);
}

std::string printed(const std::optional<Seconds>& duration) {
    return toml_duration(*duration);
}

constexpr BackupPlanKey keys[] = {
    {"schedule", read_schedule},
    {"grace", read_grace},
    {"time_zone", read_time_zone_key},
    {"slots", read_slots},
    {"keep_span", read_keep_span},
    {"delete_after", read_delete_after},
    {"min_count", read_min_count},
    {"shrink", read_shrink},
    {"paused_until", read_paused_until},
    {"paused_by", read_paused_by},
    {"paused_reason", read_paused_reason},
    {"verified_within", read_verified_within},
    {"verified_stamp", read_verified_stamp},
    {"restored_within", read_restored_within},
    {"restored_stamp", read_restored_stamp},
};

}  // namespace

std::span<const BackupPlanKey> backup_plan_keys() {
    return keys;
}

namespace {

void check_slots(ConfigReader& reader, const toml::node& node, const Backup& backup) {
    const BackupPlan& plan = backup.plan;
    if (backup.kind == BackupKind::files && backup.each == Streams::none)
        reader.refuse(node.source(),
                      "slots needs each = \"name\" or \"directory\", which tells the streams "
                      "apart");
    else if (!has_streams(backup))
        reader.refuse(node.source(),
                      fmt::format("slots: {} tells no streams apart; write a [[backup]] with a "
                                  "schedule of its own for each",
                                  to_string(backup.kind)));
    if (plan.schedule.empty())
        return reader.refuse(node.source(),
                             "slots needs schedule, the time of each night: schedule = \"22:00\"");
    const auto calendar = Calendar::parse(plan.schedule);
    for (size_t day = 0; calendar && day < plan.slots.size(); ++day)
        if (!plan.slots[day].empty() && !calendar->comes_on(static_cast<int>(day)))
            reader.refuse(node.source(),
                          fmt::format("slots: the schedule \"{}\" never comes on {}: {} would "
                                      "never be due",
                                      plan.schedule, weekday_names[day], plan.slots[day].front()));
}

}  // namespace

void accept_names_with_backup(Backup& backup) {
    // Its streams have a "/" in their own names: "vm/100".
    if (backup.kind == BackupKind::proxmox_backup || backup.name.empty()) return;
    const std::string prefix = backup.name + "/";
    for (auto& day : backup.plan.slots)
        for (std::string& stream : day)
            if (stream.size() > prefix.size() && stream.starts_with(prefix))
                stream.erase(0, prefix.size());
}

void check_backup_plan(ConfigReader& reader, const toml::table& table, const Backup& backup) {
    const auto useless = [&](std::string_view key, std::string_view why) {
        if (const toml::node* node = table.get(key))
            reader.warn(node->source(),
                        fmt::format("{0} changes nothing {1}; remove {0}", key, why));
    };
    const BackupPlan& plan = backup.plan;
    if (const toml::node* node = table.get("paused_until")) {
        if (plan.paused_by.empty() || plan.paused_reason.empty())
            reader.refuse(node->source(),
                          "paused_until needs paused_by and paused_reason: who paused the backup, "
                          "and why");
    } else {
        useless("paused_by", "without paused_until");
        useless("paused_reason", "without paused_until");
    }
    if (plan.keep_span && plan.delete_after && *plan.keep_span > *plan.delete_after)
        reader.refuse(table.get("delete_after")->source(),
                      "delete_after is shorter than keep_span: no copy could be that old");
    if (const toml::node* node = table.get("slots"); node && plan.has_slots())
        check_slots(reader, *node, backup);
    if (plan.schedule.empty()) {
        useless("grace", "without schedule");
        useless("time_zone", "without schedule");
        return;
    }
    useless("max_age", "beside schedule");
    const auto calendar = Calendar::parse(plan.schedule);
    if (calendar && !calendar->zone().empty()) useless("time_zone", "beside the zone in schedule");
    const auto gap = calendar ? calendar->widest_gap() : std::nullopt;
    if (gap && table.contains("grace") && !plan.has_slots() && plan.grace > *gap)
        reader.warn(table.get("grace")->source(),
                    fmt::format("grace is longer than the {} between two copies: one that is "
                                "missing is told only when the next is due, too",
                                format_duration(*gap)));
}

namespace {

bool is_zone_of_host(const BackupPlan& plan) {
    if (plan.schedule.empty() || !plan.time_zone.empty()) return false;
    const auto calendar = Calendar::parse(plan.schedule);
    return calendar && calendar->zone().empty();
}

}  // namespace

std::string to_toml(const BackupPlan& plan) {
    const BackupPlan defaults;
    std::string text;
    const auto add = [&](std::string_view key, const auto& value, const auto& usual) {
        if (value != usual) text += fmt::format("{} = {}\n", key, printed(value));
    };
    add("schedule", plan.schedule, defaults.schedule);
    if (!plan.schedule.empty()) text += fmt::format("grace = {}\n", printed(plan.grace));
    add("time_zone", plan.time_zone, defaults.time_zone);
    if (is_zone_of_host(plan)) text += "# time_zone: that of this host\n";
    if (plan.has_slots()) text += fmt::format("slots = {}\n", printed(plan.slots));
    add("keep_span", plan.keep_span, defaults.keep_span);
    add("delete_after", plan.delete_after, defaults.delete_after);
    if (plan.min_count) text += fmt::format("min_count = {:.0f}\n", *plan.min_count);
    text += fmt::format("shrink = {}\n", plan.shrink);
    if (plan.paused_until != 0)
        text += fmt::format("paused_until = {}\n", toml_date(plan.paused_until));
    add("paused_by", plan.paused_by, defaults.paused_by);
    add("paused_reason", plan.paused_reason, defaults.paused_reason);
    add("verified_within", plan.verified_within, defaults.verified_within);
    add("verified_stamp", plan.verified_stamp, defaults.verified_stamp);
    add("restored_within", plan.restored_within, defaults.restored_within);
    add("restored_stamp", plan.restored_stamp, defaults.restored_stamp);
    return text;
}

}  // namespace lastgood
