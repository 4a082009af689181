// Reads what rsnapshot wrote: its log says how each run ended, and the snapshots carry the time of
// the run that made them. A run that fails touches its snapshot too, so that only both together
// prove a copy; and one whose source was not mounted ends well, with an empty tree.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/directory_copy.hpp"
#include "collectors/backups/parse/decompressor.hpp"
#include "collectors/backups/parse/rsnapshot_log.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view usual_log = "/var/log/rsnapshot.log";
constexpr size_t usual_tail = 256 * kib;   // some weeks of loglevel 3
constexpr size_t longest_tail = 16 * mib;  // loglevel 5 lists every file
constexpr Seconds slack = 2;               // the log and the snapshots have whole seconds
constexpr Seconds longest_run = 86400;     // without the number of its process

struct SnapshotDirectory {
    std::string name;  // "alpha.0", ".sync"
    Timestamp touched = 0;
};

// "alpha.0"
bool is_snapshot_name(std::string_view name) {
    const size_t dot = name.rfind('.');
    return dot != name.npos && dot > 0 && dot + 1 < name.size() &&
           consists_of(name.substr(dot + 1), decimal_digits);
}

Result<std::vector<SnapshotDirectory>> read_snapshots(const Host& host, const std::string& root) {
    const auto names = host.list(root);
    if (!names)
        return not_there(names.error(), root, "directory (snapshot_root in rsnapshot.conf)");
    std::vector<SnapshotDirectory> snapshots;
    for (const auto& name : *names) {
        if (!is_snapshot_name(name) && name != ".sync") continue;
        const auto status = host.status(root + "/" + name);
        if (status && status->kind == FileKind::directory)
            snapshots.push_back({name, status->modified});
    }
    return snapshots;
}

// The text of the log before the last rotation, by logrotate(8).
std::string read_rotated(const Host& host, const std::string& log) {
    if (auto plain = read_tail(host, log + ".1", longest_tail)) return std::move(plain->text);
    const auto packed = host.read(log + ".1.gz", longest_tail);
    std::string text;
    const auto decompressor = make_decompressor("gzip");
    if (!packed || decompressor == nullptr) return text;
    decompressor->copy_to(text, 4 * longest_tail);
    decompressor->feed(*packed);
    return text;
}

class Judgement {
  public:
    Judgement(const Host& host, const Backup& backup, std::vector<SnapshotDirectory> snapshots)
        : host_(host),
          root_(without_trailing_slashes(backup.location)),
          snapshots_(std::move(snapshots)) {}

    // Whether the runs prove a copy.
    bool judge(const std::vector<RsnapshotRun>& runs);
    BackupState take() { return std::move(state_); }

  private:
    const SnapshotDirectory* made_by(const RsnapshotRun& run, Timestamp until) const;
    std::string what_is_empty(const SnapshotDirectory& made, std::string_view level) const;
    void count(const std::vector<std::string_view>& bad);
    bool is_running(const RsnapshotRun& run) const;
    void say_how_the_last_ended(const RsnapshotRun& run);

    const Host& host_;
    std::string root_;
    std::vector<SnapshotDirectory> snapshots_;
    BackupState state_;
    bool syncs_first_ = false;  // then "sync" copies, and all levels only rotate
};

// A snapshot that this run wrote. nullptr: the run only rotated, or its snapshot is gone.
const SnapshotDirectory* Judgement::made_by(const RsnapshotRun& run, Timestamp until) const {
    if (run.refused) return nullptr;
    if (run.has_commands && !lies_below(run.touched, root_) && run.end != RsnapshotEnd::none)
        return nullptr;
    if (!run.has_commands && syncs_first_ && run.level != "sync") return nullptr;
    const auto found = std::ranges::find_if(snapshots_, [&](const SnapshotDirectory& one) {
        return one.touched >= run.started - slack && one.touched <= until + slack &&
               (one.name == ".sync" || syncs_first_ || one.name.starts_with(run.level + "."));
    });
    return found == snapshots_.end() ? nullptr : &*found;
}

bool Judgement::is_running(const RsnapshotRun& run) const {
    if (run.process > 0) return host_.exists(fmt::format("/proc/{}", run.process));
    return host_.now() - run.started < longest_run;
}

void Judgement::say_how_the_last_ended(const RsnapshotRun& run) {
    const auto say = [&](std::string_view how) {
        state_.problems.push_back(
            {ErrorKind::failed,
             fmt::format("the run of \"{}\" that began at {} {}{}{}", run.level,
                         format_time(run.started), how, run.error.empty() ? "" : ": ", run.error)});
    };
    switch (run.end) {
        case RsnapshotEnd::success:
            return;
        case RsnapshotEnd::warnings:
            if (run.partial) say("did not copy all files");
            return;
        case RsnapshotEnd::errors:
            return say("failed");
        case RsnapshotEnd::none:
            if (!is_running(run)) say("was stopped before its end");
            return;
    }
}

