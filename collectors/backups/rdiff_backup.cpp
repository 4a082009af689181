// Reads an rdiff-backup repository: the statistics that each finished session leaves.
#include <fmt/core.h>

#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/counted_files.hpp"
#include "collectors/backups/original_record.hpp"
#include "collectors/backups/parse/rdiff_backup_statistics.hpp"
#include "collectors/backups/parse/record_time.hpp"
#include "collectors/backups/state.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// The time in "current_mirror.2026-11-26T12:11:13Z.data"; empty: another file.
std::string_view time_in(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix) || !name.ends_with(".data")) return {};
    name.remove_prefix(prefix.size());
    name.remove_suffix(5);
    return name;
}

// The process of a session that has not ended: "PID 7878". 0: it is not known.
int process_in(const Host& host, const std::string& path) {
    const auto text = read_record(host, path);
    if (!text) return 0;
    std::string_view rest = *text;
    if (!rest.starts_with("PID ")) return 0;
    rest.remove_prefix(4);
    return take_number<int>(rest).value_or(0);
}

struct Sessions {
    std::map<std::string, std::string> statistics;  // time as in the name: name
    std::vector<std::string> mirrors;               // times; two: a session has not ended
};

Sessions sort_names(const std::vector<std::string>& names) {
    Sessions sessions;
    for (const std::string& name : names) {
        if (const auto time = time_in(name, "session_statistics."); !time.empty())
            sessions.statistics.emplace(time, name);
        if (const auto time = time_in(name, "current_mirror."); !time.empty())
            sessions.mirrors.emplace_back(time);
    }
    return sessions;
}

Result<RdiffBackupSession> read_session(const Host& host, const std::string& path) {
    const auto text = read_record(host, path);
    if (!text) return Failure(text.error());
    auto session = parse_rdiff_backup_statistics(*text);
    if (!session)
        return fail(session.error().kind, fmt::format("{}: {}", path, session.error().message));
    return session;
}

std::string what_failed(const RdiffBackupSession& session, const std::string& path) {
    return fmt::format("{}: the session of {} could not copy {} files; see error_log beside it",
                       path, format_time(session.end), session.errors);
}

// Whether the mirror has all files of the newest session: not so in a copy of the repository that
// was stopped. A session that failed in part has no sizes to compare.
void judge_mirror(const Host& host, const std::string& repository, const std::string& record,
                  const RdiffBackupSession& session, LookMemory* memory, RecordedCopy& copy) {
    const auto status = host.status(record, false);
    if (status && is_original(host, *status, session.end)) return;
    const PromisedFiles promised{"mirror",
                                 repository,
                                 session.errors > 0 ? 0 : session.source_size,
                                 session.source_files - session.errors,
                                 {"rdiff-backup-data"},
                                 record};
    const CountedFiles counted = FileCounter(host, memory).count(promised);
    switch (counted.there) {
        case FilesThere::all:
            return;
        case FilesThere::some:
            copy.whole = false;
            copy.reason = what_is_missing(promised, counted);
            return;
        case FilesThere::unknown:
            copy.doubt = uncounted;
    }
}

// From the newest session to the first good one; of older ones the time in the name is enough, for
// there may be thousands. Names sort by time as long as all have one offset. `partly`: the newest
// could not copy all files; what it copied is there, and can be restored.
std::vector<RecordedCopy> read_sessions(const Host& host, const std::string& repository,
                                        const Sessions& sessions, LookMemory* memory,
                                        std::vector<Error>& problems, bool& partly) {
    const std::string data = repository + "/rdiff-backup-data";
    std::vector<RecordedCopy> copies;
    bool proven = false;
    std::string mirror_doubt;  // older sessions are made from the mirror, too
    for (auto one = sessions.statistics.rbegin(); one != sessions.statistics.rend(); ++one) {
        const auto& [time_text, name] = *one;
        const std::string path = data + "/" + name;
        const auto time = parse_record_time(time_text);
        if (proven && time) {
            copies.push_back({*time, true, std::nullopt, path, "", {}, mirror_doubt});
            continue;
        }
        const auto session = read_session(host, path);
        if (!session) {
            if (session.error().kind != ErrorKind::absent)
                copies.push_back(unjudged_copy(host, path, session.error(), time));
            continue;
        }
        if (copies.empty() && session->errors > 0) {
            partly = true;
            problems.push_back({ErrorKind::failed, what_failed(*session, path)});
        }
        RecordedCopy copy{session->end, true, session->source_size, path, ""};
        if (session->source_files <= 1 && session->source_size <= 0) {
            copy.whole = false;
            copy.reason = "the source was empty: is it mounted?";
        }
        // The mirror has the newest session alone; while another one runs, no session.
        if (copies.empty() && copy.whole && sessions.mirrors.size() < 2) {
            judge_mirror(host, repository, path, *session, memory, copy);
            mirror_doubt = copy.whole ? copy.doubt : "it is made from the mirror";
        }
        proven = proven || copy.whole || !mirror_doubt.empty();
        copies.push_back(std::move(copy));
    }
    return copies;
}

}  // namespace

Result<BackupState> look_at_rdiff_backup(const Host& host, const Backup& backup,
                                         LookMemory* memory) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const std::string data = backup.location + "/rdiff-backup-data";
    const auto names = host.list(data);
    if (!names)
        return not_there(names.error(), backup.location,
                         "repository of rdiff-backup (no directory \"rdiff-backup-data\")");
    const Sessions sessions = sort_names(*names);
    std::vector<Error> problems;
    bool partly = false;
    BackupState state =
        state_of_copies(read_sessions(host, backup.location, sessions, memory, problems, partly),
                        Confidence::exact, host.now());
    if (memory != nullptr) recall_proven(*memory, backup, state);
    if (partly) state.incomplete = true;
    for (Error& problem : problems) state.problems.push_back(std::move(problem));
    state.in_progress = false;
    for (const std::string& time : sessions.mirrors) {
        if (sessions.statistics.contains(time)) continue;
        const std::string path = fmt::format("{}/current_mirror.{}.data", data, time);
        const int process = process_in(host, path);
        if (process > 0 && host.exists(fmt::format("/proc/{}", process))) {
            state.in_progress = true;
            continue;
        }
        state.incomplete = true;
        state.problems.push_back(
            {ErrorKind::malformed,
             fmt::format(
                 "{}: this session was stopped before its end; the next one begins by taking it "
                 "back",
                 path)});
    }
    if (sessions.statistics.empty() && sessions.mirrors.empty() && !names->empty())
        state.problems.push_back(
            {ErrorKind::malformed, data + ": no session_statistics and no current_mirror in it"});
    return state;
}

}  // namespace lastgood
