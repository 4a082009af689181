// The parsers of the files that backup tools leave in clear.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/backups/parse/barman_info.hpp"
#include "collectors/backups/parse/btrbk_name.hpp"
#include "collectors/backups/parse/dirvish_index.hpp"
#include "collectors/backups/parse/dirvish_summary.hpp"
#include "collectors/backups/parse/duplicity_name.hpp"
#include "collectors/backups/parse/git_objects.hpp"
#include "collectors/backups/parse/lvm_backup.hpp"
#include "collectors/backups/parse/mariabackup_info.hpp"
#include "collectors/backups/parse/proxmox_manifest.hpp"
#include "collectors/backups/parse/rdiff_backup_statistics.hpp"
#include "collectors/backups/parse/record_time.hpp"
#include "collectors/backups/parse/rsnapshot_log.hpp"
#include "collectors/backups/parse/snapper_info.hpp"
#include "collectors/backups/parse/vzdump_log.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace lastgood;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    DirvishIndex index;
    require(add_dirvish_index(text, index).find('\n') == std::string_view::npos);
    require(index.entries >= 0 && index.bytes >= 0);
    for (const auto& run : parse_rsnapshot_log(text)) {
        require((run.end == RsnapshotEnd::none) == (run.ended == 0));
        require(run.process >= 0);
    }
    if (const auto time = parse_record_time(text)) require(*time > -86400 && *time < 3e11);
    if (const auto info = parse_barman_backup_info(text)) {
        require(info->parent.find('/') == std::string::npos);
        for (const std::string& wal : {info->begin_wal, info->end_wal})
            require(wal.empty() || wal.size() == 24);
    }
    if (const auto name = parse_duplicity_name(text))
        require((name->volume > 0) == (name->file == DuplicityFile::volume));
    count_duplicity_volumes(text);
    if (const auto session = parse_rdiff_backup_statistics(text))
        require(session->end > 0 && session->end <= 1e18 && session->errors >= 0);
    if (const auto summary = parse_dirvish_summary(text)) is_whole_dirvish_status(summary->status);
    if (const auto name = parse_btrbk_name(text))
        require(text.starts_with(name->subvolume) && !name->subvolume.empty());
    if (const auto record = parse_lvm_backup(text))
        for (const LvmSnapshot& one : record->snapshots)
            require(!one.name.empty() && !one.origin.empty() && one.taken >= 0);
    for (const DmStatus& one : parse_dm_status(text)) require(!one.target.empty());
    if (const auto date = parse_snapper_date(text)) require(*date > -86400 && *date < 3e11);
    if (const auto info = parse_mariabackup_info(text)) require(info->end > -86400);
    static_cast<void>(parse_mariabackup_checkpoints(text));
    if (const auto name = parse_vzdump_name(text))
        require(name->guest.find('/') == std::string::npos && text.starts_with(name->stem));
    if (const auto log = parse_vzdump_log(text); log.archive_size) require(*log.archive_size >= 0);
    if (const auto manifest = parse_proxmox_manifest(text))
        for (const std::string& file : manifest->files)
            require(file.find('/') == std::string::npos);
    parse_proxmox_snapshot_name(text);
    const ReadAt read_at = [&](uint64_t offset, size_t length) {
        return offset > text.size() ? std::string() : std::string(text.substr(offset, length));
    };
    find_in_pack_index("1111111111111111111111111111111111111111", read_at);
    if (const auto commit = read_packed_commit(0, read_at)) parse_commit_time(*commit);
    parse_commit_time(text);
    if (const auto entry = parse_last_reflog_entry(text)) require(is_git_id(entry->id));
    return 0;
}
