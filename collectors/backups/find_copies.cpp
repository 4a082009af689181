#include "collectors/backups/find_copies.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "collectors/backups/directory_cache.hpp"
#include "collectors/backups/state.hpp"
#include "core/directory.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

constexpr size_t most_directories = 10'000;  // read for one glob
constexpr size_t most_problems =
    49;                            // with one that counts the others, the 50 that the agent keeps
constexpr size_t most_kept = 500;  // the newest copies, which are judged
constexpr size_t most_kept_of_stream = 60;     // where there are several streams
constexpr Seconds unfinished_temporary = 600;  // an older temporary file is a leftover

thread_local uint64_t read_names = 0;

struct Walk {
    const Host& host;
    const Backup& backup;
    const StreamNames& known;
    PathPattern pattern;
    std::vector<ComponentPattern> components;
    bool comparable = true;  // compare_times() works
    Timestamp now = 0;
    size_t directories = 0;
    bool cut_short = false;
    size_t more_problems = 0;
    size_t new_streams = 0;  // in `found`
    FoundCopies found{};
    LocalDays days{};

    void problem(const Error& error) {
        if (error.kind == ErrorKind::absent) return;
        if (found.problems.size() < most_problems)
            found.problems.push_back(error);
        else
            ++more_problems;
    }

    // Who may add names to a place must not push out what is watched there. Counts the new ones.
    bool has_room_for(const std::string& stream, size_t& count) const {
        if (known.contains(harmless(stream))) return true;
        if (count + known.size() >= most_streams) return false;
        ++count;
        return true;
    }
};

std::optional<NameTime> time_in(std::string_view name, const std::string& time_pattern,
                                LocalDays* days) {
    return time_pattern.empty() ? find_time_in_name(name, days)
                                : find_time_by_pattern(name, time_pattern);
}

// The time in the names of a directory's path, from the last up to where the pattern begins.
std::optional<NameTime> time_in_path(std::string_view below, const std::string& time_pattern) {
    while (!below.empty()) {
        const std::string_view name = last_component(below);
        if (const auto found = time_in(name, time_pattern, nullptr)) return found;
        below = below.substr(0, below.size() - std::min(below.size(), name.size() + 1));
    }
    return std::nullopt;
}

bool is_settled(const FileStatus& status, Timestamp now, Seconds settle_time) {
    // A modification time in the future proves nothing: use the kernel's change time instead.
    const Timestamp touched = status.modified <= now ? status.modified : status.changed;
    return now - touched >= settle_time || touched > now;
}

// A link to what stands beside it, as "latest" to the newest copy, is that and not one more.
bool is_second_name(const Host& host, const std::string& directory, std::string_view name,
                    const ComponentPattern& pattern) {
    const auto target = host.read_link(fmt::format("{}/{}", directory, name));
    if (!target) return false;
    std::string_view beside = without_trailing_slashes(*target);
    if (beside == "." || beside == directory) return true;
    for (const std::string& here : {std::string("./"), directory + "/"})
        if (beside.starts_with(here)) beside.remove_prefix(here.size());
    return !contains(beside, '/') && beside != name && pattern.matches(std::string(beside).c_str());
}

// The copies in one directory, and whether all of them are finished.
class Leaf {
  public:
    Leaf(Walk& walk, DirectoryReader& reader, std::string_view below)
        : walk_(walk), reader_(reader), time_(time_in_path(below, walk.backup.time_pattern)) {
        if (walk.backup.each == Streams::by_directory)
            stream_ = below.empty() ? "." : std::string(split(below, "/").front());
    }

    void read(const ComponentPattern& pattern) {
        while (const char* name = reader_.next()) {
            ++summary_.names;
            if (!pattern.matches(name)) continue;
            if (reader_.kind() == FileKind::symlink &&
                is_second_name(walk_.host, reader_.path(), name, pattern))
                continue;
            see(name);
        }
        if (reader_.error()) walk_.problem(*reader_.error());
    }
    DirectorySummary& summary() { return summary_; }

  private:
    void see(const char* name) {
        const auto status = reader_.status(name);
        if (!status) return walk_.problem(status.error());  // absent: a dangling link, or removed
        if (status->kind != FileKind::regular && status->kind != FileKind::directory) return;
        if (is_temporary_name(name)) {
            if (std::abs(walk_.now - status->modified) < unfinished_temporary)
                summary_.in_progress = true;
            return;
        }
        if (status->kind == FileKind::regular &&
            !is_settled(*status, walk_.now, walk_.backup.settle_time)) {
            summary_.in_progress = true;
            return;
        }
        if (walk_.backup.each != Streams::by_name) {
            if (last_ == nullptr) last_ = list_of(stream_);
            if (last_ != nullptr && last_->only_counts(name, *status, walk_.comparable)) return;
        }
        add(name, *status);
    }
    void add(const char* name, const FileStatus& status) {
        Copy copy;
        copy.name_time = time_in(name, walk_.backup.time_pattern, &walk_.days);
        CopyList* list = walk_.backup.each == Streams::by_name
                             ? list_of(std::string(stream_of(name, copy.name_time)))
                             : last_;
        if (list == nullptr) return;
        const auto& name_time = copy.name_time ? copy.name_time : time_;
        auto time = copy_time(name_time, status.modified, status.changed);
        // rsync -a gives a directory the time of its source, at its end: it was written later.
        if (status.kind == FileKind::directory && !time.from_name)
            if (const auto later = copy_time(name_time, status.changed, status.changed);
                later.from_name)
                time = later;
        copy.dated = name_time.has_value();
        copy.time = time.time;
        copy.from_name = time.from_name;
        copy.status = status;
        list->add(reader_.path(), name, std::move(copy));
    }
    CopyList* list_of(const std::string& stream) {
        const auto known = summary_.streams.find(stream);
        if (known != summary_.streams.end()) return &known->second;
        if (!walk_.has_room_for(stream, new_streams_)) {
            summary_.too_many_streams = true;
            return nullptr;
        }
        const size_t most = walk_.backup.each == Streams::none ? most_kept : most_kept_of_stream;
        return &summary_.streams.emplace(stream, CopyList(most)).first->second;
    }

