#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <set>

#include "agent/config/backup_plan.hpp"
#include "agent/config/hops.hpp"
#include "agent/config/tables.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "collectors/backups/parse/unit.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// A unit may stand beside one.
bool is_place_of_copies(const BackupKindRow& row) {
    return row.place != BackupPlace::none && row.place != BackupPlace::unit;
}

const BackupKindRow* place_of(std::string_view key) {
    for (const BackupKindRow& row : backup_kinds())
        if (is_place_of_copies(row) && key == row.key) return &row;
    return nullptr;
}

// "restic, borg" of the kinds that pass.
template <class Filter>
std::string list_kinds(std::string_view separator, const Filter& passes) {
    std::string text;
    for (const BackupKindRow& row : backup_kinds()) {
        if (!is_place_of_copies(row) || !passes(row)) continue;
        if (!text.empty()) text += separator;
        text += row.key;
    }
    return text;
}

// "sftp:nas:/restic", "ssh://nas/./srv", "root@nas:/srv"
bool is_remote(std::string_view place) {
    const size_t colon = place.find(':');
    return colon != place.npos && colon > 0 && !contains(place.substr(0, colon), '/');
}

void read_place(ConfigReader& reader, const toml::node& node, BackupKind kind, Backup& backup) {
    backup.kind = kind;
    if (!reader.read(node, to_string(kind), backup.location)) return;
    if (is_remote(backup.location))
        return reader.refuse(
            node.source(),
            fmt::format(
                "{}: \"{}\" is on another host, and lastgood reads only this one; watch the "
                "job instead: systemd = \"UNIT.service\", or a stamp",
                to_string(kind), backup.location));
    if (!reader.check_path(node, to_string(kind), backup.location)) return;
    const BackupPlace place = row_of(kind).place;
    reader.rely_on(node.source(), ConfigNeed::copies, backup.location);
    if (place != BackupPlace::pattern) return;
    if (const auto wrong = what_is_wrong_with_path_pattern(backup.location); !wrong.empty())
        reader.refuse(node.source(), fmt::format("{}: {}", to_string(kind), wrong));
}

void read_unit(ConfigReader& reader, const toml::node& node, Backup& backup) {
    if (!reader.read(node, "systemd", backup.unit)) return;
    if (is_service_name(backup.unit))
        reader.rely_on(node.source(), ConfigNeed::unit, backup.unit);
    else
        reader.refuse(node.source(),
                      "systemd is the name of one service, such as \"restic.service\"; of a timer, "
                      "write the service that it starts");
}

void read_success_exit_status(ConfigReader& reader, const toml::node& node, Backup& backup) {
    constexpr int64_t largest = 255;
    const toml::array* list = node.as_array();
    std::set<int> statuses;
    if (list != nullptr)
        for (const toml::node& item : *list)
            if (const auto* one = item.as_integer(); one && one->get() > 0 && one->get() <= largest)
                statuses.insert(static_cast<int>(one->get()));
    if (list == nullptr || list->empty() || statuses.size() != list->size())
        return reader.refuse(node.source(),
                             "success_exit_status is a list of different exit statuses from 1 to "
                             "255: write success_exit_status = [1]");
    backup.success_exit_status.assign(statuses.begin(), statuses.end());
}

void read_covers(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read(node, "covers", backup.covers);
    const toml::array* list = node.as_array();
    const bool one_each = list != nullptr && list->size() == backup.covers.size();
    for (size_t i = 0; i < backup.covers.size(); ++i) {
        const std::string& path = backup.covers[i];
        const toml::node& item = one_each ? (*list)[i] : node;
        if (!reader.check_path(item, "covers", path)) continue;
        if (const size_t wild = path.find_first_of("*?["); wild != path.npos)
            reader.warn(item.source(),
                        fmt::format("covers takes no patterns: write {} for all that is below it",
                                    parent_directory(path.substr(0, wild) + "x")));
        else
            reader.rely_on(item.source(), ConfigNeed::covered, path);
    }
}

void read_crosses_mounts(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read(node, "crosses_mounts", backup.crosses_mounts);
}

void read_time_pattern(ConfigReader& reader, const toml::node& node, Backup& backup) {
    if (!reader.read(node, "time_pattern", backup.time_pattern)) return;
    if (backup.time_pattern.empty()) return;
    if (const auto wrong = what_is_wrong_with_time_pattern(backup.time_pattern); !wrong.empty())
        reader.refuse(node.source(),
                      fmt::format("time_pattern \"{}\" {}", backup.time_pattern, wrong));
    else if (contains(backup.time_pattern, '/'))
        reader.refuse(node.source(),
                      "time_pattern is compared with one name, which has no /: write the part of "
                      "one name");
}

