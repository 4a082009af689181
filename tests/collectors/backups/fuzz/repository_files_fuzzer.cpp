#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/backups/parse/borg_repository.hpp"
#include "collectors/backups/parse/ini.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"
#include "collectors/backups/parse/restic_times.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& line : lastgood::parse_ini(text))
        if (line.key.find('\n') != std::string_view::npos) std::abort();
    const auto config = lastgood::parse_borg_config(text);
    if (config && config->id.size() != 64) std::abort();
    const auto holder = lastgood::parse_borg_lock(text);
    if (holder && holder->process <= 0) std::abort();
    const auto transaction = lastgood::parse_borg_transaction(text, "index.");
    if (transaction && *transaction < 0) std::abort();
    const auto backups = lastgood::parse_pgbackrest_backup_info(text);
    if (backups)
        for (const auto& backup : *backups)
            if (!(backup.stop > 0)) std::abort();
    lastgood::Timestamp time = 0;
    lastgood::parse_pgbackrest_label(text, time);
    lastgood::is_copied_key(text, 1795230900);
    const auto snapshots = lastgood::parse_restic_snapshots(text);
    const auto again = lastgood::parse_restic_snapshots(lastgood::to_text(snapshots));
    if (again.size() != snapshots.size()) std::abort();
    return 0;
}
