// Reads the archives of Proxmox guests that vzdump wrote to a directory: the log beside each tells
// whether it finished.
#include <fmt/core.h>

#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/vzdump_log.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds running_backup = 3600;  // what has not changed for longer is a leftover
constexpr double least_part = 0.97;       // of the size in the log, which is rounded

struct Run {
    std::string archive, log;  // paths; empty: there is none
    FileStatus status;         // of the archive
};
struct Guest {
    std::map<Timestamp, Run> runs;  // by start
    std::vector<RecordedCopy> unreadable;
    bool in_progress = false;
};

class GuestJudge {
  public:
    GuestJudge(const Host& host, const Guest& guest) : host_(host), guest_(guest) {}
    BackupState judge(std::vector<Error>& problems);

  private:
    RecordedCopy judge_run(Timestamp start, const Run& run) const;

    const Host& host_;
    const Guest& guest_;
};

RecordedCopy GuestJudge::judge_run(Timestamp start, const Run& run) const {
    RecordedCopy copy;
    copy.time = start;
    copy.name = run.archive.empty() ? run.log : run.archive;
    copy.whole = false;
    const auto text = read_tail(host_, run.log, mib, LastLink::refuse);
    if (!text) return unjudged_copy(host_, run.log, text.error(), start);
    // vzdump writes its first line before it reads the guest.
    if (!contains(text->text, "INFO: ") && !contains(text->text, "ERROR: "))
        return unjudged_copy(host_, run.log,
                             {ErrorKind::malformed, run.log + ": it is empty, or no log of vzdump"},
                             start);
    const VzdumpLog log = parse_vzdump_log(text->text);
    copy.time = start + log.duration.value_or(0);
    copy.size = run.status.size;
    if (!log.finished)
        copy.reason = log.error.empty() ? "its log does not say that it finished" : log.error;
    else if (run.archive.empty())
        copy.reason = "its archive is gone";
    else if (run.status.size <= 0)
        copy.reason = "it is empty";
    else if (log.archive_size && run.status.size < least_part * *log.archive_size)
        copy.reason = fmt::format("it has {} of {}: it is truncated", format_size(run.status.size),
                                  format_size(*log.archive_size));
    else
        copy.whole = true;
    return copy;
}

// Logs are read from the newest run to the first good one; older archives are counted.
BackupState GuestJudge::judge(std::vector<Error>& problems) {
    std::vector<RecordedCopy> copies = guest_.unreadable;
    std::optional<NewestCopy> unproven;
    bool proven = false;
    for (auto one = guest_.runs.rbegin(); one != guest_.runs.rend(); ++one) {
        const auto& [start, run] = *one;
        if (run.log.empty()) {
            if (!unproven) unproven = NewestCopy{start, Confidence::activity};
            continue;
        }
        if (proven) {
            if (run.status.size > 0)
                copies.push_back({start, true, run.status.size, run.archive, ""});
            continue;
        }
        copies.push_back(judge_run(start, run));
        proven = copies.back().whole;
    }
    BackupState state = state_of_copies(std::move(copies), Confidence::exact, host_.now());
    state.in_progress = guest_.in_progress;
    for (Error& problem : state.problems) problems.push_back(std::move(problem));
    state.problems.clear();
    if (unproven && (state.newest.empty() || unproven->time > state.newest[0].time)) {
        state.newest.push_back(*unproven);
        problems.push_back(
            {ErrorKind::absent,
             fmt::format("{}: there is no log beside it, which would tell whether it is whole",
                         guest_.runs.at(unproven->time).archive)});
    }
    return state;
}

}  // namespace

Result<BackupState> look_at_vzdump(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const auto names = host.list(backup.location);
    if (!names) return not_there(names.error(), backup.location, "directory of vzdump");
    std::map<std::string, Guest> guests;
    const Timestamp now = host.now();
    for (const std::string& name : *names) {
        const auto parsed = parse_vzdump_name(name);
        if (!parsed) continue;
        const std::string path = backup.location + "/" + name;
        const auto status = host.status(path);
        Guest& guest = guests[parsed->guest];
        if (!status) {
            if (status.error().kind != ErrorKind::absent)  // else removed since it was listed
                guest.unreadable.push_back(
                    unjudged_copy(host, path, status.error(), parsed->start));
            continue;
        }
        if (parsed->file == VzdumpFile::unfinished) {
            if (now - status->modified < running_backup) guest.in_progress = true;
            continue;
        }
        Run& run = guest.runs[parsed->start];
        if (parsed->file == VzdumpFile::log) {
            run.log = path;
        } else {
            run.archive = path;
            run.status = *status;
        }
    }
    // The log of a backup that runs now: its archive still has another name.
    for (auto& [name, guest] : guests)
        if (guest.in_progress && !guest.runs.empty() && guest.runs.rbegin()->second.archive.empty())
            guest.runs.erase(std::prev(guest.runs.end()));

    BackupState whole;
    if (guests.empty()) {
        whole.count = 0;
        return whole;
    }
    for (const auto& [name, guest] : guests)
        whole.streams.push_back({name, "", GuestJudge(host, guest).judge(whole.problems), true});
    summarise_streams(whole);
    return whole;
}

}  // namespace lastgood
