// Stores the state in an SQLite database. A thread of its own opens and writes it: a full,
// read-only or hanging disk costs the memory across restarts, but never stops the agent. Failed
// operations are retried every 10 s, because the disk may be repaired. The public functions may be
// called from any thread.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/memory/state.hpp"
#include "core/result.hpp"

struct sqlite3;

namespace lastgood {

// What an opened database had.
struct Saved {
    std::vector<StateRow> rows;
    // What is lost, with words for people. Empty: nothing, as far as anybody can tell.
    std::vector<std::pair<Loss, std::string>> losses;
};

class Store {
  public:
    // Opens DIRECTORY/state.db, which is created if missing, and waits at most 20 s for it. A file
    // that is not a database, or a corrupt one, is renamed to state.db.damaged, another program's
    // database to state.db.foreign; three of each are kept. The first successful save leaves the
    // file state.db.kept, so that an empty or missing database is noticed from then on. problem()
    // tells what went wrong.
    explicit Store(std::string directory);
    ~Store();  // waits at most 2 s for the last changes to be written
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
    enum class Phase { closed, offered, in_use };  // offered: open, rows not taken yet

    Result<void> open();
    Result<void> open_or_put_aside();
    Result<void> configure();
    Result<void> recognise();
    Result<void> set_up();
    std::string put_aside(Loss why);
    void note_that_it_is_kept();
    void close();
    Result<std::vector<StateRow>> load();
    Result<void> write(const std::vector<StateRow>& rows);
    bool is_still_there() const;
    void run();
    void try_to_open(std::unique_lock<std::mutex>& lock);
    void write_pending(std::unique_lock<std::mutex>& lock);

    using Key = std::tuple<StateRow::Table, std::string, std::string, std::string>;

    const std::string directory_, path_;

    // Used by the writing thread only.
    sqlite3* database_ = nullptr;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    bool is_damaged_ = false;  // result of the last write
    bool is_kept_ = false;     // state.db.kept is there
    // Results of opening.
    bool is_foreign_ = false, is_corrupt_ = false;
    std::vector<std::pair<Loss, std::string>> losses_;

    mutable std::mutex mutex_;
    std::condition_variable
        wake_;  // for the writing thread: there is work; for the other: the work is done
    Phase phase_ = Phase::closed;
    Saved loaded_;
    std::map<Key, StateRow> pending_;  // bounded by the size of the state
    std::optional<std::string> problem_;
    Seconds busy_since_ = 0;  // CLOCK_MONOTONIC, s; 0: the thread is idle
    bool stop_ = false, stopped_ = false;
    std::thread writer_;
};

}  // namespace lastgood
