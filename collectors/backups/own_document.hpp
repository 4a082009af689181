// One JSON document for each backup in a directory that only lastgood writes. It may be missing,
// damaged or unwritable: then it says why, and the caller does without.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/files.hpp"
#include "core/host.hpp"

namespace lastgood {

class OwnDocument {
  public:
    // Reads DIRECTORY/backups/BACKUP.json, an object of at most 16 MiB. Makes the directory (mode
    // 0700) in a DIRECTORY that is there; one that others can change is refused, see
    // open_own_directory(). For a recorded host nothing is read or written. Blocks as long as the
    // filesystem does.
    OwnDocument(const Host& host, const std::string& directory, const std::string& backup);

    // An object; empty if there is none, or if it cannot be read.
    const nlohmann::json& content() const { return content_; }
    // Why there is nothing to read, although there should be: the directory cannot be used
    // (denied, absent, failed) or the document is damaged (malformed; it is replaced).
    const std::optional<Error>& problem() const { return problem_; }
    bool usable() const { return !path_.empty(); }

    // Replaces the document (mode 0600), synced to the disk. Does nothing if it is not usable.
    Result<void> write(const nlohmann::json& content) const;

  private:
    std::string path_;  // empty: not usable
    nlohmann::json content_ = nlohmann::json::object();
    std::optional<Error> problem_;
};

}  // namespace lastgood
