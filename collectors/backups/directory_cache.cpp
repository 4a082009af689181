#include "collectors/backups/directory_cache.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr uint64_t small_directory = 1000;  // names; reading them costs as much as looking at 500
constexpr size_t most_entries = 32;
constexpr Seconds clock_step = 2.1;   // FAT has steps of 2 s
constexpr Seconds read_again = 3600;  // files that are written in place may be among the older

bool is_same(const FileStatus& one, const FileStatus& other) {
    return one.inode == other.inode && one.device == other.device &&
           one.modified == other.modified && one.changed == other.changed && one.size == other.size;
}

}  // namespace

std::string cache_key(const std::string& path, const Backup& backup) {
    return fmt::format("{}\n{}\n{}\n{}\n{}", path, backup.location, backup.time_pattern,
                       backup.settle_time, static_cast<int>(backup.each));
}

DirectoryCache& DirectoryCache::of_this_thread() {
    thread_local DirectoryCache cache;
    return cache;
}

const DirectorySummary* DirectoryCache::find(const std::string& key, const FileStatus& directory,
                                             const DirectoryReader& reader,
                                             Seconds monotonic) const {
    const auto known = entries_.find(key);
    if (known == entries_.end() || !is_same(known->second.directory, directory)) return nullptr;
    if (monotonic - known->second.read_at > read_again) return nullptr;
    for (const auto& [name, list] : known->second.summary.streams)
        for (const Copy& copy : list.newest()) {
            const auto status = reader.status(std::string(last_component(copy.path)).c_str());
            if (!status || !is_same(*status, copy.status)) return nullptr;
        }
    return &known->second.summary;
}

void DirectoryCache::keep(const std::string& key, const FileStatus& directory, Timestamp now,
                          Seconds monotonic, DirectorySummary summary) {
    entries_.erase(key);
    if (summary.names < small_directory || summary.in_progress) return;
    if (now - std::max(directory.modified, directory.changed) < clock_step) return;
    if (entries_.size() >= most_entries)
        entries_.erase(std::ranges::min_element(
            entries_, {}, [](const auto& entry) { return entry.second.read_at; }));
    entries_.emplace(key, Entry{directory, monotonic, std::move(summary)});
}

}  // namespace lastgood
