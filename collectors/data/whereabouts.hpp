// Where data that a backup had lay at earlier looks: data that was moved, or is in no backup any
// more, is told by its old name. Remembered in STATE_DIRECTORY/data.json, at most 1 MiB.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/host.hpp"
#include "core/place.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Where a path leads.
struct Spot {
    std::string path;        // links resolved
    std::string filesystem;  // its UUID; without one its type and source
    std::string inside;      // the path within the filesystem
    bool operator==(const Spot&) const = default;
};

Spot spot_of(const Host& host, const Topology& topology, const Place& place);

// Of one look.
struct Sighting {
    std::string kind, title;
    Spot spot;
    std::string backup;             // the first that has it; "": none
    bool excused = false;           // the configuration says that it needs none here
    std::optional<Timestamp> link;  // when the link was made that its path is
    std::string at;                 // `spot` for people
};

// What is remembered of a path. It is there from the first look at which a backup had it.
struct Whereabouts {
    std::string kind, title;
    Spot spot;           // where the backup had it
    std::string backup;  // its name
    Timestamp covered_at = 0;
    Timestamp lost_at = 0;  // since then no backup has it; 0: one does
    std::string to;         // where it lies since then; "": where it was

    std::string id(const std::string& path) const { return kind + " " + path; }
};

using WhereaboutsByPath = std::map<std::string, Whereabouts, std::less<>>;

// Takes over what was seen at a path: it is covered, has moved, or is in no backup any more. Pure.
void note(WhereaboutsByPath& known, const std::string& path, const Sighting& seen, Timestamp now);

// Values of another type or from the future are left out; more than 2000 paths, too. Pure.
WhereaboutsByPath parse_whereabouts(const nlohmann::json& document, Timestamp now);
nlohmann::json to_json(const WhereaboutsByPath& known);

class WhereaboutsFile {
  public:
    // Without a usable directory, and for a recorded host, nothing is remembered.
    WhereaboutsFile(const Host& host, const std::string& state_directory);
    // Why it was not read, if it is there, goes to `problem`. Blocks as long as the disk does.
    WhereaboutsByPath load(std::optional<Error>& problem);
    // Replaces it (mode 0600), synced to the disk, if it changed.
    Result<void> save(const WhereaboutsByPath& known) const;

  private:
    const Host& host_;
    std::string directory_;  // empty: not usable
    nlohmann::json loaded_;
};

}  // namespace lastgood
