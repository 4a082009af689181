// What the witnesses said, across restarts: STATE_DIRECTORY/witnesses.json, at most 4 MiB.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "collectors/witnesses/judge.hpp"
#include "core/host.hpp"

namespace lastgood {

struct FilesystemPast {
    Timestamp seen = 0;                                         // when it was last mounted
    std::string device;                                         // its block device then
    std::map<std::string, WitnessPast, std::less<>> witnesses;  // by name
    // It fell by no more than a crash may lose, or an old copy was put back: nobody can tell. 0:
    // it did not.
    Timestamp doubtful_since = 0;
    // The newest time that it went back.
    std::optional<RolledBack> rolled_back;
    std::string told_by;  // the witness
};

// By UUID and mount point: a copy that is mounted elsewhere beside it has a past of its own.
using WitnessMemory = std::map<std::pair<std::string, std::string>, FilesystemPast>;

// What makes no sense is left out; more than 256 filesystems, too. Pure.
WitnessMemory parse_witness_memory(const nlohmann::json& document, Timestamp now);
nlohmann::json to_json(const WitnessMemory& memory);

class WitnessMemoryFile {
  public:
    // Without a usable directory, and for a recorded host, nothing is remembered.
    WitnessMemoryFile(const Host& host, const std::string& state_directory);
    // Reads it. Blocks as long as the filesystem does. Why it was not read, if it is there, goes to
    // `problem`.
    WitnessMemory load(std::optional<Error>& problem) const;
    // Replaces it (mode 0600), synced to the disk.
    Result<void> save(const WitnessMemory& memory) const;

  private:
    const Host& host_;
    std::string directory_;  // empty: not usable
};

}  // namespace lastgood
