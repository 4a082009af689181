#include "agent/memory/state_file.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <map>

#include "agent/memory/database.hpp"
#include "core/files.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

using namespace database;

namespace {

constexpr int schema_version = 1;
constexpr int application = 0x6c67'6f64;  // SQLite's application_id: "lgod"; 0.1.0 left it 0
constexpr size_t most_put_aside = 3;
constexpr const char* kept_suffix = ".kept";
constexpr size_t most_rows = 2'000'000;  // more than any host has; some hundred MB of memory

}  // namespace

StateFile::StateFile(std::string directory)
    : directory_(std::move(directory)), path_(directory_ + "/state.db") {}

void StateFile::close() {
    sqlite3_close(database_);
    database_ = nullptr;
}

bool StateFile::is_damaged() const {
    const int code = database_ ? sqlite3_errcode(database_) : SQLITE_OK;
    return code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
}

Result<Saved> StateFile::open() {
    std::error_code ignored;
    if (const auto safe = make_own_directory(directory_, 0700); !safe) return Failure(safe.error());
    struct stat named {};
    if (::lstat(path_.c_str(), &named) == 0 && !S_ISREG(named.st_mode) && !S_ISLNK(named.st_mode))
        return fail(ErrorKind::failed,
                    fmt::format("{} is no file, as the state must be; move it away: mv {} {}.old",
                                path_, path_, path_));
    losses_.clear();
    is_kept_ = std::filesystem::exists(path_ + kept_suffix, ignored);
    auto rows = open_and_load();
    if (!rows) {
        const bool put_it_aside = is_foreign_ || is_corrupt_ || is_damaged();
        close();
        if (!put_it_aside) return is_read_only() ? read_only() : Failure(rows.error());
        const Loss what = is_foreign_ ? Loss::foreign : Loss::damaged;
        losses_.clear();
        untold_.emplace_back(what,
                             fmt::format("{}; it is kept as {}, and all that was saved in it is "
                                         "lost",
                                         rows.error().message, put_aside(what)));
        rows = open_and_load();
        if (!rows) {
            close();
            return Failure(rows.error());
        }
    }
    if (untold_.empty()) untold_ = std::exchange(losses_, {});
    if (is_kept_ && untold_.empty() && rows->empty())
        untold_.emplace_back(
            Loss::missing,
            fmt::format("{} is missing or empty, although state was saved in it: all of it is lost",
                        path_));
    return Saved{std::move(*rows), std::exchange(untold_, {})};
}

// Renames the file, with the log beside it. At most three of a kind are kept: the oldest one makes
// room. Returns the new path.
std::string StateFile::put_aside(Loss why) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    std::string place;
    fs::file_time_type oldest = fs::file_time_type::max();
    for (size_t number = 1; number <= most_put_aside; ++number) {
        std::string one = fmt::format("{}.{}{}", path_, to_string(why),
                                      number == 1 ? "" : fmt::format(".{}", number));
        if (!fs::exists(one, ignored)) {
            place = std::move(one);
            break;
        }
        if (const auto time = fs::last_write_time(one, ignored); time < oldest) {
            oldest = time;
            place = std::move(one);
        }
    }
    for (const char* suffix : {"", "-wal"}) {
        fs::remove(place + suffix, ignored);
        fs::rename(path_ + suffix, place + suffix, ignored);
    }
    fs::remove(path_ + "-shm", ignored);
    fs::last_write_time(place, fs::file_time_type::clock::now(), ignored);
    return place;
}

// From now on an empty database is one that lost its rows.
void StateFile::note_that_it_is_kept() {
    is_kept_ = write_file(path_ + kept_suffix,
                          "state.db beside this file holds lastgood's state. This file shows, when "
                          "state.db is gone, that there was one.\n",
                          Synced::yes)
                   .has_value();
}

bool StateFile::is_read_only() const {
    struct statvfs filesystem {};
    return ::statvfs(directory_.c_str(), &filesystem) == 0 && (filesystem.f_flag & ST_RDONLY) != 0;
}

Failure StateFile::read_only() const {
    return fail(ErrorKind::failed, path_ + ": its filesystem is read-only");
}

Result<std::vector<StateRow>> StateFile::open_and_load() {
    is_foreign_ = is_corrupt_ = false;
    misfits_.clear();
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path_.c_str(), &database_, flags, nullptr) != SQLITE_OK)
        return sqlite_failure(database_, path_);
    sqlite3_busy_timeout(database_, 2000);
    for (const auto step : {&StateFile::recognise, &StateFile::configure, &StateFile::set_up})
        if (auto done = (this->*step)(); !done)
            return fail(done.error().kind, path_ + ": " + done.error().message);
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path_, errno_text(errno)));
    device_ = status.st_dev;
    inode_ = status.st_ino;
    return load();
}

