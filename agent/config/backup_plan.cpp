#include "agent/config/backup_plan.hpp"

#include <fmt/format.h>

#include "agent/config_file.hpp"
#include "core/calendar.hpp"
#include "core/time_zone.hpp"

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
    {"keep_span", read_keep_span},
    {"delete_after", read_delete_after},
    {"min_count", read_min_count},
    {"shrink", read_shrink},
};

}  // namespace

std::span<const BackupPlanKey> backup_plan_keys() {
    return keys;
}

void check_backup_plan(ConfigReader& reader, const toml::table& table, const Backup& backup) {
    const auto useless = [&](std::string_view key, std::string_view why) {
        if (const toml::node* node = table.get(key))
            reader.warn(node->source(),
                        fmt::format("{0} changes nothing {1}; remove {0}", key, why));
    };
    const BackupPlan& plan = backup.plan;
    if (plan.keep_span && plan.delete_after && *plan.keep_span > *plan.delete_after)
        reader.refuse(table.get("delete_after")->source(),
                      "delete_after is shorter than keep_span: no copy could be that old");
    if (plan.schedule.empty()) {
        useless("grace", "without schedule");
        useless("time_zone", "without schedule");
        return;
    }
    useless("max_age", "beside schedule");
    const auto calendar = Calendar::parse(plan.schedule);
    if (calendar && !calendar->zone().empty()) useless("time_zone", "beside the zone in schedule");
}

std::string to_toml(const BackupPlan& plan) {
    const BackupPlan defaults;
    std::string text;
    const auto add = [&](std::string_view key, const auto& value, const auto& usual) {
        if (value != usual) text += fmt::format("{} = {}\n", key, printed(value));
    };
    add("schedule", plan.schedule, defaults.schedule);
    add("grace", plan.grace, defaults.grace);
    add("time_zone", plan.time_zone, defaults.time_zone);
    add("keep_span", plan.keep_span, defaults.keep_span);
    add("delete_after", plan.delete_after, defaults.delete_after);
    if (plan.min_count) text += fmt::format("min_count = {:.0f}\n", *plan.min_count);
    if (plan.shrink != defaults.shrink) text += fmt::format("shrink = {:#}\n", plan.shrink);
    return text;
}

}  // namespace lastgood
