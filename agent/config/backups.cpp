#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/config/tables.hpp"
#include "collectors/backups/parse/glob.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::array places{BackupKind::files, BackupKind::restic, BackupKind::borg,
                            BackupKind::pgbackrest, BackupKind::stamp};

constexpr std::array known_keys{
    "name",    "files",    "restic", "borg",         "pgbackrest",  "stamp",          "covers",
    "max_age", "min_size", "stanza", "time_pattern", "settle_time", "cache_directory"};

std::optional<BackupKind> place_of(std::string_view key) {
    for (const BackupKind kind : places)
        if (key == to_string(kind)) return kind;
    return std::nullopt;
}

// The kind whose collector uses a key; the others leave it unread.
std::optional<BackupKind> only_for(std::string_view key) {
    if (key == "stanza") return BackupKind::pgbackrest;
    if (key == "time_pattern" || key == "settle_time") return BackupKind::files;
    if (key == "cache_directory") return BackupKind::borg;
    return std::nullopt;
}

ConfigNeed need_of(BackupKind kind) {
    switch (kind) {
        case BackupKind::files:
            return ConfigNeed::pattern;
        case BackupKind::stamp:
            return ConfigNeed::parent;  // the first backup makes it
        case BackupKind::restic:
        case BackupKind::borg:
        case BackupKind::pgbackrest:
        case BackupKind::observed:
            return ConfigNeed::directory;
    }
    return ConfigNeed::directory;
}

void read_place(ConfigReader& reader, const toml::node& node, BackupKind kind, Backup& backup) {
    backup.kind = kind;
    if (!reader.read_path(node, to_string(kind), backup.location)) return;
    reader.rely_on(node.source(), need_of(kind), backup.location);
    if (kind != BackupKind::files) return;
    if (const auto wrong = what_is_wrong_with_path_pattern(backup.location); !wrong.empty())
        reader.refuse(node.source(), fmt::format("files: {}", wrong));
}

void read_covers(ConfigReader& reader, const toml::node& node, Backup& backup) {
    reader.read(node, "covers", backup.covers);
    for (const std::string& path : backup.covers)
        if (reader.check_path(node, "covers", path))
            reader.rely_on(node.source(), ConfigNeed::existing, path);
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

void read_key(ConfigReader& reader, const toml::key& key, const toml::node& node, Backup& backup) {
    if (key == "name")
        reader.read_name(node, backup.name);
    else if (key == "covers")
        read_covers(reader, node, backup);
    else if (key == "max_age")
        reader.read(node, "max_age", backup.max_age);
    else if (key == "min_size")
        reader.read_size(node, "min_size", backup.min_size);
    else if (key == "stanza")
        read_stanza(reader, node, backup);
    else if (key == "time_pattern")
        read_time_pattern(reader, node, backup);
    else if (key == "settle_time")
        reader.read(node, "settle_time", backup.settle_time);
    else if (key == "cache_directory")
        read_cache_directory(reader, node, backup);
    else
        reader.refuse_key(key, "in [[backup]]", {known_keys.begin(), known_keys.end()});
}

// Keys that the kind of this backup leaves unread: whoever wrote them expects something.
void check_kind(ConfigReader& reader, const toml::table& table, const Backup& backup) {
    for (const auto& [key, node] : table) {
        const auto only = only_for(key.str());
        if (only && *only != backup.kind)
            reader.warn(key.source(),
                        fmt::format("{0} is only for backups with {1} = \"/…\" and changes nothing "
                                    "here; remove {0}",
                                    key.str(), to_string(*only)));
        if (key == "min_size" &&
            (backup.kind == BackupKind::restic || backup.kind == BackupKind::borg ||
             backup.kind == BackupKind::stamp))
            reader.warn(key.source(),
                        fmt::format("min_size: the size of one {} backup cannot be read; remove "
                                    "min_size",
                                    to_string(backup.kind)));
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
        const auto kind = place_of(key.str());
        if (!kind)
            read_key(reader, key, node, backup);
        else if (backup.kind == BackupKind::observed)
            read_place(reader, node, *kind, backup);
        else
            reader.refuse(key.source(),
                          "a backup has one place: set only one of files, restic, borg, "
                          "pgbackrest, stamp");
    }
    check_kind(reader, table, backup);
    check_place_is_free(reader, table, backup);
    if (!table.contains("name")) reader.refuse(table.source(), "[[backup]] needs a name");
    if (!backup.name.empty())
        if (const auto before = reader.take("backup " + backup.name, table.source()))
            reader.refuse(
                table.source(),
                fmt::format("two backups are named \"{}\", the other in {}; rename one of "
                            "them",
                            backup.name, to_string(*before)));
    reader.config().backups.push_back(std::move(backup));
}

}  // namespace lastgood
