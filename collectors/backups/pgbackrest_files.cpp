#include "collectors/backups/pgbackrest_files.hpp"

#include "collectors/backups/counted_files.hpp"

namespace lastgood {

std::vector<LackingBackup> find_lacking_backups(const Host& host, const std::string& directory,
                                                const std::vector<PgbackrestBackup>& backups,
                                                LookMemory* memory) {
    std::vector<LackingBackup> lacking;
    FileCounter counter(host, memory);
    // clang 14 does not take std::views::reverse.
    for (auto one = backups.rbegin(); one != backups.rend(); ++one) {
        const PgbackrestBackup& backup = *one;
        if (backup.repository_bytes <= 0) continue;
        const CountedFiles counted = counter.count({backup.label,
                                                    directory + "/" + backup.label,
                                                    backup.repository_bytes,
                                                    0,
                                                    {"backup.manifest", "backup.manifest.copy"}});
        if (counted.there != FilesThere::all)
            lacking.push_back({backup.label, counted.bytes, backup.repository_bytes,
                               counted.there == FilesThere::unknown});
    }
    return lacking;
}

}  // namespace lastgood