void read_stanza(ConfigReader& reader, const toml::node& node, Backup& backup) {
    if (reader.read(node, "stanza", backup.stanza) && contains(backup.stanza, '/'))
        reader.refuse(node.source(), "stanza is a name, without /");
}

void read_cache_directory(ConfigReader& reader, const toml::node& node, Backup& backup) {
    if (!reader.read(node, "cache_directory", backup.cache_directory)) return;
    if (backup.cache_directory.empty()) return;
    if (reader.check_path(node, "cache_directory", backup.cache_directory))
        reader.rely_on(node.source(), ConfigNeed::directory, backup.cache_directory);
}

void read_backup_name(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read_name(node, backup.name);
}

void read_max_age(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read(node, "max_age", backup.max_age);
}

void read_min_size(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read_size(node, "min_size", backup.min_size);
}

void read_max_wal_age(ConfigReader& reader, const toml::node& node, Backup& backup) {
    Seconds age = 0;
    if (reader.read(node, "max_wal_age", age)) backup.max_wal_age = age;
}

void read_settle_time(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read(node, "settle_time", backup.settle_time);
}

void read_log(ConfigReader& reader, const toml::node& node, Backup& backup) {
    if (reader.read_path(node, "log", backup.log))
        reader.rely_on(node.source(), ConfigNeed::parent,
                       backup.log);  // logrotate(8) takes it away
}

void read_each(ConfigReader& reader, const toml::node& node, Backup& backup) {
    std::string word;
    if (!reader.read(node, "each", word)) return;
    const auto streams = parse_streams(word);
    if (!streams)
        return reader.refuse(node.source(),
                             "each is \"name\" (streams are told apart by the part "
                             "of a name before its date) or \"directory\"");
    backup.each = *streams;
}

void read_complete_if(ConfigReader& reader, const toml::node& node, Backup& backup) {
    if (!reader.read(node, "complete_if", backup.complete_if)) return;
    const std::string_view path = backup.complete_if;
    if (path.starts_with('/') || contains(path, ".."))
        reader.refuse(node.source(),
                      "complete_if is a file in each copy: write its path below the copy's "
                      "directory, such as \"DONE\" or \"meta/finished\"");
}

void read_copy_of(ConfigReader& reader, const toml::node& node, Backup& backup) {
    std::string name;
    if (!reader.read(node, "copy_of", name)) return;
    if (name.empty())
        return reader.refuse(node.source(), "copy_of is the name of another [[backup]]");
    backup.copy_of = name;
}

void read_max_lag(ConfigReader& reader, const toml::node& node, Backup& backup) {
    Seconds lag = 0;
    if (reader.read(node, "max_lag", lag)) backup.max_lag = lag;
}

// read_backup() reads it when the rest of the backup is known.
void skip_copies(ConfigReader&, const toml::node&, Backup&) {}

// The keys besides those of the places. Which kinds take one: core/backup_kind.cpp.
struct BackupKey {
    std::string_view name;
    void (*read)(ConfigReader& reader, const toml::node& node, Backup& backup);
};
constexpr BackupKey backup_keys[] = {
    {"name", read_backup_name},  // one line for each, whatever their length
    {"systemd", read_unit},
    {"success_exit_status", read_success_exit_status},
    {"covers", read_covers},
    {"max_age", read_max_age},
    {"min_size", read_min_size},
    {"stanza", read_stanza},
    {"time_pattern", read_time_pattern},
    {"settle_time", read_settle_time},
    {"cache_directory", read_cache_directory},
    {"max_wal_age", read_max_wal_age},
    {"log", read_log},
    {"each", read_each},
    {"complete_if", read_complete_if},
    {"crosses_mounts", read_crosses_mounts},
    {"copy_of", read_copy_of},
    {"max_lag", read_max_lag},
    {"copies", skip_copies},
};

