#include "agent/memory/store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>

#include "core/clock.hpp"
#include "core/files.hpp"

namespace lastgood {

namespace {

constexpr int schema_version = 1;
constexpr Seconds hanging =
    20;  // a disk operation longer than this counts as hung; start-up waits at most this long
constexpr auto retry_after = std::chrono::seconds(10);
// how often to check that the file still exists
constexpr auto look_after = std::chrono::seconds(15);

struct Table {
    StateRow::Table table;
    const char* name;
    std::array<const char*, 5> columns;  // three text, two numeric
};

constexpr auto tables = std::to_array<Table>({
    {StateRow::Table::counter, "counter", {"metric", "subject", "labels", "value", "observed_at"}},
    {StateRow::Table::remembered,
     "remembered",
     {"metric", "subject", "labels", "value", "observed_at"}},
    {StateRow::Table::history,
     "history",
     {"metric", "subject", "labels_and_time", "value", "time"}},
    {StateRow::Table::rule_since,
     "rule_since",
     {"rule", "subject", "unused", "since", "unused_number"}},
    {StateRow::Table::known, "known", {"kind", "subject", "unused", "first_seen", "last_seen"}},
    {StateRow::Table::text, "text", {"name", "subject", "value", "number", "unused_number"}},
    {StateRow::Table::accepted,
     "accepted",
     {"rule", "subject", "kind_limit_user_reason", "until", "over_since"}},
});

const Table& table_of(StateRow::Table table) {
    for (const Table& one : tables)
        if (one.table == table) return one;
    return tables.back();
}

Failure sqlite_failure(sqlite3* database, std::string_view what) {
    return fail(ErrorKind::failed, fmt::format("{}: {}", what, sqlite3_errmsg(database)));
}

using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

Statement prepare(sqlite3* database, const std::string& text) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr);
    return {statement, sqlite3_finalize};
}

Result<void> execute(sqlite3* database, const std::string& text) {
    if (sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_failure(database, text);
    return {};
}

// A table of another program may have the name of one of ours.
bool has_our_columns(sqlite3* database) {
    return std::ranges::all_of(tables, [&](const Table& table) {
        return prepare(database, fmt::format("SELECT {} FROM {} LIMIT 0",
                                             fmt::join(table.columns, ","), table.name)) != nullptr;
    });
}

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
    sqlite3_bind_text(statement, index, text.c_str(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
}

}  // namespace

Store::Store(std::string directory)
    : directory_(std::move(directory)), path_(directory_ + "/state.db") {
    writer_ = std::thread([this] { run(); });
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::duration<double>(hanging),
                   [this] { return phase_ != Phase::closed || problem_; });
    if (phase_ == Phase::closed && !problem_)
        problem_ = fmt::format("{}: opening it has taken longer than {}: the disk hangs", path_,
                               format_duration(hanging));
}

Store::~Store() {
    {
        std::unique_lock lock(mutex_);
        stop_ = true;
        wake_.notify_all();
        wake_.wait_for(lock, std::chrono::seconds(2), [this] { return stopped_; });
        if (!stopped_) {
            writer_.detach();  // stuck in the kernel; the process is about to end anyway
            return;
        }
    }
    writer_.join();
    close();
}

void Store::close() {
    sqlite3_close(database_);
    database_ = nullptr;
}

Result<void> Store::open_or_put_aside() {
    std::error_code ignored;
    if (const auto safe = make_own_directory(directory_, 0700); !safe) return Failure(safe.error());
    auto opened = open();
    if (opened) return opened;
    const int code = database_ ? sqlite3_errcode(database_) : SQLITE_OK;
    close();
    if (code != SQLITE_NOTADB && code != SQLITE_CORRUPT && !is_foreign_) return opened;
    std::filesystem::rename(path_, path_ + ".damaged", ignored);
    std::filesystem::remove(path_ + "-wal", ignored);
    std::filesystem::remove(path_ + "-shm", ignored);
    opened = open();
    if (!opened) close();
    return opened;
}

Result<void> Store::open() {
    const std::string& path = path_;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr) != SQLITE_OK)
        return sqlite_failure(database_, path);
    sqlite3_busy_timeout(database_, 2000);
    // FULL: a power cut loses nothing saved (NORMAL may lose seconds); only the writing thread
    // waits for the fsync. EXCLUSIVE: SQLite needs no shared memory; a page fault in a mapped file
    // on a hanging disk would block every fork of this process.
    for (const char* statement : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL",
                                  "PRAGMA synchronous=FULL", "PRAGMA cache_size=-256"})
        if (const auto done = execute(database_, statement); !done)
            return fail(ErrorKind::failed, path + ": " + done.error().message);
    {
        const Statement version = prepare(database_, "PRAGMA user_version");
        if (!version || sqlite3_step(version.get()) != SQLITE_ROW)
            return sqlite_failure(database_, path);
        if (const int found = sqlite3_column_int(version.get(), 0); found > schema_version)
            return fail(ErrorKind::failed,
                        fmt::format("{}: written by a newer lastgood (schema {}); install that "
                                    "version, or move the file away",
                                    path, found));
    }
    std::string schema = "BEGIN IMMEDIATE;";
    for (const Table& table : tables)
        schema += fmt::format(
            "CREATE TABLE IF NOT EXISTS {0} ({1} TEXT NOT NULL, {2} TEXT NOT NULL, {3} TEXT NOT "
            "NULL, {4} REAL NOT NULL, "
            "{5} REAL NOT NULL, PRIMARY KEY ({1}, {2}, {3})) WITHOUT ROWID;",
            table.name, table.columns[0], table.columns[1], table.columns[2], table.columns[3],
            table.columns[4]);
    schema += fmt::format("PRAGMA user_version={};COMMIT", schema_version);
    if (const auto done = execute(database_, schema); !done)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path, sqlite3_errmsg(database_)));
    if (is_foreign_ = !has_our_columns(database_); is_foreign_)
        return fail(ErrorKind::failed, fmt::format("{}: another program's database", path));
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path, errno_text(errno)));
    device_ = status.st_dev;
    inode_ = status.st_ino;
    auto rows = load();
    if (!rows) return tl::unexpected(rows.error());
    const std::lock_guard lock(mutex_);
    loaded_ = std::move(*rows);
    return {};
}

