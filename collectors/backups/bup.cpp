// Reads a bup repository: each branch, the time of its last save, and whether the save's commit is
// there.
#include <fmt/core.h>
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
    static Result<FileReader> open(const Host& host, const std::string& path) {
        auto opened = host.open_file(path, LastLink::refuse);
        if (!opened) return Failure(opened.error());
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
    void read_loose(const std::string& below, int depth);
    void read_ref(const std::string& name);
    void read_packed();
    void list_packs();
    std::optional<std::string> find_commit(const std::string& id);
    BackupState look_at_branch(const std::string& name, const std::string& id);
    size_t found() const { return branches_.size() + unjudged_.size(); }

    const Host& host_;
    std::string directory_;
    Branches branches_;
    std::map<std::string, RecordedCopy> unjudged_;  // branches whose ref tells no commit
    std::vector<std::string> packs_;                // without ".idx"; the newest first
    std::optional<Error> packs_unreadable_;
    BackupState whole_;
};

void Repository::read_ref(const std::string& name) {
    const std::string path = directory_ + "/refs/heads/" + name;
    const auto text = read_record(host_, path, 4096);
    if (text && is_git_id(trim(*text)))
        branches_[name] = trim(*text);
    else if (text)
        unjudged_[name] =
            unjudged_copy(host_, path, {ErrorKind::malformed, path + ": it holds no commit"});
    else if (text.error().kind != ErrorKind::absent)
        unjudged_[name] = unjudged_copy(host_, path, text.error());
}

// Refs in files of their own replace those of packed-refs.
void Repository::read_loose(const std::string& below, int depth) {
    const std::string directory = directory_ + "/refs/heads" + below;
    const auto names = host_.list(directory);
    if (!names) {
        if (names.error().kind != ErrorKind::absent)
            note_unjudged(whole_, names.error(), host_.now());
        return;
    }
    for (const std::string& name : *names) {
        if (found() >= most_branches) return;
        const auto status = host_.status(directory + "/" + name, false);
        if (status && status->kind == FileKind::directory) {
            if (depth < deepest_branch) read_loose(below + "/" + name, depth + 1);
        } else if (!name.ends_with(".lock")) {
            read_ref((below + "/" + name).substr(1));
        }
    }
}

void Repository::read_packed() {
    const std::string path = directory_ + "/packed-refs";
    const auto text = read_record(host_, path);
    if (!text) {
        if (text.error().kind != ErrorKind::absent)
            note_unjudged(whole_, text.error(), host_.now());
        return;
    }
    bool is_whole = true;
    std::string_view rest = *text;
    while (!rest.empty() && found() < most_branches) {
        std::string_view line = take_line(rest);
        if (line.starts_with('#') || line.starts_with('^')) continue;
        const std::string_view id = take_until(line, ' ');
        is_whole = is_whole && is_git_id(id);
        if (!is_git_id(id) || !line.starts_with("refs/heads/")) continue;
        const std::string name(line.substr(11));
        if (!unjudged_.contains(name)) branches_.emplace(name, std::string(id));
    }
    if (!is_whole)
        note_unjudged(whole_, {ErrorKind::malformed, path + ": it is damaged"}, host_.now());
}

void Repository::list_packs() {
    const std::string directory = directory_ + "/objects/pack";
    const auto names = host_.list(directory);
    if (!names) {
        packs_unreadable_ = names.error();
        return;
    }
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

std::optional<std::string> Repository::find_commit(const std::string& id) {
    for (const std::string& path : packs_) {
        const auto index = FileReader::open(host_, path + ".idx");
        if (!index) packs_unreadable_ = index.error();
        if (!index) continue;
        const auto place = find_in_pack_index(id, index->function());
        if (!place) continue;
        const auto pack = FileReader::open(host_, path + ".pack");
        if (pack) return read_packed_commit(*place, pack->function());
        packs_unreadable_ = pack.error();
    }
    return std::nullopt;
}

// `bup rm` and `bup prune-older` write new commits and a line of the log, but keep the time in the
// commits; `bup save --date` puts any time into a commit. The earlier of the two is believed.
BackupState Repository::look_at_branch(const std::string& name, const std::string& id) {
    BackupState state;
    const auto commit = find_commit(id);
    const auto time = commit ? parse_commit_time(*commit) : std::nullopt;
    if (!time && packs_unreadable_ && packs_unreadable_->kind != ErrorKind::absent) {
        note_unjudged(state, *packs_unreadable_, host_.now());
        return state;
    }
    if (!time) {
        state.incomplete = true;
        whole_.problems.push_back(
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
    read_loose("", 0);
    read_packed();
    list_packs();
    for (const auto& [name, id] : branches_)
        whole_.streams.push_back({name, "", look_at_branch(name, id)});
    for (const auto& [name, copy] : unjudged_)
        whole_.streams.push_back(
            {name, "", state_of_copies({copy}, Confidence::exact, host_.now())});
    summarise_streams(whole_);  // saves are not counted; without a branch there is none
    if (whole_.unjudged > 0 && whole_.count == 0) whole_.count.reset();
    for (StreamState& stream : whole_.streams) {
        std::ranges::move(stream.state.problems, std::back_inserter(whole_.problems));
        stream.state.problems.clear();
    }
    return std::move(whole_);
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
