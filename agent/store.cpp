#include "agent/store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>

namespace lastgood {

namespace {

constexpr int schema_version = 1;
constexpr Seconds write_limit = 20;  // a write that takes longer is a disk that hangs
constexpr auto retry_after = std::chrono::seconds(30);

struct Table {
    StateRow::Table table;
    const char* name;
    std::array<const char*, 5> columns;  // three of text, two of numbers
};

constexpr auto tables = std::to_array<Table>({
    {StateRow::Table::counter, "counter", {"metric", "subject", "labels", "value", "observed_at"}},
    {StateRow::Table::remembered, "remembered", {"metric", "subject", "labels", "value", "observed_at"}},
    {StateRow::Table::history, "history", {"metric", "subject", "labels_and_time", "value", "time"}},
    {StateRow::Table::rule_since, "rule_since", {"rule", "subject", "unused", "since", "unused_number"}},
    {StateRow::Table::known, "known", {"kind", "subject", "unused", "first_seen", "last_seen"}},
    {StateRow::Table::text, "text", {"name", "subject", "value", "number", "unused_number"}},
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
    if (sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_failure(database, text);
    return {};
}

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
    sqlite3_bind_text(statement, index, text.c_str(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

Seconds steady_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Store::Store(std::string directory) : directory_(std::move(directory)) {
    std::error_code ignored;
    if (!std::filesystem::exists(directory_, ignored)) {
        std::filesystem::create_directories(directory_, ignored);
        ::chmod(directory_.c_str(), 0700);
    }
    auto opened = open();
    if (!opened && database_) {
        const int code = sqlite3_errcode(database_);
        if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
            sqlite3_close(database_);
            database_ = nullptr;
            const std::string path = directory_ + "/state.db";
            std::filesystem::rename(path, path + ".damaged", ignored);
            std::filesystem::remove(path + "-wal", ignored);
            std::filesystem::remove(path + "-shm", ignored);
            opened = open();
        }
    }
    if (!opened) {
        problem_ = opened.error().message;
        sqlite3_close(database_);
        database_ = nullptr;
        return;
    }
    writer_ = std::thread([this] { run(); });
}

Store::~Store() {
    if (!writer_.joinable()) return;
    {
        std::unique_lock lock(mutex_);
        stop_ = true;
        wake_.notify_all();
        wake_.wait_for(lock, std::chrono::seconds(2), [this] { return stopped_; });
        if (!stopped_) {
            writer_.detach();  // stuck in the kernel; the process is about to end
            return;
        }
    }
    writer_.join();
    sqlite3_close(database_);
}

Result<void> Store::open() {
    const std::string path = directory_ + "/state.db";
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr) != SQLITE_OK) return sqlite_failure(database_, path);
    sqlite3_busy_timeout(database_, 2000);
    // WAL with NORMAL survives kill -9 whole; a power cut costs the last transactions and never the database.
    for (const char* statement : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-256"})
        if (const auto done = execute(database_, statement); !done) return fail(ErrorKind::failed, path + ": " + done.error().message);
    {
        const Statement version = prepare(database_, "PRAGMA user_version");
        if (!version || sqlite3_step(version.get()) != SQLITE_ROW) return sqlite_failure(database_, path);
        if (const int found = sqlite3_column_int(version.get(), 0); found > schema_version)
            return fail(ErrorKind::failed, fmt::format("{}: written by a newer lastgood (schema {})", path, found));
    }
    std::string schema = "BEGIN IMMEDIATE;";
    for (const Table& table : tables)
        schema += fmt::format(
            "CREATE TABLE IF NOT EXISTS {0} ({1} TEXT NOT NULL, {2} TEXT NOT NULL, {3} TEXT NOT NULL, {4} REAL NOT NULL, "
            "{5} REAL NOT NULL, PRIMARY KEY ({1}, {2}, {3})) WITHOUT ROWID;",
            table.name, table.columns[0], table.columns[1], table.columns[2], table.columns[3], table.columns[4]);
    schema += fmt::format("PRAGMA user_version={};COMMIT", schema_version);
    if (const auto done = execute(database_, schema); !done)
        return fail(ErrorKind::failed, fmt::format("{}: {}", path, sqlite3_errmsg(database_)));
    return load();
}

Result<void> Store::load() {
    loaded_.clear();
    for (const Table& table : tables) {
        const Statement rows = prepare(database_, fmt::format("SELECT * FROM {}", table.name));
        if (!rows) return sqlite_failure(database_, table.name);
        const auto text = [&](int column) {
            const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), column));
            return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(rows.get(), column))) : std::string();
        };
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(rows.get())) == SQLITE_ROW)
            loaded_.push_back({table.table, text(0), text(1), text(2), sqlite3_column_double(rows.get(), 3),
                               sqlite3_column_double(rows.get(), 4), false});
        if (code != SQLITE_DONE) return sqlite_failure(database_, table.name);
    }
    return {};
}

