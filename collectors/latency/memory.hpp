// What the judges learned, across restarts: STATE_DIRECTORY/latency.json, at most 1 MiB.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "collectors/latency/judge/pace.hpp"
#include "core/host.hpp"

namespace lastgood {

struct PaceMemory {
    std::map<std::string, DrivePast, std::less<>> drives;  // by id
    // By the name of the group.
    std::map<std::string, std::array<std::vector<Episode>, 2>, std::less<>> groups;
};

// Values of another type, out of range or from the future are left out; more than 256 drives or
// groups, too. Pure.
PaceMemory parse_pace_memory(const nlohmann::json& document, Timestamp now);
nlohmann::json to_json(const PaceMemory& memory);

class PaceMemoryFile {
  public:
    // Without a usable directory, and for a recorded host, nothing is remembered.
    PaceMemoryFile(const Host& host, const std::string& state_directory);
    // Reads it. Blocks as long as the filesystem does. Why it was not read, if it is there, goes to
    // `problem`: then all is learned anew.
    PaceMemory load(std::optional<Error>& problem) const;
    // Replaces it (mode 0600), synced to the disk.
    Result<void> save(const PaceMemory& memory) const;

  private:
    const Host& host_;
    std::string directory_;  // empty: not usable
};

}  // namespace lastgood
