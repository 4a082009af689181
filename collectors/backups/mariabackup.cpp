// Reads directories that mariabackup or xtrabackup made: the records that it writes last.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/original_record.hpp"
#include "collectors/backups/parse/decompressor.hpp"
#include "collectors/backups/parse/mariabackup_info.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds running_backup = 600;  // one that has not changed for longer is a leftover
constexpr int deepest = 2;               // DIR/2026-11-26/full

struct Found {
    std::string path;
    std::optional<FileStatus> record;
    MariabackupInfo info;
    MariabackupCheckpoints checkpoints;
    std::string reason;  // why it is not whole
    bool is_whole = false;
    bool unjudged = false;  // its base may be one that cannot be judged
};

class Directories {
  public:
    explicit Directories(const Host& host) : host_(host), now_(host.now()) {}
    // Errors: those of Host::list().
    Result<void> read(const std::string& path, int depth);
    BackupState judge();
    bool has_any() const { return !found_.empty() || !others_.empty() || in_progress_; }

  private:
    void add_finished(const std::string& path, const std::vector<std::string>& names,
                      const std::string& info_name);
    void add_unfinished(const std::string& path, const std::vector<std::string>& names);
    void follow_chains();
    Result<std::string> read_record(const std::string& path) const;

    const Host& host_;
    Timestamp now_;
    std::vector<Found> found_;
    std::vector<RecordedCopy> others_;  // not finished, or not to be judged
    bool in_progress_ = false;
};

bool starts_one(const std::vector<std::string>& names, std::string_view start) {
    return std::ranges::any_of(names,
                               [&](const std::string& name) { return name.starts_with(start); });
}

Result<void> Directories::read(const std::string& path, int depth) {
    const auto names = host_.list(path);
    if (!names) return Failure(names.error());
    for (const std::string_view info : {"xtrabackup_info", "mariadb_backup_info"})
        if (starts_one(*names, info)) {
            // Compressed ones have an ending: xtrabackup_info.zst.
            add_finished(path, *names, *std::ranges::find_if(*names, [&](const std::string& name) {
                             return name.starts_with(info);
                         }));
            return {};
        }
    if (starts_one(*names, "ibdata1") || contains(*names, "backup-my.cnf")) {
        add_unfinished(path, *names);
        return {};
    }
    if (depth >= deepest) return {};
    if (depth > 0 && names->empty()) {
        add_unfinished(path, {""});  // the job failed at once
        return {};
    }
    for (const std::string& name : *names) {
        const auto status = host_.status(path + "/" + name);
        if (!status || status->kind != FileKind::directory) continue;
        if (auto read_below = read(path + "/" + name, depth + 1);
            !read_below && read_below.error().kind != ErrorKind::absent)
            others_.push_back(unjudged_copy(host_, path + "/" + name, read_below.error()));
    }
    return {};
}

// With --compress=zstd the records are packed too.
Result<std::string> Directories::read_record(const std::string& path) const {
    auto text = lastgood::read_record(host_, path);
    if (!text || !path.ends_with(".zst")) return text;
    std::string content;
    const auto decompressor = make_decompressor("zstd");
    if (decompressor == nullptr) return fail(ErrorKind::failed, "it cannot be unpacked");
    decompressor->copy_to(content, mib);
    if (!decompressor->feed(*text) || !decompressor->ended())
        return fail(ErrorKind::malformed, "it cannot be unpacked");
    return content;
}

