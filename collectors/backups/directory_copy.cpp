#include "collectors/backups/directory_copy.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "collectors/backups/pg_directory.hpp"
#include "core/directory.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_names = 50'000;
constexpr size_t most_looked_at = 2'000;  // names in one directory, to see what it is
constexpr Seconds unfinished_directory = 600;
constexpr Seconds zone_slack = 14 * 3600;  // a name may tell the time of another time zone

struct Mark {
    std::string_view name;
    std::string_view tool;
};
constexpr Mark marks[] = {
    {"toc.dat", "pg_dump"},
    {"backup_manifest", "pg_basebackup"},
    {"backup.manifest", "pgbackrest"},
    {"xtrabackup_info", "mariabackup"},
    {"mariadb_backup_info", "mariabackup"},
};

// Files that a tool writes before its mark.
std::string_view tool_of_name(std::string_view name) {
    if (name == "backup.manifest.copy") return "pgbackrest";
    if (name == "backup_manifest.tmp") return "pg_basebackup";
    if (name == "xtrabackup_checkpoints" || name == "xtrabackup_logfile" ||
        name == "mariadb_backup_checkpoints")
        return "mariabackup";
    // "3412.dat.gz" of pg_dump -Fd
    size_t digits = 0;
    while (digits < name.size() && is_digit(name[digits])) ++digits;
    if (digits > 0 && (name.substr(digits) == ".dat" || name.substr(digits).starts_with(".dat.")))
        return "pg_dump";
    return "";
}

std::string_view mark_of(std::string_view tool) {
    for (const Mark& mark : marks)
        if (mark.tool == tool) return mark.name;
    return "";
}

struct Seen {
    std::string_view begun_by;  // a tool whose other files are there
    const Mark* mark = nullptr;
    double mark_size = 0;
    bool any = false;
    bool any_file = false;
    Timestamp changed = 0;  // the newest of its own time and those of its files
};

Result<Seen> look_into(const Host& host, const std::string& path) {
    auto reader = DirectoryReader::open(host, path);
    if (!reader) return Failure(reader.error());
    Seen seen;
    if (const auto own = reader->status()) seen.changed = own->modified;
    size_t names = 0;
    while (const char* name = reader->next()) {
        seen.any = true;
        if (seen.begun_by.empty()) seen.begun_by = tool_of_name(name);
        const auto* mark = std::ranges::find(marks, name, &Mark::name);
        const bool is_mark = mark != std::end(marks);
        if (!is_mark && ++names > most_looked_at) continue;
        const auto status = reader->status(name);
        if (!status) continue;
        seen.changed = std::max(seen.changed, status->modified);
        if (status->kind != FileKind::directory) seen.any_file = true;
        if (is_mark && status->kind == FileKind::regular) {
            seen.mark = mark;
            seen.mark_size = status->size;
        }
    }
    if (reader->error()) return Failure(*reader->error());
    return seen;
}

ProbeResult verdict(Completeness state, std::string reason) {
    return {false, state, "directory", std::move(reason), false};
}

// Calls `file` for each file and directory below, until it returns false. Returns false then, and
// if there are too many.
template <class Visit>
bool walk(const Host& host, const std::string& path, Seconds give_up_at, const Visit& file) {
    std::vector<std::string> open{path};
    size_t names = 0;
    while (!open.empty()) {
        const std::string directory = std::move(open.back());
        open.pop_back();
        auto reader = DirectoryReader::open(host, directory, O_NOFOLLOW);
        if (!reader) continue;
        if (const auto own = reader->status(); own && !file(*own)) return false;
        while (const char* name = reader->next()) {
            if (++names > most_names || host.monotonic() > give_up_at) return false;
            if (reader->kind() == FileKind::directory) {
                open.push_back(directory + "/" + name);
                continue;
            }
            const auto status = host.status(directory + "/" + name, false);
            if (!status) continue;
            if (status->kind == FileKind::directory)
                open.push_back(directory + "/" + name);
            else if (!file(*status))
                return false;
        }
    }
    return true;
}

// What arrives file by file changes somewhere below.
Timestamp newest_below(const Host& host, const std::string& path, Timestamp known) {
    walk(host, path, host.monotonic() + 1, [&](const FileStatus& one) {
        known = std::max(known, one.modified);
        return true;
    });
    return known;
}

// `cp -al` of the copy before brings its mark along.
ProbeResult judge_own_mark(const Host& host, const std::string& path,
                           const CompleteIf& complete_if) {
    const auto mark = host.status(path + "/" + complete_if.file);
    if (!mark || mark->kind != FileKind::regular)
        return verdict(Completeness::incomplete,
                       fmt::format("it has no file {}", complete_if.file));
    if (complete_if.copy_began && mark->modified < *complete_if.copy_began - zone_slack)
        return verdict(Completeness::unknown,
                       fmt::format("its {} is older than the copy: it may be that of the copy "
                                   "before",
                                   complete_if.file));
    return verdict(Completeness::complete, "");
}

ProbeResult judge(const Host& host, const std::string& path, const Seen& seen,
                  const CompleteIf& complete_if, Depth depth, Seconds give_up_at) {
    if (!complete_if.file.empty()) return judge_own_mark(host, path, complete_if);
    if (seen.mark != nullptr && seen.mark_size > 0 && seen.mark->tool == "pg_dump")
        return judge_pg_dump(host, path, depth, give_up_at);
    if (seen.mark != nullptr && seen.mark_size > 0 && seen.mark->tool == "pg_basebackup")
        return judge_pg_basebackup(host, path, depth, give_up_at);
    if (seen.mark != nullptr && seen.mark_size > 0) return verdict(Completeness::complete, "");
    if (seen.mark != nullptr)
        return verdict(Completeness::incomplete, fmt::format("its {} is empty", seen.mark->name));
    if (!seen.any) return verdict(Completeness::incomplete, "the directory is empty");
    if (!seen.begun_by.empty() && !mark_of(seen.begun_by).empty())
        return verdict(
            Completeness::incomplete,
            fmt::format("{} did not finish: {} is missing", seen.begun_by, mark_of(seen.begun_by)));
    if (!seen.any_file && holds_no_file(host, path))
        return verdict(Completeness::incomplete, "it holds no file");
    return verdict(Completeness::unknown, "");
}

}  // namespace

bool holds_no_file(const Host& host, const std::string& path) {
    bool found = false;
    const bool all_seen = walk(host, path, host.monotonic() + 1, [&](const FileStatus& one) {
        found = one.kind != FileKind::directory;
        return !found;
    });
    return all_seen && !found;
}

Result<ProbeResult> probe_directory(const Host& host, const std::string& path,
                                    const CompleteIf& complete_if, Depth depth,
                                    Seconds give_up_at) {
    const auto seen = look_into(host, path);
    if (!seen) return Failure(seen.error());
    ProbeResult result = judge(host, path, *seen, complete_if, depth, give_up_at);
    if (result.state != Completeness::incomplete) return result;
    const auto is_recent = [&](Timestamp changed) {
        const Seconds age = host.now() - changed;
        return age >= 0 && age < unfinished_directory;
    };
    result.being_written =
        is_recent(seen->changed) || is_recent(newest_below(host, path, seen->changed));
    return result;
}

DirectorySize size_of_directory(const Host& host, const std::string& path, Seconds give_up_at) {
    DirectorySize size;
    size.at_least = !walk(host, path, give_up_at, [&](const FileStatus& file) {
        if (file.kind == FileKind::regular) size.bytes += file.size;
        return true;
    });
    return size;
}

}  // namespace lastgood
