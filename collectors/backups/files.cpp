// Reads backups that are plain files or directories, found by a glob, and stamps.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "collectors/backups/directory_copy.hpp"
#include "collectors/backups/find_copies.hpp"
#include "collectors/backups/look_memory.hpp"
#include "collectors/backups/parse/dump_name.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "collectors/backups/plan.hpp"
#include "collectors/backups/probe.hpp"
#include "collectors/backups/state.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr size_t unpacked_copies = 3;  // the newest; their whole content is judged
constexpr size_t more_unpacked = 10;   // in one look, while none is found that is not cut
constexpr Seconds probing_time = 20;
constexpr std::string_view not_unpacked = "it was not unpacked";  // as probe_file() says it

struct Judge {
    const Host& host;
    const Backup& backup;
    ProbeMemory memory;
    Seconds give_up_at;
    size_t more_to_unpack = more_unpacked;
};

std::optional<Timestamp> beginning_by_name(const Copy& copy) {
    if (copy.name_time) return copy.name_time->time;
    return copy.from_name ? std::optional(copy.time) : std::nullopt;
}

Result<ProbeResult> probe(Judge& judge, const Copy& copy, Depth depth) {
    if (copy.status.kind == FileKind::directory)
        return probe_directory(judge.host, copy.path,
                               {judge.backup.complete_if, beginning_by_name(copy)}, depth,
                               judge.give_up_at);
    return probe_file(judge.host, copy.path, depth, judge.give_up_at);
}

// `depth`: to which it was judged.
void take(const ProbeResult& result, Depth depth, Copy& copy) {
    copy.state = result.state;
    copy.reason = result.reason;
    copy.breaks_promise = result.breaks_promise;
    if (!is_compression(result.format))
        copy.content = PackedContent::none;
    else if (depth == Depth::ends || result.state == Completeness::unknown)
        copy.content = PackedContent::unseen;
    else
        copy.content = PackedContent::seen;
}

void judge_copy(Judge& judge, Copy& copy, Depth depth, BackupState& state) {
    const bool is_file = copy.status.kind == FileKind::regular;
    if (is_file && copy.status.size <= 0) {
        copy.state = Completeness::incomplete;
        copy.reason = "the file is empty";
        return;
    }
    for (const Depth known_to : {Depth::whole, depth})
        if (const auto known = judge.memory.find(copy.path, copy.status, known_to))
            return take(*known, known_to, copy);
    if (is_file) copy.content = PackedContent::unseen;
    if (judge.host.monotonic() > judge.give_up_at) return;
    const auto probed = probe(judge, copy, depth);
    if (!probed) {
        if (probed.error().kind != ErrorKind::absent) state.problems.push_back(probed.error());
        return;
    }
    // What no time was left for is unpacked at the next look.
    if (depth == Depth::whole && probed->state == Completeness::unknown &&
        judge.host.monotonic() > judge.give_up_at)
        depth = Depth::ends;
    take(*probed, depth, copy);
    if (probed->being_written) copy.unfinished = true;
    // What is in a directory changes without it: only what is complete stays so.
    else if (is_file || probed->state == Completeness::complete)
        judge.memory.keep(copy.path, copy.status, depth, *probed);
}

// The job that cuts a dump and packs it has ends that are right, mostly night after night: behind
// a cut one, an older one that was not unpacked proves nothing, until a whole one is found.
void judge_copies(Judge& judge, std::vector<Copy>& copies, BackupState& state) {
    size_t judged = 0;
    bool behind_cut = false;
    for (Copy& copy : copies) {
        const bool among_newest = judged++ < unpacked_copies;
        const bool goes_on = !among_newest && behind_cut && judge.more_to_unpack > 0;
        if (goes_on && !judge.memory.find(copy.path, copy.status, Depth::whole))
            --judge.more_to_unpack;
        judge_copy(judge, copy, among_newest || goes_on ? Depth::whole : Depth::ends, state);
        if (copy.unfinished) continue;
        if (copy.content == PackedContent::seen)
            behind_cut = copy.state == Completeness::incomplete;
        copy.behind_cut = behind_cut && copy.content == PackedContent::unseen &&
                          copy.state != Completeness::incomplete;
    }
}

// Names were to tell the time, and this one does not: when the file was written may be the time of
// a copy of it.
bool fits_no_pattern(const Backup& backup, const Copy& copy) {
    return !backup.time_pattern.empty() && !copy.dated;
}

