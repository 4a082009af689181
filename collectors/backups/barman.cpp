// Reads the base backups of a barman server in a directory: of each its data in base/ID, and its
// record in base/ID/backup.info or, since barman 3.13.2, in meta/ID-backup.info.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/barman_info.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "collectors/backups/state.hpp"
#include "collectors/backups/wal.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// A backup in state STARTED for longer was killed: barman leaves it so.
constexpr Seconds longest_backup = 2 * 86400;
// WAL that is not there so long after the backup does not come by itself.
constexpr Seconds wal_delay = 3600;

class Server {
  public:
    Server(const Host& host, std::string directory)
        : host_(host), directory_(std::move(directory)), now_(host.now()) {}
    Result<BackupState> look();

  private:
    Result<std::set<std::string>> read_ids() const;
    std::string record_of(const std::string& id) const;
    void add(const std::string& id);
    void add_unjudged(const std::string& id, const std::string& record, const Error& why);
    std::string why_unusable(const BarmanBackup& backup, const std::string& path) const;
    bool has_wal(const std::string& name) const;
    void check_parents();

    const Host& host_;
    std::string directory_;
    Timestamp now_;
    std::vector<RecordedCopy> copies_;
    std::map<std::string, std::string> parents_;  // of increments, by id
    bool in_progress_ = false;
    bool is_recognised_ = false;
};

constexpr std::string_view record_suffix = "-backup.info";

Result<std::set<std::string>> Server::read_ids() const {
    const auto directories = list_directories(host_, directory_ + "/base");
    if (!directories) return Failure(directories.error());
    std::set<std::string> ids(directories->begin(), directories->end());
    const auto records = host_.list(directory_ + "/meta");
    if (!records && records.error().kind != ErrorKind::absent) return Failure(records.error());
    if (records)
        for (const std::string& name : *records)
            if (name.ends_with(record_suffix))
                ids.insert(name.substr(0, name.size() - record_suffix.size()));
    return ids;
}

// barman moves an old record to the new place when it next writes it.
std::string Server::record_of(const std::string& id) const {
    const std::string moved = fmt::format("{}/meta/{}{}", directory_, id, record_suffix);
    const auto status = host_.status(moved, false);
    const bool is_moved = status || status.error().kind != ErrorKind::absent;
    return is_moved ? moved : fmt::format("{}/base/{}/backup.info", directory_, id);
}

bool Server::has_wal(const std::string& name) const {
    if (name.empty()) return true;  // a backup.info that does not tell
    const std::string path = fmt::format("{}/wals/{}/{}", directory_, name.substr(0, 16), name);
    const auto status = host_.status(path);
    return status ? status->size > 0 : status.error().kind != ErrorKind::absent;
}

// Empty: it can be restored, as far as is seen from here.
std::string Server::why_unusable(const BarmanBackup& backup, const std::string& path) const {
    switch (backup.status) {
        case BarmanStatus::done:
            break;
        case BarmanStatus::waiting_for_wals:
            return has_wal(backup.end_wal)
                       ? std::string(
                             "its WAL is there, but barman has not checked it: barman cron "
                             "does, if it runs")
                       : fmt::format(
                             "it waits for its WAL up to {}; see archive_command and "
                             "barman check",
                             backup.end_wal);
        case BarmanStatus::started:
            return "it began and never ended";
        case BarmanStatus::failed:
        case BarmanStatus::other:
            return fmt::format("status {}{}{}", backup.status_text,
                               backup.error.empty() ? "" : ": ", backup.error);
    }
    if (!backup.is_snapshot) {
        const auto files = host_.list(path + "/data");
        if (!files && files.error().kind == ErrorKind::absent) return "its directory data is gone";
        if (files && files->empty()) return "its directory data is empty";
    }
    for (const std::string& wal : {backup.begin_wal, backup.end_wal})
        if (!has_wal(wal))
            return fmt::format("its WAL {} is not in wals/: it cannot be restored", wal);
    return {};
}

void Server::add_unjudged(const std::string& id, const std::string& record, const Error& why) {
    const auto named = find_time_by_pattern(id, "%Y%m%dT%H%M%S");
    RecordedCopy copy =
        unjudged_copy(host_, record, why, named ? std::optional(named->time) : std::nullopt);
    copy.name = directory_ + "/base/" + id;
    copies_.push_back(std::move(copy));
}

