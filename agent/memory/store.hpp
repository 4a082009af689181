// The state on disk: SQLite, opened and written by a thread of its own, so that a full, read-only
// or hanging disk costs memory across restarts and never the agent. What cannot be used is tried
// again and again: a disk may be mended while we run.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/memory/state.hpp"
#include "core/result.hpp"

struct sqlite3;

namespace lastgood {

class Store {
  public:
    // Opens DIRECTORY/state.db (made if missing), and waits a few seconds for it. A database that
    // is no database is put aside as state.db.damaged. What is wrong, if anything, is told by
    // problem().
    explicit Store(std::string directory);
    ~Store();  // waits a moment for the last changes to be written
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // What the database held, once each time that it was opened: at the start, or later when what
    // was wrong is mended, or anew when it had been deleted or damaged. Until this is called
    // nothing is saved.
    std::optional<std::vector<StateRow>> take_loaded();
    // As one transaction. Waits at most `patience` until it is written, and not at all while the
    // disk is known to be in trouble; what could not be written is kept and tried again. While
    // there is no database nothing is kept.
    void save(std::vector<StateRow> changes, Seconds patience = 0);
    // Why changes cannot be kept now; nothing: they can.
    std::optional<std::string> problem() const;

  private:
    enum class Phase { closed, offered, in_use };  // offered: open, but its rows were not taken yet

    Result<void> open();
    Result<void> open_or_put_aside();
    void close();
    Result<std::vector<StateRow>> load();
    Result<void> write(const std::vector<StateRow>& rows);
    bool is_still_there() const;
    void run();
    void try_to_open(std::unique_lock<std::mutex>& lock);
    void write_pending(std::unique_lock<std::mutex>& lock);

    using Key = std::tuple<StateRow::Table, std::string, std::string, std::string>;

    const std::string directory_, path_;

    // Of the writing thread alone.
    sqlite3* database_ = nullptr;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    bool is_damaged_ = false;  // as the last write found

    mutable std::mutex mutex_;
    std::condition_variable
        wake_;  // for the thread: there is work; for the others: it has been done
    Phase phase_ = Phase::closed;
    std::vector<StateRow> loaded_;
    std::map<Key, StateRow> pending_;  // bounded by the number of things remembered
    std::optional<std::string> problem_;
    Seconds busy_since_ = 0;  // CLOCK_MONOTONIC; 0: the thread waits for work
    bool stop_ = false, stopped_ = false;
    std::thread writer_;
};

}  // namespace lastgood
