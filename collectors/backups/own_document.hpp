// One JSON document for each backup in a directory that only lastgood writes. It may be missing,
// damaged or unwritable: then it says why, and the caller does without.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/files.hpp"
#include "core/host.hpp"

namespace lastgood {

// Whether the document before the last change is kept, and used when the newest is damaged.
enum class Previous { dropped, kept };

class OwnDocument {
  public:
    // Reads DIRECTORY/backups/BACKUP.json, an object of at most 16 MiB. Makes the directory (mode
    // 0700) in a DIRECTORY that is there; one that others can change is refused, see
    // open_own_directory(). For a recorded host nothing is read or written. Blocks as long as the
    // filesystem does.
    OwnDocument(const Host& host, const std::string& directory, const std::string& backup,
                Previous previous = Previous::dropped);

    // An object; empty if there is none, or if it cannot be read.
    const nlohmann::json& content() const { return content_; }
    // Why there is nothing to read, although there should be: the directory cannot be used
    // (denied, absent, failed) or the document is damaged (malformed; it is replaced).
    const std::optional<Error>& problem() const { return problem_; }
    bool usable() const { return !path_.empty(); }
    // There was a document, and neither it nor the one before can be read.
    bool lost() const { return lost_; }
    // It stands there once only, or not whole: the next write() mends that.
    bool needs_write() const { return needs_write_; }

    // Replaces the document (mode 0600), synced to the disk. Does nothing if it is not usable.
    Result<void> write(const nlohmann::json& content);

  private:
    Result<nlohmann::json> read(const Host& host, const std::string& path) const;

    std::string path_;  // empty: not usable
    nlohmann::json content_ = nlohmann::json::object();
    std::optional<Error> problem_;
    Previous previous_;
    bool whole_ = false;  // what is on the disk now
    bool lost_ = false;
    bool needs_write_ = false;
};

}  // namespace lastgood
