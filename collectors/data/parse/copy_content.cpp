#include "collectors/data/parse/copy_content.hpp"

#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

template <size_t count>
bool ends_with_one(std::string_view text, const std::array<std::string_view, count>& endings) {
    for (const std::string_view ending : endings)
        if (text.ends_with(ending)) return true;
    return false;
}

std::string_view without_compression(std::string_view name) {
    constexpr std::array<std::string_view, 9> endings = {".gz",  ".zst", ".xz",  ".bz2", ".lz4",
                                                         ".lzo", ".gpg", ".age", ".enc"};
    for (bool again = true; again;) {
        again = false;
        for (const std::string_view ending : endings) {
            if (!name.ends_with(ending)) continue;
            name.remove_suffix(ending.size());
            again = true;
        }
    }
    return name;
}

// Written by a tool of the database: pg_dump's and mydumper's directories, pg_basebackup,
// xtrabackup and mariadb-backup.
bool is_mark_of_tool(std::string_view name) {
    constexpr std::array<std::string_view, 10> marks = {"toc.dat",
                                                        "backup_label",
                                                        "backup_manifest",
                                                        "backup.manifest",
                                                        "xtrabackup_info",
                                                        "xtrabackup_checkpoints",
                                                        "mariadb_backup_info",
                                                        "base.tar",
                                                        "metadata",
                                                        "mariadb_backup_checkpoints"};
    return contains(marks, without_compression(name));
}

bool is_mark_of_files(std::string_view name) {
    constexpr std::array<std::string_view, 7> marks = {
        "PG_VERSION", "postmaster.pid", "ibdata1", "aria_log_control",
        "auto.cnf",   "WiredTiger",     "pg_wal"};
    return contains(marks, name);
}

// The first name in a tar that has a directory of files, without what is above:
// "./main/PG_VERSION".
Content content_of_entry(std::string_view name) {
    if (content_by_name(name) == Content::database) return Content::database;
    name = last_component(without_trailing_slashes(name));
    if (is_mark_of_tool(name)) return Content::database;
    return is_mark_of_files(name) ? Content::files : Content::unknown;
}

}  // namespace

Content content_by_name(std::string_view name) {
    constexpr std::array<std::string_view, 7> endings = {".sql",  ".dump", ".pgdump", ".pg_dump",
                                                         ".psql", ".rdb",  ".bson"};
    return ends_with_one(without_compression(name), endings) ? Content::database : Content::unknown;
}

Content content_by_head(std::string_view head) {
    constexpr std::array<std::string_view, 11> beginnings = {
        "PGDMP",           "--\n-- PostgreSQL",   "-- MySQL dump",
        "-- MariaDB dump", "/*!999999",           "/*M!999999",
        "/*!40101",        "PRAGMA foreign_keys", "REDIS0",
        "VALKEY",          "SQLite format 3"};
    for (const std::string_view beginning : beginnings)
        if (head.starts_with(beginning)) return Content::database;
    if (head.size() < copy_head_size || head.substr(257, 5) != "ustar") return Content::unknown;
    const std::string_view name = head.substr(0, 100);
    return content_of_entry(name.substr(0, name.find('\0')));
}

Content content_by_names(const std::vector<std::string>& names) {
    bool files = false;
    for (const std::string& name : names) {
        if (is_mark_of_tool(name) || content_by_name(name) == Content::database)
            return Content::database;
        files = files || is_mark_of_files(name);
    }
    return files ? Content::files : Content::unknown;
}

}  // namespace lastgood
