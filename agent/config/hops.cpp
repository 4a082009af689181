#include "agent/config/hops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/calendar.hpp"
#include "core/similar.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds clock_change = 3600;

// "db@mnt-nas-db" for the copies of db on /mnt/nas/db.
std::string name_of_hop(const Backup& original, const std::string& path) {
    std::string name = original.name + "@";
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";
    for (const auto part : split(path, "/")) {
        if (!name.ends_with('@')) name += '-';
        for (const char c : part) name += contains(plain, c) ? c : '_';
    }
    return name.substr(0, 200);
}

// The same pattern, or directory, below the other directory.
std::string location_on(const Backup& original, const std::string& directory) {
    const std::string fixed = fixed_location(original);
    return directory + original.location.substr(std::min(fixed.size(), original.location.size()));
}

// What the original is asked for besides its age, but neither its pause nor its tests.
Backup hop_of(const Backup& original) {
    Backup hop = original;
    hop.copy_of = original.name;
    hop.log.clear();
    hop.unit.clear();
    hop.success_exit_status.clear();
    hop.cache_directory.clear();
    hop.max_lag.reset();
    BackupPlan plan;
    plan.keep_span = original.plan.keep_span;
    plan.delete_after = original.plan.delete_after;
    plan.min_count = original.plan.min_count;
    plan.shrink = original.plan.shrink;
    hop.plan = plan;
    return hop;
}

void read_copy(ConfigReader& reader, const toml::node& item, const Backup& original) {
    const toml::table* table = item.as_table();
    if (table == nullptr)
        return reader.refuse(item.source(), "write copies = [{on = \"/mnt/nas/db\"}]");
    Backup hop = hop_of(original);
    std::string on;
    std::string name;
    for (const auto& [key, node] : *table) {
        Seconds lag = 0;
        if (key == "on") {
            if (reader.read_path(node, "on", on))
                reader.rely_on(node.source(), ConfigNeed::directory, on);
        } else if (key == "name") {
            reader.read_name(node, name);
        } else if (key == "max_lag") {
            if (reader.read(node, "max_lag", lag)) hop.max_lag = lag;
        } else {
            reader.refuse_key(key, "in copies", {"on", "name", "max_lag"});
        }
    }
    if (!table->contains("on"))
        return reader.refuse(item.source(), "each of copies needs on = \"/…\", its directory");
    while (on.size() > 1 && on.ends_with('/')) on.pop_back();
    hop.location = location_on(original, on);
    hop.name = name.empty() ? name_of_hop(original, on) : name;
    if (const auto before = reader.take("backup " + hop.name, item.source()))
        reader.refuse(item.source(),
                      fmt::format("two backups are named \"{}\", the other in {}; write a name "
                                  "beside on",
                                  hop.name, to_string(*before)));
    reader.note_hop(item.source(), hop, false);
    reader.config().backups.push_back(std::move(hop));
}

Backup* find_backup(Config& config, std::string_view name) {
    const auto found = std::ranges::find(config.backups, name, &Backup::name);
    return found == config.backups.end() ? nullptr : &*found;
}

// Names from the hop to where it ends; the last one is there twice if they go in a circle.
std::vector<std::string> chain_from(Config& config, const Backup& hop) {
    std::vector<std::string> chain{hop.name};
    const Backup* at = &hop;
    while (at != nullptr && !at->copy_of.empty()) {
        const bool seen = std::ranges::find(chain, at->copy_of) != chain.end();
        chain.push_back(at->copy_of);
        if (seen) break;
        at = find_backup(config, at->copy_of);
    }
    return chain;
}

// "": nothing.
std::string what_is_wrong(Config& config, const Backup& hop) {
    if (hop.copy_of == hop.name)
        return fmt::format(
            "copy_of names this backup itself; write the one that \"{}\" is "
            "copied from",
            hop.name);
    if (find_backup(config, hop.copy_of) == nullptr) {
        std::vector<std::string> known;
        for (const Backup& one : config.backups)
            if (!one.name.empty() && one.name != hop.name) known.push_back(one.name);
        const auto meant = most_similar(hop.copy_of, known);
        return fmt::format("copy_of: there is no backup \"{}\"; {}", hop.copy_of,
                           meant.empty() ? "write the name of another [[backup]]"
                                         : fmt::format("did you mean {}?", meant));
    }
    const auto chain = chain_from(config, hop);
    if (chain.back() != hop.name) return "";  // in no circle, or told where the circle is
    return fmt::format("copy_of goes in a circle: {}; one of them must be made from the source",
                       fmt::join(chain, ", "));
}

// The longest time between two copies of the backup that is in order.
Seconds longest_interval(const Backup& backup) {
    if (backup.plan.schedule.empty()) return backup.max_age;
    const auto calendar = Calendar::parse(backup.plan.schedule);
    const auto gap = calendar ? calendar->widest_gap() : std::nullopt;
    if (backup.plan.has_slots()) return 7 * 86400 + std::max(backup.plan.grace, clock_change);
    return gap.value_or(backup.max_age) + std::max(backup.plan.grace, clock_change);
}

// Of the original first, which may be a hop, too.
void settle(ConfigReading& reading, Backup& hop, std::set<std::string>& settled) {
    if (hop.copy_of.empty() || !settled.insert(hop.name).second) return;
    Backup* original = find_backup(reading.config, hop.copy_of);
    if (original == nullptr) return;
    settle(reading, *original, settled);
    if (!hop.max_lag) hop.max_lag = std::min(longest_interval(*original), longest_duration);
    if (hop.covers.empty()) {
        hop.covers = original->covers;
        hop.crosses_mounts = original->crosses_mounts;
    }
    const auto noted = std::ranges::find(reading.hops, hop.name, &ConfigHop::backup);
    if (noted == reading.hops.end() || noted->has_limit) return;
    const auto later = [&](Seconds limit) {
        return std::min(limit + *hop.max_lag, longest_duration);
    };
    hop.max_age = later(original->max_age);
    if (original->plan.schedule.empty()) return;
    if (original->plan.has_slots() && !has_streams(hop)) {
        hop.max_age = later(longest_interval(*original));
        return;
    }
    hop.max_age = Backup().max_age;
    hop.plan.schedule = original->plan.schedule;
    hop.plan.time_zone = original->plan.time_zone;
    hop.plan.slots = original->plan.slots;
    hop.plan.grace = later(original->plan.grace);
}

}  // namespace

void read_copies(ConfigReader& reader, const toml::node& copies, const Backup& original) {
    const toml::array* list = copies.as_array();
    if (list == nullptr)
        return reader.refuse(copies.source(),
                             "copies is a list: write copies = [{on = \"/mnt/nas/db\"}]");
    if (!has_copies_at_location(original.kind))
        return reader.refuse(copies.source(),
                             "copies needs the place of this backup's copies, such as files = "
                             "\"/…\"; write a [[backup]] with copy_of for each");
    for (const toml::node& item : *list) read_copy(reader, item, original);
}

void settle_hops(ConfigReading& reading) {
    bool sound = true;
    for (const ConfigHop& hop : reading.hops) {
        const Backup* backup = find_backup(reading.config, hop.backup);
        if (backup == nullptr) continue;
        std::string wrong = what_is_wrong(reading.config, *backup);
        sound = sound && wrong.empty();
        if (!wrong.empty()) insert_remark(reading, reading.mistakes, {hop.place, std::move(wrong)});
    }
    if (!sound) return;
    std::set<std::string> settled;
    for (Backup& backup : reading.config.backups) settle(reading, backup, settled);
}

}  // namespace lastgood
