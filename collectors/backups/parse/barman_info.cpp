#include "collectors/backups/parse/barman_info.hpp"

#include "collectors/backups/parse/ini.hpp"
#include "collectors/backups/parse/record_time.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

BarmanStatus status_of(std::string_view text) {
    if (text == "DONE") return BarmanStatus::done;
    if (text == "WAITING_FOR_WALS") return BarmanStatus::waiting_for_wals;
    if (text == "STARTED") return BarmanStatus::started;
    if (text == "FAILED") return BarmanStatus::failed;
    return BarmanStatus::other;
}

// It becomes a part of a path.
std::string wal_name(std::string_view value) {
    return value.size() == 24 && consists_of(value, hexadecimal_digits) ? std::string(value)
                                                                        : std::string();
}

// "20261126T195335". It becomes a part of a path; any other one is of no backup.
std::string backup_id(std::string_view value) {
    return std::string(contains(value, '/') ? "?" : value);
}

}  // namespace

Result<BarmanBackup> parse_barman_backup_info(std::string_view text) {
    BarmanBackup backup;
    for (const IniLine& line : parse_ini(text)) {
        const std::string_view value = line.value;
        if (line.key == "status") {
            backup.status = status_of(value);
            backup.status_text = value;
        } else if (line.key == "begin_time") {
            backup.begin = parse_record_time(value);
        } else if (line.key == "end_time") {
            backup.end = parse_record_time(value);
        } else if (line.key == "size") {
            backup.size = parse_number<double>(value);
        } else if (line.key == "error" && value != "None") {
            backup.error = value;
        } else if (line.key == "begin_wal") {
            backup.begin_wal = wal_name(value);
        } else if (line.key == "end_wal") {
            backup.end_wal = wal_name(value);
        } else if (line.key == "parent_backup_id" && value != "None") {
            backup.parent = backup_id(value);
        } else if (line.key == "mode") {
            backup.is_snapshot = contains(value, "snapshot");
        }
    }
    if (backup.status_text.empty())
        return fail(ErrorKind::malformed, "it has no status: not a backup.info of barman");
    if (backup.size && !(*backup.size >= 0)) backup.size.reset();
    return backup;
}

}  // namespace lastgood