std::vector<StateRow> Store::take_loaded() { return std::exchange(loaded_, {}); }

void Store::save(std::vector<StateRow> changes) {
    if (!writer_.joinable() || changes.empty()) return;
    const std::lock_guard lock(mutex_);
    for (StateRow& row : changes) {
        Key key(row.table, row.key1, row.key2, row.key3);
        pending_[std::move(key)] = std::move(row);
    }
    wake_.notify_all();
}

std::optional<std::string> Store::problem() const {
    const std::lock_guard lock(mutex_);
    if (problem_) return problem_;
    if (writing_since_ > 0 && steady_now() - writing_since_ > write_limit)
        return fmt::format("{}: a write has not returned for {}", directory_, format_duration(steady_now() - writing_since_));
    return std::nullopt;
}

Result<void> Store::write(const std::vector<StateRow>& rows) {
    if (const auto begun = execute(database_, "BEGIN IMMEDIATE"); !begun) return begun;
    for (const StateRow& row : rows) {
        const Table& table = table_of(row.table);
        const Statement statement =
            prepare(database_, row.erased ? fmt::format("DELETE FROM {} WHERE {}=?1 AND {}=?2 AND {}=?3", table.name, table.columns[0],
                                                        table.columns[1], table.columns[2])
                                          : fmt::format("INSERT OR REPLACE INTO {} VALUES (?1,?2,?3,?4,?5)", table.name));
        if (statement) {
            bind(statement.get(), 1, row.key1);
            bind(statement.get(), 2, row.key2);
            bind(statement.get(), 3, row.key3);
            if (!row.erased) {
                sqlite3_bind_double(statement.get(), 4, row.number1);
                sqlite3_bind_double(statement.get(), 5, row.number2);
            }
        }
        if (!statement || sqlite3_step(statement.get()) != SQLITE_DONE) {
            const auto failure = sqlite_failure(database_, directory_ + "/state.db");
            sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
            return failure;
        }
    }
    if (const auto done = execute(database_, "COMMIT"); !done) {
        sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
        return fail(ErrorKind::failed, directory_ + "/state.db: " + done.error().message);
    }
    return {};
}

void Store::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stop_ || !pending_.empty(); });
        if (pending_.empty()) break;
        std::vector<StateRow> rows;
        for (const auto& [key, row] : pending_) rows.push_back(row);
        auto taken = std::exchange(pending_, {});
        writing_since_ = steady_now();
        lock.unlock();
        const auto written = write(rows);
        lock.lock();
        writing_since_ = 0;
        if (written) {
            problem_.reset();
            continue;
        }
        problem_ = written.error().message;
        taken.merge(pending_);
        for (auto& [key, row] : pending_) taken[key] = std::move(row);
        pending_ = std::move(taken);
        if (stop_) break;
        wake_.wait_for(lock, retry_after, [this] { return stop_; });
    }
    stopped_ = true;
    wake_.notify_all();
}

}  // namespace lastgood
