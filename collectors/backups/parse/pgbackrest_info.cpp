#include "collectors/backups/parse/pgbackrest_info.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "collectors/backups/parse/ini.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

using Json = nlohmann::json;

// "20220926-201857" and a letter.
bool is_label_part(std::string_view part, std::string_view kinds) {
    if (part.size() != 16 || part[8] != '-' || !contains(kinds, part[15])) return false;
    for (size_t i = 0; i < 15; ++i)
        if (i != 8 && (part[i] < '0' || part[i] > '9')) return false;
    return true;
}

}  // namespace

bool is_pgbackrest_encrypted(std::string_view head) {
    return head.starts_with("Salted__");
}

bool parse_pgbackrest_label(std::string_view label, Timestamp& time) {
    if (label.size() != 16 && (label.size() != 33 || label[16] != '_')) return false;
    if (!is_label_part(label.substr(0, 16), "F")) return false;
    if (label.size() == 33 && !is_label_part(label.substr(17), "DI")) return false;
    const auto found = find_time_by_pattern(label.substr(label.size() - 16, 15), "%Y%m%d-%H%M%S");
    if (!found) return false;
    time = found->time;
    return true;
}

Result<std::vector<PgbackrestBackup>> parse_pgbackrest_backup_info(std::string_view text) {
    if (is_pgbackrest_encrypted(text))
        return fail(ErrorKind::malformed, "the repository is encrypted");
    std::vector<PgbackrestBackup> backups;
    bool recognised = false;
    for (const auto& line : parse_ini(text)) {
        if (line.section == "backrest" && line.key == "backrest-format") recognised = true;
        if (line.section != "backup:current") continue;
        const Json value = parse_json(line.value);
        PgbackrestBackup backup;
        backup.label = line.key;
        backup.type = text_in(value, "backup-type");
        backup.start = number_in(value, "backup-timestamp-start").value_or(0);
        backup.stop = number_in(value, "backup-timestamp-stop").value_or(0);
        backup.size = number_in(value, "backup-info-size").value_or(0);
        backup.repository_bytes = number_in(value, "backup-info-repo-size-delta").value_or(0);
        backup.error = flag_in(value, "backup-error");
        backup.database = static_cast<int>(number_in(value, "db-id").value_or(0));
        // archive-copy: they lie in the backup; without archive-check nobody said where they lie.
        const bool is_checked =
            !value.contains("option-archive-check") || flag_in(value, "option-archive-check");
        if (is_checked && !flag_in(value, "option-archive-copy")) {
            backup.first_wal = text_in(value, "backup-archive-start");
            backup.last_wal = text_in(value, "backup-archive-stop");
        }
        if (backup.stop <= 0)
            return fail(ErrorKind::malformed,
                        "backup " + backup.label + " has no backup-timestamp-stop");
        backups.push_back(std::move(backup));
    }
    if (!recognised)
        return fail(ErrorKind::malformed, "no [backrest] section: not a backup.info of pgBackRest");
    std::ranges::stable_sort(backups, {}, &PgbackrestBackup::stop);
    return backups;
}

}  // namespace lastgood
