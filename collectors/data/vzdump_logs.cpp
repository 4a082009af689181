#include "collectors/data/vzdump_logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "collectors/data/parse/vzdump_volumes.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_logs = 10;  // of runs that failed, before a good one

bool is_archive_of(std::string_view name, std::string_view stem) {
    return name.starts_with(stem) &&
           (name.substr(stem.size()).starts_with(".vma") ||
            name.substr(stem.size()).starts_with(".tar") ||
            name.substr(stem.size()).starts_with(".tgz")) &&
           !name.ends_with(".notes") && !name.ends_with(".protected") && !name.ends_with(".dat");
}

}  // namespace

std::optional<bool> is_in_archive(const LocalFiles& files, const Backup& backup,
                                  const std::string& guest, const std::string& volume) {
    constexpr std::string_view ending = ".log";
    const auto directory = files.find(backup.location);
    if (!directory || volume.empty()) return std::nullopt;
    auto names = files.host().list(directory->path);
    if (!names) return std::nullopt;
    std::ranges::sort(*names, std::ranges::greater{});  // the newest first
    size_t read = 0;
    for (const std::string& name : *names) {
        if (!name.starts_with(fmt::format("vzdump-{}-", guest)) || !name.ends_with(ending))
            continue;
        const std::string_view stem(name.data(), name.size() - ending.size());
        if (std::ranges::none_of(*names,
                                 [&](const std::string& one) { return is_archive_of(one, stem); }))
            continue;
        if (++read > most_logs) return std::nullopt;
        const auto text =
            files.host().read(fmt::format("{}/{}", directory->path, name), mib, LastLink::refuse);
        if (!text) return std::nullopt;
        const VzdumpVolumes volumes = parse_vzdump_volumes(*text);
        if (!volumes.finished) continue;
        if (volumes.included.empty() && volumes.excluded.empty()) return std::nullopt;
        return volumes.included.contains(volume);
    }
    return std::nullopt;
}

}  // namespace lastgood
