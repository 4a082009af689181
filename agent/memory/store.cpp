#include "agent/memory/store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <chrono>
#include <cmath>

#include "agent/memory/database.hpp"
#include "core/clock.hpp"

namespace lastgood {

using namespace database;

namespace {

constexpr Seconds hanging =
    20;  // a disk operation longer than this counts as hung; start-up waits at most this long
constexpr auto retry_after = std::chrono::seconds(10);
// how often to check that the file still exists
constexpr auto look_after = std::chrono::seconds(15);

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

// SQLite would continue to write to a deleted file.
bool Store::is_still_there() const {
    struct stat status {};
    return ::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
           status.st_ino == inode_;
}

std::optional<Saved> Store::take_loaded() {
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
        // SQLite makes NULL of NaN, which no column takes: one such row would stop all others.
        if (!std::isfinite(row.number1) || !std::isfinite(row.number2)) continue;
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
    if (written && !rows.empty() && !is_kept_) note_that_it_is_kept();
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
