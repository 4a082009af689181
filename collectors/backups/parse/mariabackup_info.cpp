#include "collectors/backups/parse/mariabackup_info.hpp"

#include "collectors/backups/parse/ini.hpp"
#include "collectors/backups/parse/record_time.hpp"
#include "core/text.hpp"

namespace lastgood {

Result<MariabackupInfo> parse_mariabackup_info(std::string_view text) {
    MariabackupInfo info;
    std::optional<Timestamp> end;
    for (const IniLine& line : parse_ini(text)) {
        if (line.key == "end_time") end = parse_record_time(line.value);
        if (line.key == "partial") info.partial = line.value == "Y";
    }
    if (!end) return fail(ErrorKind::malformed, "it has no end_time");
    info.end = *end;
    return info;
}

Result<MariabackupCheckpoints> parse_mariabackup_checkpoints(std::string_view text) {
    MariabackupCheckpoints checkpoints;
    bool recognised = false;
    for (const IniLine& line : parse_ini(text)) {
        if (line.key == "backup_type") {
            recognised = true;
            checkpoints.incremental = line.value == "incremental";
        }
        if (line.key == "from_lsn")
            checkpoints.from = parse_number<uint64_t>(line.value).value_or(0);
        if (line.key == "to_lsn") checkpoints.to = parse_number<uint64_t>(line.value).value_or(0);
    }
    if (!recognised) return fail(ErrorKind::malformed, "it has no backup_type");
    return checkpoints;
}

}  // namespace lastgood
