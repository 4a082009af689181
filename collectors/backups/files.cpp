// Reads backups that are plain files or directories, found by a glob, and stamps.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "collectors/backups/parse/glob.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "collectors/backups/probe.hpp"
#include "collectors/backups/state.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_directories = 10'000;  // read for one glob
constexpr size_t most_matches = 20'000;
constexpr size_t most_probed = 500;    // the newest; older ones count as complete unless empty
constexpr size_t unpacked_copies = 3;  // the newest; their whole content is judged
constexpr Seconds probing_time = 20;
constexpr Seconds unfinished_temporary = 600;  // an older temporary file is a leftover

struct Walk {
    const Host& host;
    size_t directories = 0;
    std::vector<std::string> matches;  // paths below `fixed`, starting with '/'
    std::vector<Error> problems;
    bool cut_short = false;
};

void walk(Walk& state, const PathPattern& pattern, const std::string& below, size_t component,
          std::optional<Error>* first_error) {
    if (++state.directories > most_directories || state.matches.size() > most_matches) {
        state.cut_short = true;
        return;
    }
    const std::string& part = pattern.components[component];
    const bool last = component + 1 == pattern.components.size();
    const std::string directory = pattern.fixed == "/" ? below : pattern.fixed + below;
    const auto names = state.host.list(directory.empty() ? "/" : directory);
    if (!names) {
        if (first_error != nullptr)
            *first_error = names.error();
        else if (names.error().kind != ErrorKind::absent)
            state.problems.push_back(names.error());
        return;
    }
    if (part == "**") {
        if (last) {
            PathPattern all = pattern;
            all.components.emplace_back("*");
            walk(state, all, below, component, first_error);
            return;
        }
        walk(state, pattern, below, component + 1, nullptr);  // "**" also matches no directory
        for (const auto& name : *names) {
            if (name.starts_with('.')) continue;
            const auto status = state.host.status(directory + "/" + name, false);
            if (status && status->kind == FileKind::directory)
                walk(state, pattern, below + "/" + name, component, nullptr);
        }
        return;
    }
    for (const auto& name : *names) {
        if (!matches_component(part, name)) continue;
        if (last) {
            state.matches.push_back(below + "/" + name);
            continue;
        }
        const auto status = state.host.status(directory + "/" + name, true);
        if (status && status->kind == FileKind::directory)
            walk(state, pattern, below + "/" + name, component + 1, nullptr);
    }
}

// rsync, mktemp, browsers and most scripts write under such a name and rename the file at the end.
bool is_temporary_name(std::string_view name) {
    for (const std::string_view ending :
         {".part", ".partial", ".tmp", ".temp", ".incomplete", ".inprogress", ".in-progress",
          ".filepart", ".dat.tmp", "~"})
        if (name.ends_with(ending)) return true;
    return name.starts_with('.');
}

struct Copy {
    std::string path;
    FileStatus status;
    Timestamp time = 0;
    bool from_name = false;
    bool unfinished = false;
    Completeness state = Completeness::unknown;
    std::string reason;
};

// The time in the names of the path, from the last component up to where the pattern begins.
std::optional<NameTime> time_in_path(std::string_view below, const std::string& time_pattern) {
    while (!below.empty()) {
        const std::string_view name = last_component(below);
        const auto found = time_pattern.empty() ? find_time_in_name(name)
                                                : find_time_by_pattern(name, time_pattern);
        if (found) return found;
        below = below.substr(0, below.size() - std::min(below.size(), name.size() + 1));
    }
    return std::nullopt;
}

bool is_settled(const FileStatus& status, Timestamp now, Seconds settle_time) {
    // A modification time in the future proves nothing: use the kernel's change time instead.
    const Timestamp touched = status.modified <= now ? status.modified : status.changed;
    return now - touched >= settle_time || touched > now;
}

Result<std::vector<Copy>> find_copies(const Host& host, const Backup& backup, BackupState& state) {
    const PathPattern pattern = split_path_pattern(backup.location);
    if (auto mounted = check_mounted(host, pattern.fixed); !mounted)
        return Failure(mounted.error());
    Walk found{host, 0, {}, {}, false};
    std::optional<Error> error;
    walk(found, pattern, "", 0, &error);
    if (error) return not_there(*error, pattern.fixed, "such directory");
    state.problems = std::move(found.problems);
    if (found.cut_short)
        state.problems.push_back(
            {ErrorKind::failed,
             fmt::format(
                 "{}: matches more than {} directories or {} copies; make the pattern narrower",
                 backup.location, most_directories, most_matches)});
    std::vector<Copy> copies;
    const Timestamp now = host.now();
    for (const auto& below : found.matches) {
        Copy copy;
        copy.path = pattern.fixed == "/" ? below : pattern.fixed + below;
        const auto status = host.status(copy.path);
        if (!status) {
            if (status.error().kind != ErrorKind::absent) state.problems.push_back(status.error());
            continue;  // absent: removed since it was listed, or a dangling link
        }
        copy.status = *status;
        if (status->kind != FileKind::regular && status->kind != FileKind::directory) continue;
        if (is_temporary_name(last_component(copy.path))) {
            if (std::abs(now - status->modified) < unfinished_temporary) state.in_progress = true;
            continue;
        }
        const auto name_time = time_in_path(below, backup.time_pattern);
        copy.from_name = name_time.has_value();
        copy.time = name_time ? within_day(*name_time, status->modified) : status->modified;
        copy.unfinished =
            status->kind == FileKind::regular && !is_settled(*status, now, backup.settle_time);
        copies.push_back(std::move(copy));
    }
    std::ranges::stable_sort(copies, std::ranges::greater{}, &Copy::time);
    return copies;
}

