// Stores the state in an SQLite database. A thread of its own opens and writes it: a full,
// read-only or hanging disk costs the memory across restarts, but never stops the agent. Failed
// operations are retried every 10 s, because the disk may be repaired. The public functions may be
// called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/memory/state_file.hpp"

namespace lastgood {

class Store {
  public:
    // Opens DIRECTORY/state.db (StateFile::open()) and waits at most 20 s for it. problem() tells
    // what went wrong.
    explicit Store(std::string directory);
    // Waits at most 2 s for the last changes to be written, and leaves a thread behind that hangs.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Returns the saved rows once after each time the database was opened: at the start, after a
    // problem was repaired, or after it was deleted or damaged and created anew. Nothing is saved
    // before this call. nullopt: nothing new was opened.
    std::optional<Saved> take_loaded();
    // Saves the changes in one transaction. Waits at most `patience` seconds for it, and not at all
    // while the disk is known to have a problem. Failed changes are kept and retried; without an
    // open database they are dropped (State::all_rows() has them).
    void save(std::vector<StateRow> changes, Seconds patience = 0);
    // Why changes cannot be saved now; nullopt: they can. Does not wait for the disk.
    std::optional<std::string> problem() const;

  private:
    struct Shared;  // with the writing thread, which may outlive the store

    std::shared_ptr<Shared> shared_;
    std::thread writer_;
};

}  // namespace lastgood
