// What the readers of a backup remember from one look to the next, in the state directory: what a
// place looked like before tells what was added and what was removed since. The agent's own state
// is not for this: collectors only print.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/backups/own_document.hpp"
#include "core/host.hpp"
#include "core/json_value.hpp"

namespace lastgood {

// The document STATE_DIRECTORY/backups/BACKUP.json has one section for each reader. The values in
// it come from a file: check their types (text_in(), number_in(), flag_in() do). Without a usable
// state directory, and for a recorded host, each look is the first one.
class LookMemory {
  public:
    LookMemory(const Host& host, const std::string& state_directory, const std::string& backup);

    // The section of a reader, an object; empty at the first look.
    const nlohmann::json& section(std::string_view reader) const;
    // Replaces the section. It is written by save().
    void keep(std::string_view reader, nlohmann::json section);
    // Whether looks are remembered at all. A reader whose verdict needs it says so with problem().
    bool works() const { return document_.usable(); }
    // The state directory cannot be used, or what was remembered is damaged and starts anew.
    const std::optional<Error>& problem() const { return document_.problem(); }
    // When what was remembered was lost, since it was damaged and the state before it, too. For a
    // year: longer than anybody accepts it.
    std::optional<Timestamp> lost_at() const;
    // Writes what was kept, if it changed. Blocks for an fsync(2).
    Result<void> save();

  private:
    OwnDocument document_;
    nlohmann::json content_;
    bool changed_ = false;
};

}  // namespace lastgood
