#include "agent/memory/store.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "core/clock.hpp"

namespace lastgood {

namespace {

constexpr Seconds hanging =
    20;  // a disk operation longer than this counts as hung; start-up waits at most this long
constexpr auto retry_after = std::chrono::seconds(10);
// how often to check that the file still exists
constexpr auto look_after = std::chrono::seconds(15);

}  // namespace

// The destructor of the store may have to leave the thread behind, stuck in the kernel: then the
// thread is the last owner.
struct Store::Shared {
    explicit Shared(std::string directory) : file(std::move(directory)) {}

    void run();
    void try_to_open(std::unique_lock<std::mutex>& lock);
    void write_pending(std::unique_lock<std::mutex>& lock);

    using Key = std::tuple<StateRow::Table, std::string, std::string, std::string>;
    enum class Phase { closed, offered, in_use };  // offered: open, rows not taken yet

    StateFile file;  // used by the thread only

    mutable std::mutex mutex;  // of all that follows
    // For the thread: there is work; for the others: the work is done.
    std::condition_variable wake;
    Phase phase = Phase::closed;
    Saved loaded;
    std::map<Key, StateRow> pending;  // bounded by the size of the state
    std::optional<std::string> problem;
    Seconds busy_since = 0;  // CLOCK_MONOTONIC, s; 0: the thread is idle
    bool stop = false, stopped = false;
};

Store::Store(std::string directory) : shared_(std::make_shared<Shared>(std::move(directory))) {
    writer_ = std::thread([shared = shared_] { shared->run(); });
    std::unique_lock lock(shared_->mutex);
    shared_->wake.wait_for(lock, std::chrono::duration<double>(hanging), [this] {
        return shared_->phase != Shared::Phase::closed || shared_->problem;
    });
    if (shared_->phase == Shared::Phase::closed && !shared_->problem)
        shared_->problem = fmt::format("{}: opening it has taken longer than {}: the disk hangs",
                                       shared_->file.path(), format_duration(hanging));
}

Store::~Store() {
    bool stopped = false;
    {
        std::unique_lock lock(shared_->mutex);
        shared_->stop = true;
        shared_->wake.notify_all();
        stopped = shared_->wake.wait_for(lock, std::chrono::seconds(2),
                                         [this] { return shared_->stopped; });
    }
    if (stopped)
        writer_.join();
    else
        writer_.detach();
}

std::optional<Saved> Store::take_loaded() {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->phase != Shared::Phase::offered) return std::nullopt;
    shared_->phase = Shared::Phase::in_use;
    shared_->problem.reset();
    return std::exchange(shared_->loaded, {});
}

void Store::save(std::vector<StateRow> changes, Seconds patience) {
    if (changes.empty()) return;
    Shared& shared = *shared_;
    std::unique_lock lock(shared.mutex);
    if (shared.phase != Shared::Phase::in_use) return;
    for (StateRow& row : changes) {
        // SQLite makes NULL of NaN, which no column takes: one such row would stop all others.
        if (!std::isfinite(row.number1) || !std::isfinite(row.number2)) continue;
        // A text row is unique by name and subject, whatever its value.
        Shared::Key key(row.table, row.key1, row.key2,
                        row.table == StateRow::Table::text ? std::string() : row.key3);
        shared.pending[std::move(key)] = std::move(row);
    }
    shared.wake.notify_all();
    const bool in_trouble = shared.problem || (shared.busy_since > 0 &&
                                               monotonic_clock() - shared.busy_since > patience);
    if (patience > 0 && !in_trouble)
        shared.wake.wait_for(lock, std::chrono::duration<double>(patience), [&] {
            return shared.problem || (shared.pending.empty() && shared.busy_since == 0);
        });
}

std::optional<std::string> Store::problem() const {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->problem) return shared_->problem;
    const Seconds busy =
        shared_->busy_since > 0 ? monotonic_clock() - shared_->busy_since : Seconds{0};
    if (busy > hanging)
        return fmt::format("{}: a write has not finished for {}: the disk hangs",
                           shared_->file.directory(), format_duration(busy));
    return std::nullopt;
}

void Store::Shared::try_to_open(std::unique_lock<std::mutex>& lock) {
    busy_since = monotonic_clock();
    lock.unlock();
    auto opened = file.open();
    lock.lock();
    busy_since = 0;
    if (opened) {
        loaded = std::move(*opened);
        phase = Phase::offered;  // the problem is over when the rows are taken
    } else {
        problem = opened.error().message;
    }
    wake.notify_all();
    if (!opened) wake.wait_for(lock, retry_after, [this] { return stop; });
}

void Store::Shared::write_pending(std::unique_lock<std::mutex>& lock) {
    std::vector<StateRow> rows;
    for (const auto& [key, row] : pending) rows.push_back(row);
    auto taken = std::exchange(pending, {});
    busy_since = monotonic_clock();
    lock.unlock();
    const auto written = file.write(rows);
    lock.lock();
    busy_since = 0;
    if (written) {
        if (!rows.empty()) problem.reset();
    } else {
        problem = written.error().message;
        pending.merge(taken);  // what was saved meanwhile is newer
    }
    if (!file.is_open()) {
        pending.clear();  // a new database will get the whole state
        phase = Phase::closed;
    }
    wake.notify_all();
    if (!written && file.is_open()) wake.wait_for(lock, retry_after, [this] { return stop; });
}

void Store::Shared::run() {
    std::unique_lock lock(mutex);
    while (true) {
        if (!file.is_open()) {
            if (stop) break;
            try_to_open(lock);
            continue;
        }
        wake.wait_for(lock, look_after, [this] { return stop || !pending.empty(); });
        if (stop && pending.empty()) break;
        const bool is_last = stop;
        write_pending(lock);
        if (is_last) break;
    }
    stopped = true;
    wake.notify_all();
}

}  // namespace lastgood