    Walk& walk_;
    DirectoryReader& reader_;
    std::optional<NameTime> time_;  // in the path of the directory
    std::string stream_;
    CopyList* last_ = nullptr;
    size_t new_streams_ = 0;
    DirectorySummary summary_;
};

void take(Walk& walk, const DirectorySummary& summary) {
    FoundCopies& found = walk.found;
    found.in_progress = found.in_progress || summary.in_progress;
    found.too_many_streams = found.too_many_streams || summary.too_many_streams;
    for (const auto& [name, list] : summary.streams) {
        const auto known = found.streams.find(name);
        if (known != found.streams.end())
            known->second.add(list);
        else if (walk.has_room_for(name, walk.new_streams))
            found.streams.emplace(name, list);
        else
            found.too_many_streams = true;
    }
}

void read_leaf(Walk& walk, DirectoryReader& reader, std::string_view below,
               const ComponentPattern& pattern) {
    const std::string key = cache_key(reader.path(), walk.backup);
    const auto before = reader.status();
    DirectoryCache& cache = DirectoryCache::of_this_thread();
    const bool may_keep = !walk.host.recorded() && before;
    if (may_keep)
        if (const auto* kept = cache.find(key, *before, reader, walk.host.monotonic()))
            return take(walk, *kept);
    Leaf leaf(walk, reader, below);
    leaf.read(pattern);
    read_names += leaf.summary().names;
    take(walk, leaf.summary());
    if (may_keep && !reader.error())
        cache.keep(key, *before, walk.now, walk.host.monotonic(), std::move(leaf.summary()));
}

// The names of the directories in this one that the component matches; sorted.
std::vector<std::string> directories_in(Walk& walk, DirectoryReader& reader, size_t component) {
    const bool any_depth = walk.pattern.components[component] == "**";
    std::vector<std::string> names;
    while (const char* name = reader.next()) {
        ++read_names;
        if (any_depth ? name[0] == '.' : !walk.components[component].matches(name)) continue;
        if (reader.kind() == FileKind::regular) continue;
        if (!any_depth && reader.kind() == FileKind::symlink &&
            is_second_name(walk.host, reader.path(), name, walk.components[component]))
            continue;
        if (reader.kind() != FileKind::directory) {
            // "**" follows no link: it might come back here.
            const auto status = any_depth ? walk.host.status(reader.path() + "/" + name, false)
                                          : reader.status(name);
            if (!status || status->kind != FileKind::directory) continue;
        }
        if (names.size() >= most_directories) {
            walk.cut_short = true;
            break;
        }
        names.emplace_back(name);
    }
    if (reader.error()) walk.problem(*reader.error());
    std::ranges::sort(names);
    return names;
}

enum class Links { follow, refuse };

// The Error: this directory could not be opened.
Result<void> visit(Walk& walk, const std::string& below, size_t component, Links links) {
    if (++walk.directories > most_directories) {
        walk.cut_short = true;
        return {};
    }
    const std::string path = walk.pattern.fixed == "/" ? below : walk.pattern.fixed + below;
    std::vector<std::string> names;
    {  // closes the directory before those in it are opened
        auto reader = DirectoryReader::open(walk.host, path.empty() ? "/" : path,
                                            links == Links::follow ? 0 : O_NOFOLLOW);
        if (!reader) return Failure(reader.error());
        if (component + 1 == walk.components.size()) {
            read_leaf(walk, *reader, below, walk.components[component]);
            return {};
        }
        names = directories_in(walk, *reader, component);
    }
    const auto enter = [&](const std::string& where, size_t next, Links how) {
        if (auto entered = visit(walk, where, next, how); !entered) walk.problem(entered.error());
    };
    const bool any_depth = walk.pattern.components[component] == "**";
    if (any_depth) enter(below, component + 1, Links::follow);  // it also matches no directory
    for (const auto& name : names)
        enter(below + "/" + name, component + (any_depth ? 0 : 1),
              any_depth ? Links::refuse : Links::follow);
    return {};
}

}  // namespace

uint64_t names_read() {
    return read_names;
}

Result<FoundCopies> find_copies(const Host& host, const Backup& backup, const StreamNames& known) {
    Walk walk{.host = host,
              .backup = backup,
              .known = known,
              .pattern = split_path_pattern(backup.location),
              .components = {},
              .now = host.now()};
    if (walk.pattern.components.back() == "**") walk.pattern.components.emplace_back("*");
    for (const std::string& one : walk.pattern.components) walk.components.emplace_back(one);
    walk.comparable = backup.time_pattern.empty() || is_in_order(backup.time_pattern);
    if (auto mounted = check_mounted(host, walk.pattern.fixed); !mounted)
        return Failure(mounted.error());
    if (auto visited = visit(walk, "", 0, Links::follow); !visited)
        return not_there(visited.error(), walk.pattern.fixed, "such directory");
    if (walk.more_problems > 0)
        walk.found.problems.push_back(
            {ErrorKind::failed,
             fmt::format("and {}", counted(walk.more_problems, "problem more", "problems more"))});
    if (walk.cut_short)
        walk.found.problems.push_back(
            {ErrorKind::failed,
             fmt::format("{}: leads to more than {} directories; make the pattern narrower",
                         backup.location, most_directories)});
    return std::move(walk.found);
}

}  // namespace lastgood