// A directory without a mark may be half made, and a sync that fails at once still updates its time
// (rsnapshot's hourly.0).
bool proves_itself(const Backup& backup, const Copy& copy) {
    if (fits_no_pattern(backup, copy) || copy.breaks_promise || copy.behind_cut) return false;
    return copy.status.kind != FileKind::directory || copy.state == Completeness::complete;
}

std::string why_in_doubt(const Backup& backup, const Copy& copy) {
    if (fits_no_pattern(backup, copy))
        return fmt::format(
            "{}: its name does not fit time_pattern \"{}\", so its time is not known", copy.path,
            backup.time_pattern);
    if (copy.breaks_promise) return fmt::format("{}: {}", copy.path, copy.reason);
    if (copy.behind_cut)
        return fmt::format(
            "{}: its ends are right, as those of newer ones that are cut; {}", copy.path,
            copy.reason.starts_with(not_unpacked) ? copy.reason : "it is not unpacked yet");
    if (!copy.reason.empty()) return fmt::format("{}: {}", copy.path, copy.reason);
    return fmt::format(
        "{}: a directory does not tell whether it was finished; let the job write a file in it at "
        "its end, and name it with complete_if, or name the job's unit with systemd",
        copy.path);
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
            state.broken = copy.path;
            state.problems.push_back(
                {ErrorKind::malformed, fmt::format("{}: {}", copy.path, copy.reason)});
            return;
    }
}

// The size of the newest complete copy.
void set_size(Judge& judge, const Copy& copy, BackupState& state) {
    if (copy.status.kind == FileKind::regular) state.size = copy.status.size;
    if (copy.status.kind != FileKind::directory || !judge.backup.min_size) return;
    const auto found = size_of_directory(judge.host, copy.path,
                                         std::min(judge.host.monotonic() + 2, judge.give_up_at));
    if (!found.at_least || found.bytes >= *judge.backup.min_size)
        state.size = found.bytes;
    else
        state.problems.push_back(
            {ErrorKind::failed,
             fmt::format("{}: it has at least {:.0f} bytes in more files than are counted; set "
                         "min_size below that",
                         copy.path, found.bytes)});
}

// Copies of several sources whose names differ, of which one has stopped: the others hide it.
void note_stopped_names(const Judge& judge, const CopyList& list, BackupState& state) {
    std::map<std::string_view, std::vector<Timestamp>> names;
    for (const Copy& copy : list.newest())
        if (copy.name_time)
            names[stream_of(last_component(copy.path), copy.name_time)].push_back(copy.time);
    if (names.size() < 2) return;
    const Timestamp now = judge.host.now();
    for (auto& [name, times] : names) {
        const Seconds age = now - std::ranges::max(times);
        const auto gap = usual_gap(std::move(times));
        if (!gap || age <= std::max(judge.backup.max_age, limit_for_gap(*gap))) continue;
        state.problems.push_back(
            {ErrorKind::malformed,
             fmt::format(
                 "{}: {} different names, of which \"{}\" has had no copy for {}; set each = "
                 "\"name\", so that each is a backup of its own",
                 judge.backup.location, names.size(), harmless(name), format_duration(age))});
        return;
    }
}

// A copy that is newer than all that prove themselves. What may be one leaves no word on the age.
void note_doubtful(Judge& judge, const Copy& copy, BackupState& state) {
    const bool undated = fits_no_pattern(judge.backup, copy);
    state.newest.push_back({copy.time, Confidence::activity, undated || !copy.from_name});
    if (!undated) state.perhaps = copy.time;
    if (!undated && state.newest.size() == 1) set_size(judge, copy, state);
    if (undated || copy.breaks_promise || copy.behind_cut || judge.backup.unit.empty())
        state.problems.push_back({ErrorKind::malformed, why_in_doubt(judge.backup, copy)});
}

