// The state on disk: SQLite, written by a thread of its own, so that a full, read-only or hanging disk costs memory across
// restarts and never the agent.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/state.hpp"
#include "core/result.hpp"

struct sqlite3;

namespace lastgood {

class Store {
  public:
    // Opens DIRECTORY/state.db (made if missing). A database that is no database is put aside as state.db.damaged. What is
    // wrong, if anything, is told by problem(); a store that could not be opened keeps nothing.
    explicit Store(std::string directory);
    ~Store();  // waits a moment for the last changes to be written
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    std::vector<StateRow> take_loaded();      // what was there when it was opened
    void save(std::vector<StateRow> changes); // at once, as one transaction; never blocks on the disk
    // Why changes cannot be kept now; nothing: they can.
    std::optional<std::string> problem() const;

  private:
    Result<void> open();
    Result<void> load();
    Result<void> write(const std::vector<StateRow>& rows);
    void run();

    using Key = std::tuple<StateRow::Table, std::string, std::string, std::string>;

    std::string directory_;
    sqlite3* database_ = nullptr;
    std::vector<StateRow> loaded_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::map<Key, StateRow> pending_;  // bounded by the number of things remembered
    std::optional<std::string> problem_;
    Seconds writing_since_ = 0;   // CLOCK_MONOTONIC; 0: not writing
    bool stop_ = false, stopped_ = false;
    std::thread writer_;
};

}  // namespace lastgood