// Whether the database is ours, before anything is written to it. Every table of this version must
// be there, with its columns, if a lastgood of this version has used it.
Result<void> StateFile::recognise() {
    // EXCLUSIVE: SQLite needs no shared memory; a page fault in a mapped file on a hanging disk
    // would block every fork of this process.
    if (auto done = execute(database_, "PRAGMA locking_mode=EXCLUSIVE"); !done) return done;
    const auto number = number_of(database_, "PRAGMA application_id");
    const auto version = number_of(database_, "PRAGMA user_version");
    const auto all = number_of(database_, "SELECT count(*) FROM sqlite_master");
    if (!number || !version || !all) return sqlite_failure(database_, "not readable");
    const bool is_marked = *number == application;
    size_t known = 0;
    std::vector<std::string_view> missing;
    for (const Table& table : tables) {
        if (!has_table(database_, table.name)) {
            if (table.table != StateRow::Table::accepted || is_marked)
                missing.emplace_back(table.name);  // 0.1.0 had no acceptances
            continue;
        }
        ++known;
        if (!prepare(database_, select_of(table))) misfits_.emplace_back(table.name);
    }
    // Another program may have a table of the same name, with other columns.
    is_foreign_ = !is_marked && (*number != 0 || !misfits_.empty() || (*all > 0 && known == 0));
    if (is_foreign_) return fail(ErrorKind::malformed, "another program's database");
    if (*version > schema_version)
        return fail(ErrorKind::failed,
                    fmt::format("written by a newer lastgood (schema {}); install that version, or "
                                "move the file away",
                                *version));
    if (known > 0 && !missing.empty())
        losses_.emplace_back(Loss::damaged,
                             fmt::format("{}: without the table {}; what was saved in it is lost",
                                         path_, fmt::join(missing, ", ")));
    if (!misfits_.empty())
        losses_.emplace_back(Loss::damaged,
                             fmt::format("{}: the table {} has other columns, as another build of "
                                         "lastgood may write them; what was saved in it is lost",
                                         path_, fmt::join(misfits_, ", ")));
    // Not quick_check: it takes rows in a wrong order, which no key finds again.
    const Statement check = prepare(database_, "PRAGMA integrity_check(1)");
    if (!check || sqlite3_step(check.get()) != SQLITE_ROW)
        return sqlite_failure(database_, "not readable");
    const auto* verdict = reinterpret_cast<const char*>(sqlite3_column_text(check.get(), 0));
    if (verdict == nullptr || std::string_view(verdict) != "ok") {
        is_corrupt_ = true;
        return fail(ErrorKind::malformed,
                    fmt::format("damaged: {}", shortened(verdict ? verdict : "", 200)));
    }
    return {};
}

Result<void> StateFile::configure() {
    // FULL: a power cut loses nothing saved (NORMAL may lose seconds); only the writing thread
    // waits for the fsync.
    for (const char* statement :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-256"})
        if (auto done = execute(database_, statement); !done) return done;
    return {};
}

Result<void> StateFile::set_up() {
    std::string schema = "BEGIN IMMEDIATE;";
    for (const std::string_view name : misfits_) schema += fmt::format("DROP TABLE {};", name);
    for (const Table& table : tables)
        schema += fmt::format(
            "CREATE TABLE IF NOT EXISTS {0} ({1} TEXT NOT NULL, {2} TEXT NOT NULL, {3} TEXT NOT "
            "NULL, {4} REAL NOT NULL, "
            "{5} REAL NOT NULL, PRIMARY KEY ({1}, {2}, {3})) WITHOUT ROWID;",
            table.name, table.columns[0], table.columns[1], table.columns[2], table.columns[3],
            table.columns[4]);
    schema += fmt::format("PRAGMA application_id={};PRAGMA user_version={};COMMIT", application,
                          schema_version);
    if (const auto done = execute(database_, schema); !done)
        return fail(ErrorKind::failed, sqlite3_errmsg(database_));
    // Values of another type, which SQLite lets stand in any column, would read as "" or 0.
    int foreign = 0;
    for (const Table& table : tables) {
        auto done = execute(
            database_,
            fmt::format("DELETE FROM {0} WHERE typeof({1})<>'text' OR typeof({2})<>'text' OR "
                        "typeof({3})<>'text' OR typeof({4})<>'real' OR typeof({5})<>'real'",
                        table.name, table.columns[0], table.columns[1], table.columns[2],
                        table.columns[3], table.columns[4]));
        if (!done) return done;
        foreign += sqlite3_changes(database_);
    }
    if (foreign > 0)
        losses_.emplace_back(Loss::rows, fmt::format("{}: {} of values of another type: lost",
                                                     path_, counted(foreign, "row", "rows")));
    return {};
}

Result<std::vector<StateRow>> StateFile::load() {
    std::vector<StateRow> loaded;
    for (const Table& table : tables) {
        const Statement rows = prepare(database_, select_of(table));
        if (!rows) return sqlite_failure(database_, table.name);
        const auto text = [&](int column) {
            const auto* bytes =
                reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), column));
            return bytes ? std::string(
                               bytes, static_cast<size_t>(sqlite3_column_bytes(rows.get(), column)))
                         : std::string();
        };
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(rows.get())) == SQLITE_ROW && loaded.size() < most_rows)
            loaded.push_back({table.table, text(0), text(1), text(2),
                              sqlite3_column_double(rows.get(), 3),
                              sqlite3_column_double(rows.get(), 4), false});
        if (code == SQLITE_ROW) {
            losses_.emplace_back(Loss::rows, fmt::format("{}: more than {} rows; the others are "
                                                         "not read",
                                                         path_, most_rows));
            return loaded;
        }
        if (code != SQLITE_DONE) return sqlite_failure(database_, table.name);
    }
    return loaded;
}