// SQLite would continue to write to a deleted file.
bool Store::is_still_there() const {
    struct stat status {};
    return ::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
           status.st_ino == inode_;
}

Result<std::vector<StateRow>> Store::load() {
    std::vector<StateRow> loaded;
    for (const Table& table : tables) {
        const Statement rows = prepare(database_, fmt::format("SELECT * FROM {}", table.name));
        if (!rows) return sqlite_failure(database_, table.name);
        const auto text = [&](int column) {
            const auto* bytes =
                reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), column));
            return bytes ? std::string(
                               bytes, static_cast<size_t>(sqlite3_column_bytes(rows.get(), column)))
                         : std::string();
        };
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(rows.get())) == SQLITE_ROW)
            loaded.push_back({table.table, text(0), text(1), text(2),
                              sqlite3_column_double(rows.get(), 3),
                              sqlite3_column_double(rows.get(), 4), false});
        if (code != SQLITE_DONE) return sqlite_failure(database_, table.name);
    }
    return loaded;
}

std::optional<std::vector<StateRow>> Store::take_loaded() {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::offered) return std::nullopt;
    phase_ = Phase::in_use;
    problem_.reset();
    return std::exchange(loaded_, {});
}

void Store::save(std::vector<StateRow> changes, Seconds patience) {
    if (changes.empty()) return;
    std::unique_lock lock(mutex_);
    if (phase_ != Phase::in_use) return;
    for (StateRow& row : changes) {
        // A text row is unique by name and subject, whatever its value.
        Key key(row.table, row.key1, row.key2,
                row.table == StateRow::Table::text ? std::string() : row.key3);
        pending_[std::move(key)] = std::move(row);
    }
    wake_.notify_all();
    const bool in_trouble =
        problem_ || (busy_since_ > 0 && monotonic_clock() - busy_since_ > patience);
    if (patience > 0 && !in_trouble)
        wake_.wait_for(lock, std::chrono::duration<double>(patience),
                       [this] { return problem_ || (pending_.empty() && busy_since_ == 0); });
}

std::optional<std::string> Store::problem() const {
    const std::lock_guard lock(mutex_);
    if (problem_) return problem_;
    if (busy_since_ > 0 && monotonic_clock() - busy_since_ > hanging)
        return fmt::format("{}: a write has not finished for {}: the disk hangs", directory_,
                           format_duration(monotonic_clock() - busy_since_));
    return std::nullopt;
}

Result<void> Store::write(const std::vector<StateRow>& rows) {
    const auto give_up = [&](const std::string& what) {
        auto failure = fail(ErrorKind::failed, fmt::format("{}: {}", path_, what));
        const int code = sqlite3_errcode(database_);
        is_damaged_ = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
        return failure;
    };
    is_damaged_ = false;
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

void Store::try_to_open(std::unique_lock<std::mutex>& lock) {
    busy_since_ = monotonic_clock();
    lock.unlock();
    const auto opened = open_or_put_aside();
    lock.lock();
    busy_since_ = 0;
    if (opened) {
        phase_ = Phase::offered;  // problem_ is cleared when the rows are taken
    } else {
        problem_ = opened.error().message;
    }
    wake_.notify_all();
    if (!opened) wake_.wait_for(lock, retry_after, [this] { return stop_; });
}

void Store::write_pending(std::unique_lock<std::mutex>& lock) {
    std::vector<StateRow> rows;
    for (const auto& [key, row] : pending_) rows.push_back(row);
    auto taken = std::exchange(pending_, {});
    busy_since_ = monotonic_clock();
    lock.unlock();
    const bool is_there = is_still_there();
    Result<void> written = fail(ErrorKind::failed, path_ + " was deleted");
    if (is_there) written = rows.empty() ? Result<void>() : write(rows);
    if (!is_there || is_damaged_) close();
    lock.lock();
    busy_since_ = 0;
    if (written) {
        if (!rows.empty()) problem_.reset();
    } else {
        problem_ = written.error().message;
        taken.merge(pending_);
        for (auto& [key, row] : pending_) taken[key] = std::move(row);
        pending_ = std::move(taken);
    }
    if (!database_) {
        pending_.clear();  // a new database will get the whole state
        phase_ = Phase::closed;
    }
    wake_.notify_all();
    if (!written && database_) wake_.wait_for(lock, retry_after, [this] { return stop_; });
}

void Store::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        if (!database_) {
            if (stop_) break;
            try_to_open(lock);
            continue;
        }
        wake_.wait_for(lock, look_after, [this] { return stop_ || !pending_.empty(); });
        if (stop_ && pending_.empty()) break;
        const bool is_last = stop_;
        write_pending(lock);
        if (is_last) break;
    }
    stopped_ = true;
    wake_.notify_all();
}

}  // namespace lastgood
