#include "collectors/backups/pgbackrest_files.hpp"

#include <fmt/core.h>

#include "collectors/backups/directory_copy.hpp"
#include "core/json_value.hpp"

namespace lastgood {

namespace {

constexpr Seconds counting_time = 10;
constexpr const char* section = "pgbackrest_files";

}  // namespace

std::vector<LackingBackup> find_lacking_backups(const Host& host, const std::string& directory,
                                                const std::vector<PgbackrestBackup>& backups,
                                                LookMemory* memory) {
    std::vector<LackingBackup> lacking;
    const auto known =
        memory != nullptr ? memory->section(section) : nlohmann::json(nlohmann::json::object());
    auto whole = nlohmann::json::object();
    const Seconds give_up_at = host.monotonic() + counting_time;
    // clang 14 does not take std::views::reverse.
    for (auto one = backups.rbegin(); one != backups.rend(); ++one) {
        const PgbackrestBackup& backup = *one;
        if (backup.repository_bytes <= 0) continue;
        const std::string path = directory + "/" + backup.label;
        const auto status = host.status(path, false);
        if (!status) continue;
        const std::string identity = fmt::format("{} {:.9f} {:.0f}", status->inode, status->changed,
                                                 backup.repository_bytes);
        if (text_in(known, backup.label.c_str()) == identity) {
            whole[backup.label] = identity;
            continue;
        }
        if (host.monotonic() > give_up_at) continue;
        const DirectorySize size = size_of_directory(host, path, give_up_at);
        double bytes = size.bytes;
        for (const char* record : {"/backup.manifest", "/backup.manifest.copy"})
            if (const auto file = host.status(path + record, false)) bytes -= file->size;
        if (bytes >= backup.repository_bytes)
            whole[backup.label] = identity;
        else if (!size.at_least)
            lacking.push_back({backup.label, bytes, backup.repository_bytes});
    }
    if (memory != nullptr) memory->keep(section, std::move(whole));
    return lacking;
}

}  // namespace lastgood