// What holds no file in the snapshot: all of it, or a destination that has files in the one before.
// Empty: nothing.
std::string Judgement::what_is_empty(const SnapshotDirectory& made, std::string_view level) const {
    std::string path = root_ + "/" + made.name;
    if (holds_no_file(host_, path)) return path;
    const auto number = parse_number<int>(made.name.substr(made.name.rfind('.') + 1));
    const std::string before =
        fmt::format("{}/{}.{}", root_, level, made.name == ".sync" ? 0 : number.value_or(0) + 1);
    const auto destinations = list_directories(host_, path);
    if (!destinations) return {};
    for (const std::string& name : *destinations)
        if (holds_no_file(host_, path + "/" + name) && host_.exists(before + "/" + name) &&
            !holds_no_file(host_, before + "/" + name))
            return path + "/" + name;
    return {};
}

bool Judgement::judge(const std::vector<RsnapshotRun>& runs) {
    state_ = {};
    syncs_first_ =
        std::ranges::any_of(runs, [](const RsnapshotRun& run) { return run.level == "sync"; });
    state_.in_progress =
        !runs.empty() && runs.back().end == RsnapshotEnd::none && is_running(runs.back());
    std::vector<std::string_view> bad;
    bool newest_seen = false;
    Timestamp next_start = host_.now() + 2 * slack;  // a killed run ended before the next
    for (size_t i = runs.size(); i > 0; --i) {
        RsnapshotRun run = runs[i - 1];
        bool is_whole =
            run.end == RsnapshotEnd::success || (run.end == RsnapshotEnd::warnings && !run.partial);
        const auto find = [&] {
            return made_by(run, run.end == RsnapshotEnd::none ? next_start - 2 * slack : run.ended);
        };
        const SnapshotDirectory* made = find();
        if (made == nullptr && run.may_be_later) {
            run.started += rsnapshot_clock_change;
            // Behind the hour that came twice, its end is right as it is.
            if (run.ended < run.started) run.ended += rsnapshot_clock_change;
            made = find();
        }
        if (!run.refused) next_start = run.started;
        if (i == runs.size()) say_how_the_last_ended(run);
        if (made == nullptr) continue;
        if (run.end == RsnapshotEnd::none && is_running(run)) continue;
        if (is_whole && state_.newest.empty()) {
            const std::string empty = what_is_empty(*made, run.level);
            is_whole = empty.empty();
            if (!is_whole && !newest_seen)
                state_.problems.push_back(
                    {ErrorKind::malformed,
                     fmt::format("{}: it holds no file; was the source mounted?", empty)});
        }
        if (!newest_seen) {
            state_.incomplete = !is_whole;
            if (!is_whole) state_.broken = made->name;
            if (!is_whole && i != runs.size()) say_how_the_last_ended(run);
        }
        newest_seen = true;
        if (!is_whole) {
            bad.push_back(made->name);
        } else if (state_.newest.empty()) {
            state_.newest.push_back({run.ended, Confidence::exact});
        }
    }
    count(bad);
    return !state_.newest.empty();
}

// A run copies the newest snapshot, with its time in whole seconds or finer, before it writes to
// it: of those with one time, one was made to its end, and a killed run has changed the other.
void Judgement::count(const std::vector<std::string_view>& bad) {
    std::set<Timestamp> made;
    for (const SnapshotDirectory& one : snapshots_) {
        if (one.name == ".sync" || contains(bad, one.name)) continue;
        made.insert(std::floor(one.touched));
        if (!state_.oldest || one.touched < *state_.oldest) state_.oldest = one.touched;
    }
    state_.count = static_cast<double>(made.size());
}

}  // namespace

Result<BackupState> look_at_rsnapshot(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const auto snapshots = read_snapshots(host, backup.location);
    if (!snapshots) return Failure(snapshots.error());
    const std::string log = backup.log.empty() ? std::string(usual_log) : backup.log;

    Judgement judgement(host, backup, *snapshots);
    auto tail = read_tail(host, log, usual_tail);
    if (!tail && tail.error().kind != ErrorKind::absent) return Failure(tail.error());
    const bool is_there = tail.has_value();
    std::string text = is_there ? std::move(tail->text) : std::string();
    bool proven = judgement.judge(parse_rsnapshot_log(text));
    if (!proven && is_there && !tail->whole) {
        if (auto longer = read_tail(host, log, longest_tail)) text = std::move(longer->text);
        proven = judgement.judge(parse_rsnapshot_log(text));
    }
    bool was_rotated = false;
    if (!proven) {
        const std::string before = read_rotated(host, log);
        was_rotated = !before.empty();
        proven = judgement.judge(parse_rsnapshot_log(before + text));
    }
    BackupState state = judgement.take();
    if (proven || snapshots->empty()) return state;

    Timestamp newest = 0;
    for (const SnapshotDirectory& one : *snapshots) newest = std::max(newest, one.touched);
    state.newest.push_back({newest, Confidence::activity});
    if (!is_there && !was_rotated)
        state.problems.push_back(
            {ErrorKind::absent,
             fmt::format("{}: there is no log, and without one a failed run looks like a good one; "
                         "set logfile in rsnapshot.conf, and log = \"…\" for this backup",
                         log)});
    else if (state.incomplete != true)
        state.problems.push_back(
            {ErrorKind::failed,
             fmt::format("{}: it tells of no good run that made one of the snapshots in {}", log,
                         backup.location)});
    return state;
}

}  // namespace lastgood
