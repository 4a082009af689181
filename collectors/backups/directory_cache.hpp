// What this process keeps of large directories, so that an unchanged one is not read again.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "collectors/backups/find_copies.hpp"
#include "core/directory.hpp"

namespace lastgood {

// The finished copies in one directory.
struct DirectorySummary {
    std::map<std::string, CopyList> streams;
    bool in_progress = false;
    bool too_many_streams = false;
    uint64_t names = 0;
};

// What a summary depends on beside the directory's content.
std::string cache_key(const std::string& path, const Backup& backup);

class DirectoryCache {
  public:
    static DirectoryCache& of_this_thread();

    // The summary of a directory with this status, if none of its newest copies has changed.
    const DirectorySummary* find(const std::string& key, const FileStatus& directory,
                                 const DirectoryReader& reader, Seconds monotonic) const;
    // `directory`: its status before it was read. Keeps nothing of a small directory, of one with a
    // copy that is being written, and of one that changed just before: a second change in the same
    // tick of the filesystem's clock would not be seen.
    void keep(const std::string& key, const FileStatus& directory, Timestamp now, Seconds monotonic,
              DirectorySummary summary);

  private:
    struct Entry {
        FileStatus directory;
        Seconds read_at = 0;
        DirectorySummary summary;
    };
    std::map<std::string, Entry> entries_;
};

}  // namespace lastgood