void Server::add(const std::string& id) {
    const std::string path = directory_ + "/base/" + id;
    const std::string record = record_of(id);
    const auto text = read_record(host_, record);
    if (text) is_recognised_ = true;
    if (!text) {
        // Absent: barman is deleting it.
        if (text.error().kind != ErrorKind::absent) add_unjudged(id, record, text.error());
        return;
    }
    const auto backup = parse_barman_backup_info(*text);
    if (!backup)
        return add_unjudged(
            id, record,
            {backup.error().kind, fmt::format("{}: {}", record, backup.error().message)});
    const auto time = backup->end ? backup->end : backup->begin;
    const bool is_begun =
        backup->status == BarmanStatus::started || backup->status == BarmanStatus::other;
    if (is_begun && now_ - time.value_or(now_) < longest_backup) {
        in_progress_ = true;
        return;
    }
    if (backup->status == BarmanStatus::waiting_for_wals &&
        now_ - time.value_or(now_) < wal_delay) {
        in_progress_ = true;
        return;
    }
    if (!time) {
        if (backup->status == BarmanStatus::done)
            add_unjudged(id, record, {ErrorKind::malformed, record + ": it has no end_time"});
        return;
    }
    RecordedCopy copy{*time, true, backup->size, path, why_unusable(*backup, path)};
    copy.whole = copy.reason.empty();
    copies_.push_back(std::move(copy));
    if (!backup->parent.empty())
        parents_[path] = fmt::format("{}/base/{}", directory_, backup->parent);
}

// An increment cannot be restored without each backup that it builds on. The parent is older.
void Server::check_parents() {
    std::ranges::sort(copies_, {}, &RecordedCopy::time);
    std::set<std::string> whole, unjudged;
    for (RecordedCopy& copy : copies_) {
        const auto parent = parents_.find(copy.name);
        if (copy.whole && parent != parents_.end() && unjudged.contains(parent->second)) {
            copy.unjudged = ErrorKind::malformed;
            copy.reason = fmt::format("{}: it is an increment to {}, which cannot be judged",
                                      copy.name, parent->second);
        }
        if (copy.unjudged) {
            unjudged.insert(copy.name);
            continue;
        }
        if (copy.whole && parent != parents_.end() && !whole.contains(parent->second)) {
            copy.whole = false;
            copy.reason =
                fmt::format("it is an increment to {}, which is not whole", parent->second);
        }
        if (copy.whole) whole.insert(copy.name);
    }
}

Result<BackupState> Server::look() {
    const auto ids = read_ids();
    if (!ids) return Failure(ids.error());
    for (const std::string& id : *ids) add(id);
    if (!is_recognised_ && !ids->empty() && copies_.empty())
        return fail(ErrorKind::malformed,
                    fmt::format("{}: none of the directories in base has a backup.info: it is no "
                                "barman server's directory, or barman deletes now",
                                directory_));
    check_parents();
    BackupState state = state_of_copies(std::move(copies_), Confidence::exact, now_);
    state.in_progress = in_progress_;
    note_wal(host_, directory_ + "/wals", state);
    return state;
}

}  // namespace

Result<BackupState> look_at_barman(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const auto names = list_directories(host, backup.location);
    if (!names) return not_there(names.error(), backup.location, "directory of barman");
    if (contains(*names, "base")) return Server(host, backup.location).look();
    BackupState state;
    for (const std::string& name : *names) {
        const std::string directory = backup.location + "/" + name;
        if (!host.exists(directory + "/base")) continue;
        auto one = Server(host, directory).look();
        if (!one) return one;
        for (const Error& problem : one->problems) state.problems.push_back(problem);
        one->problems.clear();
        state.streams.push_back({name, directory, std::move(*one)});
    }
    if (state.streams.empty())
        return fail(ErrorKind::absent,
                    fmt::format("{}: there is no directory \"base\" in it: it is neither a barman "
                                "server's directory nor barman_home",
                                backup.location));
    summarise_streams(state);
    return state;
}

}  // namespace lastgood