BackupState state_of(Judge& judge, const CopyList& list) {
    BackupState state;
    state.in_progress = false;
    state.incomplete = false;
    auto copies = list.sorted();
    judge_copies(judge, copies, state);
    // The older ones, which are only counted, are copies unless they are empty.
    double count = list.count() - list.empty();
    double incomplete = 0;
    bool newest_finished_seen = false, any_behind_cut = false;
    // A copy whose time is not possible does not hide the newest of the others.
    const Timestamp possible = judge.host.now() + 3600;
    const Copy* newest = nullptr;
    const Copy* doubtful = nullptr;  // the newest that does not prove itself
    for (const auto& copy : copies) {
        const bool is_copy = !copy.unfinished && copy.state != Completeness::incomplete;
        const bool is_empty = copy.status.kind == FileKind::regular && copy.status.size <= 0;
        if ((!is_copy && !is_empty) || copy.behind_cut) --count;
        if (copy.behind_cut) any_behind_cut = true;
        if (copy.unfinished) {
            state.in_progress = true;
            continue;
        }
        if (!std::exchange(newest_finished_seen, true)) judge_newest(copy, state);
        if (!is_copy) ++incomplete;
        if (!is_copy) continue;
        const Copy*& one = proves_itself(judge.backup, copy) ? newest : doubtful;
        if (one == nullptr || (one->time > possible && copy.time <= possible)) one = &copy;
        if (!fits_no_pattern(judge.backup, copy) && !copy.behind_cut) state.oldest = copy.time;
    }
    if (newest != nullptr) {
        state.newest.push_back({newest->time, Confidence::inferred, !newest->from_name});
        set_size(judge, *newest, state);
    }
    if (doubtful != nullptr && (newest == nullptr || doubtful->time > newest->time))
        note_doubtful(judge, *doubtful, state);
    if (list.count() > static_cast<double>(copies.size()) && list.oldest())
        state.oldest = list.oldest();
    if (count > 0 || !any_behind_cut) state.count = count;
    state.incomplete_copies = incomplete;
    return state;
}

// Where a stream's copies lie; the same from night to night, since a label of a metric tells it.
std::string location_of(const Backup& backup, const std::string& stream, const CopyList& list) {
    if (backup.each == Streams::by_directory)
        return split_path_pattern(backup.location).fixed + (stream == "." ? "" : "/" + stream);
    const auto newest = std::ranges::max_element(list.newest(), {}, &Copy::time);
    return std::string(parent_directory(newest->path)) + "/" + stream + "*";
}

StreamNames known_streams(const Host& host, const Config& config, const Backup& backup) {
    StreamNames names;
    if (backup.each == Streams::none) return names;
    for (StreamState& stream :
         remembered_streams(LookMemory(host, config.state_directory, backup.name)))
        names.insert(std::move(stream.name));
    for (std::string& stream : streams_in_slots(backup.plan)) names.insert(std::move(stream));
    return names;
}

}  // namespace

Result<BackupState> look_at_files(const Host& host, const Config& config, const Backup& backup) {
    if (const auto wrong = what_is_wrong_with_time_pattern(backup.time_pattern);
        !backup.time_pattern.empty() && !wrong.empty())
        return fail(ErrorKind::malformed,
                    fmt::format("time_pattern \"{}\" {}", backup.time_pattern, wrong));
    auto found = find_copies(host, backup, known_streams(host, config, backup));
    if (!found) return Failure(found.error());
    BackupState state;
    state.problems = std::move(found->problems);
    Judge judge{host, backup, ProbeMemory(host, config.runtime_directory, backup.name),
                host.monotonic() + probing_time};
    for (const auto& [name, list] : found->streams) {
        BackupState one = state_of(judge, list);
        if (backup.each == Streams::none) {
            note_stopped_names(judge, list, one);
            one.problems.insert(one.problems.begin(), state.problems.begin(), state.problems.end());
            state = std::move(one);
        } else {
            state.streams.push_back({name, location_of(backup, name, list), std::move(one), true});
        }
    }
    judge.memory.save();
    if (found->streams.empty()) {
        state.count = 0;
        state.in_progress = false;
        state.incomplete = false;
    }
    if (!state.streams.empty()) summarise_streams(state);
    if (found->too_many_streams)
        state.problems.push_back(
            {ErrorKind::failed, fmt::format("{}: more than {} streams; the others are not watched",
                                            backup.location, most_streams)});
    if (found->in_progress) state.in_progress = true;
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
        state.newest.push_back({status->modified, Confidence::exact, true});
        return state;
    }
    if (status.error().kind != ErrorKind::absent) return Failure(status.error());
    if (auto names = host.list(directory); !names) return Failure(names.error());
    state.count = 0;  // the job has never succeeded
    return state;
}

}  // namespace lastgood
