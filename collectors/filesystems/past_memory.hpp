// How full filesystems were, across restarts: STATE_DIRECTORY/filesystems.json, at most 1 MiB.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "collectors/filesystems/usage_past.hpp"
#include "core/host.hpp"

namespace lastgood {

struct KnownPast {
    UsagePast past;
    double size = 0;  // of the filesystem, bytes
};
using PastByPoint = std::map<std::string, KnownPast, std::less<>>;  // by mount point

// Values of another type or from the future are left out; more than 64 filesystems, too. Pure.
PastByPoint parse_past(const nlohmann::json& document, Timestamp now);
nlohmann::json to_json(const PastByPoint& known);

class PastMemory {
  public:
    // Without a usable directory, and for a recorded host, nothing is remembered.
    PastMemory(const Host& host, const std::string& state_directory);
    // What is damaged or missing is learned anew. Blocks as long as the disk does.
    PastByPoint load() const;
    // Replaces it (mode 0600), synced to the disk.
    Result<void> save(const PastByPoint& known) const;

  private:
    const Host& host_;
    std::string path_;  // empty: not usable
};

}  // namespace lastgood