void judge(const Host& host, Copy& copy, Depth depth, ProbeMemory& memory, Seconds give_up_at,
           BackupState& state) {
    if (copy.status.kind == FileKind::directory) return;
    if (copy.status.size <= 0) {
        copy.state = Completeness::incomplete;
        copy.reason = "the file is empty";
        return;
    }
    if (auto known = memory.find(copy.path, copy.status, depth)) {
        copy.state = known->state;
        copy.reason = known->reason;
        return;
    }
    if (host.monotonic() > give_up_at) return;
    const auto probed = probe_file(host, copy.path, depth, give_up_at);
    if (!probed) {
        if (probed.error().kind != ErrorKind::absent) state.problems.push_back(probed.error());
        return;
    }
    copy.state = probed->state;
    copy.reason = probed->reason;
    if (probed->being_written)
        copy.unfinished = true;
    else
        memory.keep(copy.path, copy.status, depth, *probed);
}

Confidence confidence_of(const Copy& copy) {
    // A sync that fails at once still updates the time of its directory (rsnapshot's hourly.0).
    if (copy.status.kind == FileKind::directory && !copy.from_name) return Confidence::activity;
    return Confidence::inferred;
}

// The newest finished copy decides whether the backup counts as incomplete.
void judge_newest(const Copy& copy, BackupState& state) {
    switch (copy.state) {
        case Completeness::complete:
            state.incomplete = false;
            return;
        case Completeness::unknown:
            state.incomplete.reset();
            return;
        case Completeness::incomplete:
            state.incomplete = true;
            state.problems.push_back(
                {ErrorKind::malformed, fmt::format("{}: {}", copy.path, copy.reason)});
            return;
    }
}

}  // namespace

Result<BackupState> look_at_files(const Host& host, const Config& config, const Backup& backup) {
    if (const auto wrong = what_is_wrong_with_time_pattern(backup.time_pattern);
        !backup.time_pattern.empty() && !wrong.empty())
        return fail(ErrorKind::malformed,
                    fmt::format("time_pattern \"{}\" {}", backup.time_pattern, wrong));
    BackupState state;
    state.in_progress = false;
    state.incomplete = false;
    auto copies = find_copies(host, backup, state);
    if (!copies) return Failure(copies.error());

    ProbeMemory memory(host, config.runtime_directory, backup.name);
    const Seconds give_up_at = host.monotonic() + probing_time;
    size_t probed = 0;
    for (auto& copy : *copies) {
        if (copy.unfinished) continue;
        if (probed >= most_probed) {
            if (copy.status.kind == FileKind::regular && copy.status.size <= 0)
                copy.state = Completeness::incomplete;
            continue;
        }
        judge(host, copy, probed < unpacked_copies ? Depth::whole : Depth::ends, memory, give_up_at,
              state);
        ++probed;
    }
    memory.save();

    double count = 0;
    bool newest_finished_seen = false;
    bool newest_whole_seen = false;
    for (const auto& copy : *copies) {
        if (copy.unfinished) {
            state.in_progress = true;
            continue;
        }
        if (!std::exchange(newest_finished_seen, true)) judge_newest(copy, state);
        if (copy.state == Completeness::incomplete) continue;
        ++count;
        state.oldest = copy.time;
        if (!newest_whole_seen) {
            state.newest.push_back({copy.time, confidence_of(copy)});
            if (copy.status.kind == FileKind::regular) state.size = copy.status.size;
        }
        newest_whole_seen = true;
    }
    state.count = count;
    return state;
}

Result<BackupState> look_at_stamp(const Host& host, const Backup& backup) {
    BackupState state;
    const std::string directory(parent_directory(backup.location));
    if (auto mounted = check_mounted(host, directory); !mounted) return Failure(mounted.error());
    const auto status = host.status(backup.location);
    if (status) {
        if (status->kind == FileKind::directory)
            return fail(
                ErrorKind::malformed,
                fmt::format("{} is a directory; stamp must name a file that the job touches",
                            backup.location));
        state.newest.push_back({status->modified, Confidence::exact});
        return state;
    }
    if (status.error().kind != ErrorKind::absent) return Failure(status.error());
    if (auto names = host.list(directory); !names) return Failure(names.error());
    state.count = 0;  // the job has never succeeded
    return state;
}

}  // namespace lastgood
