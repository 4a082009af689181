// What is said where a look finds no copy: whether copies were there before, whether the place is
// still what it was, and whether something else lies there.
#pragma once

#include <optional>
#include <string>

#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/state.hpp"
#include "core/host.hpp"
#include "core/topology.hpp"

namespace lastgood {

// Error absent: nothing is found at the place, copies were seen there, and another filesystem than
// then is mounted there now: whether they are gone cannot be told. Blocks as find_place().
Result<void> check_same_filesystem(const Host& host, const Topology& topology,
                                   const LookMemory& memory, const Backup& backup,
                                   const BackupState& state);

// Remembers how many copies there are and on which filesystem. Of the backup, and of each stream,
// whose copies were seen at an earlier look and are all gone: adds the newest one that is known and
// sets `gone`. Comes after recall_streams() and before note_newest().
void note_gone(const Host& host, const Topology& topology, LookMemory& memory, const Backup& backup,
               BackupState& state);

// What else lies at the place of a backup of which no copy was ever seen.
struct OtherFiles {
    double count = 0;     // at most 1000
    std::string example;  // a name
};
// nullopt: copies are or were there, or the tool's own records prove that the place is right.
std::optional<OtherFiles> other_files(const Host& host, const Backup& backup,
                                      const BackupState& state);

}  // namespace lastgood
