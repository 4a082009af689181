// Reads a borg repository (1.0 to 1.4) in a directory, without its passphrase. The repository alone
// does not distinguish a backup from a rename, a deletion or a compaction. The client's cache does:
// only `borg create` writes its "files" cache. But
// - the cache belongs to the repository's id, which each copy of it has, too: a time that is later
//   than the repository's last commit is that of another copy;
// - a create also writes it at each checkpoint, and may then be killed. What was seen while the
//   create's lock or its uncommitted segments existed is remembered and not believed later;
// - at a full disk borg takes its uncommitted segments back by itself, and lets its lock go. The
//   directory of segments, which changed after the last commit, is all that tells of it.
//
// Limits: borg makes the files cache anew, empty, when it finds that its cache does not fit the
// repository, as at a delete after a killed create: like a create of standard input. And: a create
// was killed after a checkpoint, its lock was broken, and a later compact, rename or delete removed
// its segments, all between two looks; or it was killed before the next segment after it. It looks
// like a backup at the time of the checkpoint.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/parse/borg_repository.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"

namespace lastgood {

namespace {

constexpr Seconds commit_time = 300;   // at most, between a create's commit and its files cache
constexpr Seconds cache_making = 0.5;  // borg writes a cache's README and empty "files" this close
constexpr Seconds time_step = 0.1;     // of a filesystem's times

struct Transactions {
    int64_t committed = -1;  // N of index.N
    Timestamp committed_at = 0;
    int64_t last_segment = -1;  // the highest number of a file in data/*/
    // A commit ends with its index. Segments that came or went later are those of a transaction
    // that was not committed.
    bool rolled_back = false;
};

Result<Transactions> read_transactions(const Host& host, const std::string& location) {
    const auto names = host.list(location);
    if (!names) return Failure(names.error());
    Transactions transactions;
    for (const auto& name : *names) {
        const auto number = parse_borg_transaction(name, "index.");
        if (!number || *number < transactions.committed) continue;
        if (const auto status = host.status(location + "/" + name)) {
            transactions.committed = *number;
            transactions.committed_at = status->modified;
        }
    }
    // data/K/ holds the segments from K x segments_per_dir on, so the last one is in the last K.
    const auto directories = host.list(location + "/data");
    if (!directories) return Failure(directories.error());
    int64_t last_directory = -1;
    for (const auto& name : *directories)
        last_directory = std::max(last_directory, parse_borg_transaction(name, "").value_or(-1));
    if (last_directory < 0) return transactions;
    const std::string last = fmt::format("{}/data/{}", location, last_directory);
    const auto segments = host.list(last);
    if (!segments) return Failure(segments.error());
    for (const auto& name : *segments)
        transactions.last_segment =
            std::max(transactions.last_segment, parse_borg_transaction(name, "").value_or(-1));
    const auto status = host.status(last);
    transactions.rolled_back = status && transactions.last_segment <= transactions.committed &&
                               status->modified > transactions.committed_at + time_step;
    return transactions;
}

// The status of the client's newest files cache. absent: this host has none.
Result<FileStatus> files_cache(const Host& host, const Backup& backup, const std::string& id) {
    std::vector<std::string> places;
    if (!backup.cache_directory.empty()) {
        places = {backup.cache_directory + "/" + id};
        if (backup.cache_directory.ends_with(id)) places = {backup.cache_directory};
    } else {
        places = {"/root/.cache/borg/" + id};
        if (const auto users = host.list("/home"))
            for (size_t i = 0; i < std::min<size_t>(users->size(), 1000); ++i)
                places.push_back("/home/" + (*users)[i] + "/.cache/borg/" + id);
    }
    std::optional<FileStatus> newest;
    std::optional<Error> error;
    std::string unused;  // a cache that no create wrote
    for (const auto& place : places) {
        const auto names = host.list(place);
        if (!names) {
            if (names.error().kind != ErrorKind::absent) error = names.error();
            continue;
        }
        // Two things leave an empty "files": a create with nothing to remember (only files changed
        // a moment ago, or standard input), and the making of the cache, together with its README.
        const auto made = host.status(place + "/README");
        for (const auto& name : *names) {
            // "files", and "files.SUFFIX" with BORG_FILES_CACHE_SUFFIX; temporaries end in ".tmp".
            if (name != "files" && (!name.starts_with("files.") || name.ends_with(".tmp")))
                continue;
            const auto status = host.status(place + "/" + name);
            if (status) unused = place;
            if (!status || (newest && newest->modified >= status->modified)) continue;
            if (status->size > 0 || (made && status->modified - made->modified > cache_making))
                newest = *status;
        }
    }
    if (newest) return *newest;
    if (error) return Failure(*error);
    if (!unused.empty())
        return fail(ErrorKind::absent,
                    fmt::format("{}: no borg create has written its files cache, which proves "
                                "backups; with files-cache=disabled (borgmatic: files_cache: "
                                "disabled) let the job touch a stamp file",
                                unused));
    return fail(
        ErrorKind::absent,
        fmt::format("{}: the cache of the borg client that writes here is not on this host; "
                    "set cache_directory to it, or let the job touch a stamp file",
                    backup.location));
}

struct Lock {
    Timestamp taken_at = 0;
    bool alive = true;  // a process of another host counts as alive
};

std::optional<Lock> read_lock(const Host& host, const std::string& location) {
    const std::string directory = location + "/lock.exclusive";
    const auto status = host.status(directory);
    if (!status) return std::nullopt;
    Lock lock;
    lock.taken_at = status->modified;
    const auto names = host.list(directory);
    const auto host_name = host.read_line("/proc/sys/kernel/hostname");
    if (!names || !host_name || names->empty()) return lock;
    lock.alive = std::ranges::any_of(*names, [&](const std::string& name) {
        const auto holder = parse_borg_lock(name);
        // borg uses the host's full name if it can find it.
        const bool here = holder && (holder->host == *host_name || holder->host == "localhost" ||
                                     holder->host.starts_with(*host_name + "."));
        return !here || host.exists(fmt::format("/proc/{}", holder->process));
    });
    return lock;
}

// What the files cache proves, and what of it is to be remembered.
struct Proof {
    std::optional<Timestamp> backup;
    std::optional<Timestamp> perhaps;
    std::optional<Timestamp> checkpoint;  // never a backup
    std::optional<Timestamp> seen_locked;
    std::optional<double> index;         // that it belongs to
    std::optional<bool> killed = false;  // the last create; nullopt: that cannot be told
};

// `section`: {"index": N, "backup": T, "checkpoint": T, "seen_locked": T} of the look before.
Proof judge(const nlohmann::json& section, const Transactions& transactions,
            const std::optional<Lock>& lock, Timestamp cache) {
    Proof proof;
    proof.checkpoint = number_in(section, "checkpoint");
    proof.index = static_cast<double>(transactions.committed);
    const auto index = number_in(section, "index");
    const bool same_index = index == proof.index;
    // An older state of the repository may be without what was proven.
    const auto before = index <= proof.index ? number_in(section, "backup") : std::nullopt;
    const bool of_this_lock = lock && cache > lock->taken_at;
    const bool left_over = !lock && transactions.last_segment > transactions.committed;
    const bool was_locked = number_in(section, "seen_locked") == cache;
    const bool was_proven = same_index && before && !was_locked;
    if ((of_this_lock && !lock->alive) || (left_over && !was_proven) ||
        (was_locked && same_index && !lock && transactions.rolled_back))
        proof.checkpoint = cache;
    if (proof.checkpoint == cache || left_over) proof.killed = true;
    if (proof.checkpoint == cache) {
        proof.backup = before;
        return proof;
    }
    if (of_this_lock) {  // a checkpoint, or the end of the create a moment before it lets go
        proof.seen_locked = cache;
        proof.backup = before;
        return proof;
    }
    // The create ended, or failed after its last checkpoint, or a later one failed before its
    // first.
    const bool is_doubtful = transactions.rolled_back && !was_proven;
    if (is_doubtful) {
        proof.perhaps = cache;
        proof.backup = before;
        proof.index = index;  // in doubt until the next commit
        proof.killed.reset();
        if (was_locked) proof.seen_locked = cache;
        return proof;
    }
    if (was_locked && !same_index) {
        proof.seen_locked = cache;
        proof.perhaps = cache;
        return proof;
    }
    if (lock) proof.index = index;  // its files cache may be still to come
    // The last commit of this copy of the repository is older: another copy was written.
    proof.backup =
        cache <= transactions.committed_at + commit_time ? cache : transactions.committed_at;
    // Without a commit since the look before there is no newer backup.
    if (same_index && before && !lock) proof.backup = std::min(*proof.backup, *before);
    return proof;
}

nlohmann::json to_section(const Proof& proof) {
    nlohmann::json section = nlohmann::json::object();
    if (proof.index) section["index"] = *proof.index;
    if (proof.backup) section["backup"] = *proof.backup;
    if (proof.checkpoint) section["checkpoint"] = *proof.checkpoint;
    if (proof.seen_locked) section["seen_locked"] = *proof.seen_locked;
    return section;
}

}  // namespace

Result<BackupState> look_at_borg(const Host& host, const Backup& backup, LookMemory& memory) {
    const std::string& location = backup.location;
    if (auto mounted = check_mounted(host, location); !mounted) return Failure(mounted.error());
    const auto text = read_record(host, location + "/config", 64 * kib);
    if (!text) return not_there(text.error(), location, "borg repository (no file \"config\")");
    const auto config = parse_borg_config(*text);
    if (!config)
        return fail(
            config.error().kind,
            fmt::format("{}/config: {}{}", location, config.error().message,
                        host.exists(location + "/snapshots") && host.exists(location + "/keys")
                            ? fmt::format("; it looks like one of restic: write restic = "
                                          "\"{}\"",
                                          location)
                            : ""));
    const auto transactions = read_transactions(host, location);
    if (!transactions) return Failure(transactions.error());

    BackupState state;
    const auto lock = read_lock(host, location);
    if (lock) state.oldest_lock = lock->taken_at;
    state.in_progress = lock && lock->alive;
    if (transactions->committed <= 1 && transactions->last_segment <= 1) {
        state.count = 0;  // only `borg init` has written to it
        return state;
    }
    if (transactions->committed >= 0)
        state.newest.push_back({transactions->committed_at, Confidence::activity});
    const auto cache = files_cache(host, backup, config->id);
    if (!cache) {
        state.problems.push_back(cache.error());
        return state;
    }
    const Proof proof = judge(memory.section("borg"), *transactions, lock, cache->modified);
    memory.keep("borg", to_section(proof));
    if (proof.backup) state.newest.push_back({*proof.backup, Confidence::inferred});
    state.perhaps = proof.perhaps;
    state.incomplete = proof.killed;
    if (proof.killed == true)
        state.problems.push_back(
            {ErrorKind::failed,
             fmt::format("{}: the last borg create was killed before it finished", location)});
    if (!proof.killed)
        state.problems.push_back(
            {ErrorKind::failed,
             fmt::format("{}: what was written after the last commit was taken back, as at a full "
                         "disk: whether the last borg create finished cannot be told until the "
                         "next; see borg list --consider-checkpoints",
                         location)});
    return state;
}

}  // namespace lastgood