// SQLite would continue to write to a deleted file.
bool StateFile::is_still_there() const {
    struct stat status {};
    return ::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
           status.st_ino == inode_;
}

Result<void> StateFile::write(const std::vector<StateRow>& rows) {
    if (!is_still_there()) {
        close();
        return fail(ErrorKind::failed, path_ + " was deleted");
    }
    if (rows.empty()) return {};
    auto written = write_rows(rows);
    if (written && !is_kept_) note_that_it_is_kept();
    if (damaged_by_write_) close();
    if (!written && is_read_only()) return read_only();
    return written;
}

Result<void> StateFile::write_rows(const std::vector<StateRow>& rows) {
    damaged_by_write_ = false;
    const auto give_up = [&](const std::string& what) {
        damaged_by_write_ = is_damaged();
        return fail(ErrorKind::failed, fmt::format("{}: {}", path_, what));
    };
    if (const auto begun = execute(database_, "BEGIN IMMEDIATE"); !begun)
        return give_up(begun.error().message);
    std::map<std::pair<StateRow::Table, bool>, Statement> statements;
    const auto statement_for = [&](const StateRow& row, bool erase) {
        const auto known = statements.find({row.table, erase});
        if (known != statements.end()) return known->second.get();
        const Table& table = table_of(row.table);
        std::string text =
            fmt::format("INSERT OR REPLACE INTO {} VALUES (?1,?2,?3,?4,?5)", table.name);
        if (erase)
            text = fmt::format("DELETE FROM {} WHERE {}=?1 AND {}=?2", table.name, table.columns[0],
                               table.columns[1]);
        if (erase && row.table != StateRow::Table::text)
            text += fmt::format(" AND {}=?3", table.columns[2]);
        return statements.emplace(std::pair(row.table, erase), prepare(database_, text))
            .first->second.get();
    };
    const auto apply = [&](const StateRow& row, bool erase) {
        sqlite3_stmt* const statement = statement_for(row, erase);
        if (!statement) return false;
        bind(statement, 1, row.key1);
        bind(statement, 2, row.key2);
        if (!erase || row.table != StateRow::Table::text) bind(statement, 3, row.key3);
        if (!erase) {
            sqlite3_bind_double(statement, 4, row.number1);
            sqlite3_bind_double(statement, 5, row.number2);
        }
        const bool done = sqlite3_step(statement) == SQLITE_DONE;
        if (done) sqlite3_reset(statement);
        return done;
    };
    for (const StateRow& row : rows) {
        const bool replaces = row.table == StateRow::Table::text && !row.erased;
        if ((replaces && !apply(row, true)) || !apply(row, row.erased)) {
            const auto failure = give_up(sqlite3_errmsg(database_));
            statements.clear();
            sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
            return failure;
        }
    }
    statements.clear();
    if (const auto done = execute(database_, "COMMIT"); !done) {
        const auto failure = give_up(done.error().message);
        sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
        return failure;
    }
    return {};
}

}  // namespace lastgood