void read_key(ConfigReader& reader, const toml::key& key, const toml::node& node, Backup& backup) {
    for (const BackupKey& one : backup_keys)
        if (key == one.name) return one.read(reader, node, backup);
    for (const BackupPlanKey& one : backup_plan_keys())
        if (key == one.name) return one.read(reader, node, backup.plan);
    if (contains(std::array{"path", "place", "repository", "repo", "location", "directory"},
                 std::string_view(key.str())))
        return reader.refuse(
            key.source(),
            fmt::format("unknown key \"{}\": write the kind of the copies as the key, "
                        "such as restic =, borg = or files =",
                        key.str()));
    if (contains(std::array{"exclude", "excludes"}, std::string_view(key.str())))
        return reader.refuse(key.source(),
                             "unknown key \"" + std::string(key.str()) +
                                 "\": lastgood does not see what a job leaves out; name in covers "
                                 "only the directories that it has as a whole");
    std::vector<std::string_view> known;
    for (const BackupKindRow& row : backup_kinds())
        if (is_place_of_copies(row)) known.push_back(row.key);
    for (const BackupKey& one : backup_keys) known.push_back(one.name);
    for (const BackupPlanKey& one : backup_plan_keys()) known.push_back(one.name);
    reader.refuse_key(key, "in [[backup]]", {known.begin(), known.end()});
}

// Keys that the kind of this backup leaves unread: whoever wrote them expects something.
void check_kind(ConfigReader& reader, const toml::table& table, const Backup& backup) {
    const BackupKindRow& own = row_of(backup.kind);
    for (const auto& [key, node] : table) {
        const std::string_view name = key.str();
        const std::string takers =
            list_kinds(" or ", [&](const BackupKindRow& row) { return takes(row, name); });
        if (!takers.empty() && !takes(own, name))
            reader.warn(key.source(),
                        fmt::format("{0} is only for backups with {1} = \"/…\" and changes nothing "
                                    "here; remove {0}",
                                    name, takers));
        if (key == "min_size" && !own.has_size)
            reader.warn(key.source(),
                        fmt::format("min_size: the size of one {} backup cannot be read; remove "
                                    "min_size",
                                    own.key));
    }
}

// Copies of one would make both look fresh.
void check_place_is_free(ConfigReader& reader, const toml::table& table, const Backup& backup) {
    if (backup.kind == BackupKind::observed || backup.location.empty()) return;
    std::string place(to_string(backup.kind));
    for (const auto part : split(backup.location, "/")) place.append("/").append(part);
    if (!backup.stanza.empty()) place += " " + backup.stanza;
    const auto* node = table.get(to_string(backup.kind));
    if (const auto before = reader.take("place of a backup: " + place, node->source()))
        reader.warn(node->source(),
                    fmt::format("{} has a backup with this place already: copies of one would "
                                "make both look fresh; write one [[backup]] with the covers of "
                                "both",
                                to_string(*before)));
}

}  // namespace

void read_backup(ConfigReader& reader, const toml::table& table) {
    Backup backup;
    for (const auto& [key, node] : table) {
        const BackupKindRow* place = place_of(key.str());
        if (place == nullptr)
            read_key(reader, key, node, backup);
        else if (backup.kind == BackupKind::observed)
            read_place(reader, node, place->kind, backup);
        else
            reader.refuse(key.source(),
                          fmt::format("a backup has one place: set only one of {}",
                                      list_kinds(", ", [](const BackupKindRow&) { return true; })));
    }
    if (backup.kind == BackupKind::observed && !backup.unit.empty()) {
        backup.kind = BackupKind::systemd;
        backup.location = backup.unit;
    }
    if (const toml::node* name = table.get("name"); name && backup.kind == BackupKind::observed)
        reader.rely_on(name->source(), ConfigNeed::reported, backup.name);
    if (const toml::node* node = table.get("success_exit_status"); node && backup.unit.empty())
        reader.warn(node->source(),
                    "success_exit_status changes nothing without systemd, the unit that ends with "
                    "it; remove success_exit_status");
    check_kind(reader, table, backup);
    accept_names_with_backup(backup);
    check_backup_plan(reader, table, backup);
    check_place_is_free(reader, table, backup);
    if (!table.contains("name")) reader.refuse(table.source(), "[[backup]] needs a name");
    if (!backup.name.empty())
        if (const auto before = reader.take("backup " + backup.name, table.source()))
            reader.refuse(
                table.source(),
                fmt::format("two backups are named \"{}\", the other in {}; rename one of "
                            "them",
                            backup.name, to_string(*before)));
    if (const toml::node* node = table.get("copy_of"); node && !backup.copy_of.empty())
        reader.note_hop(node->source(), backup,
                        table.contains("max_age") || table.contains("schedule"));
    else if (const toml::node* lag = table.get("max_lag"); lag && node == nullptr)
        reader.warn(lag->source(), "max_lag changes nothing without copy_of; remove max_lag");
    reader.config().backups.push_back(backup);
    if (const toml::node* copies = table.get("copies")) read_copies(reader, *copies, backup);
}

}  // namespace lastgood
