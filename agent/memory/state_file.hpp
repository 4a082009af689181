// The file that holds the saved state: an SQLite database, opened, checked, read and written. For
// one thread at a time; blocks as long as the disk does.
#pragma once

#include <sys/types.h>

#include <string>
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

class StateFile {
  public:
    // For DIRECTORY/state.db; does not open it.
    explicit StateFile(std::string directory);
    ~StateFile() { close(); }
    StateFile(const StateFile&) = delete;
    StateFile& operator=(const StateFile&) = delete;

    // Opens it, or creates it with its directory, and reads it. A file that is not a database, or a
    // corrupt one, is renamed to state.db.damaged, another program's database to state.db.foreign;
    // three of each are kept.
    Result<Saved> open();
    bool is_open() const { return database_ != nullptr; }
    // Saves the rows in one transaction; none: only looks whether the file is still there. It is
    // closed if it was deleted or is damaged. The first successful save leaves the file
    // state.db.kept, so that an empty or missing database is noticed from then on.
    Result<void> write(const std::vector<StateRow>& rows);

    const std::string& directory() const { return directory_; }
    const std::string& path() const { return path_; }

  private:
    Result<std::vector<StateRow>> open_and_load();
    Result<void> recognise();
    Result<void> configure();
    Result<void> set_up();
    Result<std::vector<StateRow>> load();
    std::string put_aside(Loss why);
    void note_that_it_is_kept();
    bool is_still_there() const;
    bool is_read_only() const;  // its filesystem; SQLite only says "disk I/O error"
    Failure read_only() const;
    Result<void> write_rows(const std::vector<StateRow>& rows);
    bool is_damaged() const;  // SQLite's last error says so
    void close();

    const std::string directory_, path_;
    sqlite3* database_ = nullptr;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    bool damaged_by_write_ = false;  // result of the last write
    bool is_kept_ = false;           // state.db.kept is there
    // Results of opening.
    bool is_foreign_ = false, is_corrupt_ = false;
    std::vector<std::string_view> misfits_;  // tables of ours with columns that are not
    std::vector<std::pair<Loss, std::string>> losses_;
    // Losses that open() has not returned yet: it may fail after it has put a file aside.
    std::vector<std::pair<Loss, std::string>> untold_;
};

}  // namespace lastgood
