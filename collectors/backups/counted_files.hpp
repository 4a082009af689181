// Whether all files of a copy are there: what its record promises against what lies there. A copy
// of a repository that was stopped has the records first, and not yet the files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/backups/look_memory.hpp"
#include "core/host.hpp"

namespace lastgood {

struct PromisedFiles {
    std::string name;       // of the copy, unique in the repository
    std::string directory;  // that holds its files
    double bytes = 0;       // of regular files, at least
    double entries = 0;     // names of any kind, the directory itself included, at least
    std::vector<std::string> left_out = {};  // names in the directory that do not count
    std::string version = {};                // another one when the tool has changed the copy
};

enum class FilesThere { all, some, unknown };

struct CountedFiles {
    // unknown: they are not counted to the end yet, or some have just arrived, and more may
    FilesThere there = FilesThere::unknown;
    double bytes = 0, entries = 0;  // so far
};

// Counts for a few seconds a look, and goes on at the next look where it stopped. What was whole is
// not counted again while its directory is unchanged, for a week; until that is done it stays
// whole. Without a memory that works each look counts from the beginning.
class FileCounter {
  public:
    // `memory` may be missing; both must outlive it.
    FileCounter(const Host& host, LookMemory* memory);
    // Keeps what was counted, and forgets of what it was not asked.
    ~FileCounter();
    FileCounter(const FileCounter&) = delete;
    FileCounter& operator=(const FileCounter&) = delete;

    // Blocks as long as the filesystem does.
    CountedFiles count(const PromisedFiles& promised);

  private:
    CountedFiles go_on(const PromisedFiles& promised, nlohmann::json& known);

    const Host& host_;
    LookMemory* memory_;
    nlohmann::json before_, after_;  // by name
    Seconds give_up_at_;
};

// Why a copy is in doubt whose files are not known to be all there.
inline constexpr const char* uncounted =
    "it was copied here, and it is not known yet whether all its files have arrived";

// "files are missing: it has 14 of 20 names and 2000 of 4000 bytes"
std::string what_is_missing(const PromisedFiles& promised, const CountedFiles& counted);

}  // namespace lastgood