void Directories::add_finished(const std::string& path, const std::vector<std::string>& names,
                               const std::string& info_name) {
    Found one;
    one.path = path;
    if (const auto record = host_.status(path + "/" + info_name, false)) one.record = *record;
    const auto text = read_record(path + "/" + info_name);
    const auto info = text ? parse_mariabackup_info(*text) : Failure(text.error());
    if (!info) {
        RecordedCopy copy = unjudged_copy(
            host_, path + "/" + info_name,
            {info.error().kind, fmt::format("{}/{}: {}", path, info_name, info.error().message)});
        copy.name = path;
        others_.push_back(std::move(copy));
        return;
    }
    one.info = *info;
    for (const std::string_view name : {"xtrabackup_checkpoints", "mariadb_backup_checkpoints"})
        if (const auto lines = lastgood::read_record(host_, path + "/" + std::string(name)))
            if (const auto checkpoints = parse_mariabackup_checkpoints(*lines))
                one.checkpoints = *checkpoints;
    if (one.info.partial)
        one.reason = "it holds only some databases or tables (partial = Y)";
    else if (!starts_one(names, "ibdata1"))
        one.reason = "its ibdata1 is gone";
    found_.push_back(std::move(one));
}

void Directories::add_unfinished(const std::string& path, const std::vector<std::string>& names) {
    Timestamp newest = 0;
    for (const std::string& name : names)
        if (const auto status = host_.status(path + "/" + name))
            newest = std::max(newest, status->modified);
    if (now_ - newest < running_backup) {
        in_progress_ = true;
        return;
    }
    others_.push_back({newest, false, std::nullopt, path,
                       "there is no xtrabackup_info: it was stopped before its end"});
}

// An increment is worth nothing without the backups before it.
void Directories::follow_chains() {
    std::ranges::sort(found_, {}, [](const Found& one) { return one.info.end; });
    const bool some_unjudged = std::ranges::any_of(
        others_, [](const RecordedCopy& one) { return one.unjudged.has_value(); });
    for (Found& one : found_) {
        if (!one.reason.empty()) continue;
        if (!one.checkpoints.incremental) {
            one.is_whole = true;
            continue;
        }
        one.is_whole = std::ranges::any_of(found_, [&](const Found& base) {
            return base.is_whole && &base != &one && base.checkpoints.to >= one.checkpoints.from &&
                   base.info.end <= one.info.end;
        });
        if (!one.is_whole && some_unjudged)
            one.unjudged = true;
        else if (!one.is_whole)
            one.reason = "it is incremental, and its base is not here or not whole";
    }
}

// xtrabackup_info tells no files. It is written last, and its copy may come first.
std::string doubt_of(const Host& host, const Found& one) {
    if (one.record && is_original(host, *one.record, one.info.end)) return {};
    return "it was copied or moved here, and no record tells whether all its files came along";
}

BackupState Directories::judge() {
    follow_chains();
    std::vector<RecordedCopy> copies = std::move(others_);
    bool proven = false;  // older ones are counted
    for (auto next = found_.rbegin(); next != found_.rend(); ++next) {
        const Found& one = *next;
        copies.push_back({one.info.end, one.is_whole, std::nullopt, one.path, one.reason, {}});
        if (one.is_whole && !proven) copies.back().doubt = doubt_of(host_, one);
        proven = proven || (one.is_whole && copies.back().doubt.empty());
        if (!one.unjudged) continue;
        copies.back().unjudged = ErrorKind::malformed;
        copies.back().reason = one.path + ": it is incremental, and its base cannot be judged";
    }
    BackupState state = state_of_copies(std::move(copies), Confidence::exact, now_);
    state.in_progress = in_progress_;
    return state;
}

}  // namespace

Result<BackupState> look_at_mariabackup(const Host& host, const Backup& backup,
                                        LookMemory* memory) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    Directories directories(host);
    if (auto read = directories.read(backup.location, 0); !read)
        return not_there(read.error(), backup.location, "directory of mariabackup");
    if (const auto names = host.list(backup.location);
        names && !names->empty() && !directories.has_any())
        return fail(ErrorKind::malformed,
                    fmt::format("{}: no directory in it is a backup of mariabackup; for streams "
                                "(xbstream) use files = \"{}/*\"",
                                backup.location, backup.location));
    BackupState state = directories.judge();
    if (memory != nullptr) recall_proven(*memory, backup, state);
    return state;
}

}  // namespace lastgood
