// Reads a bup repository: each branch, the time of its last save, and whether the save's commit is
// there.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/git_objects.hpp"
#include "collectors/backups/state.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int deepest_branch = 6;  // directories in a branch's name
constexpr size_t most_branches = 2 * most_streams;

using Branches = std::map<std::string, std::string>;  // name: commit

// Reads a file at places. Ends of file and errors read as fewer bytes.
class FileReader {
  public:
    static std::optional<FileReader> open(const Host& host, const std::string& path) {
        auto opened = host.open_file(path, LastLink::refuse);
        if (!opened) return std::nullopt;
        return FileReader(*opened);
    }
    ReadAt function() const {
        return [this](uint64_t offset, size_t length) {
            std::string bytes(length, '\0');
            ssize_t count = 0;
            do {
                count = ::pread(file_.get(), bytes.data(), length, static_cast<off_t>(offset));
            } while (count < 0 && errno == EINTR);
            bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
            return bytes;
        };
    }

  private:
    explicit FileReader(int file) : file_(file) {}
    Descriptor file_;
};

class Repository {
  public:
    Repository(const Host& host, std::string directory)
        : host_(host), directory_(std::move(directory)) {}
    Result<BackupState> look();

  private:
    void read_loose(const std::string& below, int depth, Branches& branches);
    void read_packed(Branches& branches);
    void list_packs();
    std::optional<std::string> find_commit(const std::string& id) const;
    BackupState look_at_branch(const std::string& name, const std::string& id);

    const Host& host_;
    std::string directory_;
    std::vector<std::string> packs_;  // without ".idx"; the newest first
    std::vector<Error> problems_;
};

// Refs in files of their own replace those of packed-refs.
void Repository::read_loose(const std::string& below, int depth, Branches& branches) {
    const std::string directory = directory_ + "/refs/heads" + below;
    const auto names = host_.list(directory);
    if (!names) {
        if (names.error().kind != ErrorKind::absent) problems_.push_back(names.error());
        return;
    }
    for (const std::string& name : *names) {
        if (branches.size() >= most_branches) return;
        const auto status = host_.status(directory + "/" + name, false);
        if (!status) continue;
        if (status->kind == FileKind::directory && depth < deepest_branch)
            read_loose(below + "/" + name, depth + 1, branches);
        if (status->kind != FileKind::regular || name.ends_with(".lock")) continue;
        const auto id = host_.read_line(directory + "/" + name);
        if (id && is_git_id(*id))
            branches[(below + "/" + name).substr(1)] = *id;
        else
            problems_.push_back(
                {ErrorKind::malformed, fmt::format("{}/{}: it holds no commit", directory, name)});
    }
}

void Repository::read_packed(Branches& branches) {
    const auto text = read_record(host_, directory_ + "/packed-refs");
    if (!text) return;
    std::string_view rest = *text;
    while (!rest.empty() && branches.size() < most_branches) {
        std::string_view line = take_line(rest);
        const std::string_view id = take_until(line, ' ');
        if (is_git_id(id) && line.starts_with("refs/heads/"))
            branches.emplace(std::string(line.substr(11)), std::string(id));
    }
}

void Repository::list_packs() {
    const std::string directory = directory_ + "/objects/pack";
    const auto names = host_.list(directory);
    if (!names) return;
    std::vector<std::pair<Timestamp, std::string>> found;
    for (const std::string& name : *names) {
        if (!name.ends_with(".idx")) continue;
        const auto status = host_.status(directory + "/" + name);
        if (status)
            found.emplace_back(status->modified, directory + "/" + name.substr(0, name.size() - 4));
    }
    std::ranges::sort(found, std::ranges::greater{});
    for (auto& [time, path] : found) packs_.push_back(std::move(path));
}

std::optional<std::string> Repository::find_commit(const std::string& id) const {
    for (const std::string& path : packs_) {
        const auto index = FileReader::open(host_, path + ".idx");
        if (!index) continue;
        const auto place = find_in_pack_index(id, index->function());
        if (!place) continue;
        if (const auto pack = FileReader::open(host_, path + ".pack"))
            return read_packed_commit(*place, pack->function());
    }
    return std::nullopt;
}

// `bup rm` and `bup prune-older` write new commits and a line of the log, but keep the time in the
// commits; `bup save --date` puts any time into a commit. The earlier of the two is believed.
BackupState Repository::look_at_branch(const std::string& name, const std::string& id) {
    BackupState state;
    const auto commit = find_commit(id);
    const auto time = commit ? parse_commit_time(*commit) : std::nullopt;
    if (!time) {
        state.incomplete = true;
        problems_.push_back(
            {ErrorKind::malformed,
             fmt::format("{}: the commit {} of branch \"{}\" is in no pack; see git --git-dir {} "
                         "fsck",
                         directory_, id, name, directory_)});
        return state;
    }
    const auto log =
        read_tail(host_, directory_ + "/logs/refs/heads/" + name, 4096, LastLink::refuse);
    const auto entry = log ? parse_last_reflog_entry(log->text) : std::nullopt;
    const bool agrees = entry && entry->id == id;
    state.newest.push_back({agrees ? std::min(*time, entry->time) : *time,
                            agrees ? Confidence::exact : Confidence::inferred});
    state.incomplete = false;
    return state;
}

Result<BackupState> Repository::look() {
    Branches branches;
    read_loose("", 0, branches);
    read_packed(branches);
    list_packs();
    BackupState whole;
    for (const auto& [name, id] : branches)
        whole.streams.push_back({name, "", look_at_branch(name, id)});
    summarise_streams(whole);  // saves are not counted; without a branch there is none
    for (Error& problem : problems_) whole.problems.push_back(std::move(problem));
    return whole;
}

}  // namespace

Result<BackupState> look_at_bup(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    if (const auto status = host.status(backup.location + "/objects/pack"); !status)
        return not_there(status.error(), backup.location,
                         "bup repository (no directory \"objects/pack\")");
    return Repository(host, backup.location).look();
}

}  // namespace lastgood
