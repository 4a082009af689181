// Reads a dirvish vault, or all vaults of a bank: the summary that dirvish writes beside each
// image's tree.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/counted_files.hpp"
#include "collectors/backups/original_record.hpp"
#include "collectors/backups/parse/decompressor.hpp"
#include "collectors/backups/parse/dirvish_index.hpp"
#include "collectors/backups/parse/dirvish_summary.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"

namespace lastgood {

namespace {

// dirvish leaves dirvish/lock_file behind when it is killed, and then refuses each further run.
constexpr Seconds longest_run = 86400;

class Vault {
  public:
    Vault(const Host& host, std::string directory, FileCounter& counter)
        : host_(host), directory_(std::move(directory)), counter_(counter), now_(host.now()) {}
    // By branch. Errors: those of Host::list().
    Result<std::map<std::string, BackupState>> look();
    // Only its summary tells of which branch an image is.
    std::vector<RecordedCopy> take_unjudged() { return std::move(unjudged_); }

  private:
    struct Branch {
        std::vector<RecordedCopy> copies;
        bool in_progress = false;
    };
    void add(const std::string& image);
    std::string why_not_whole(const DirvishSummary& summary, const std::string& image) const;
    void judge_files(RecordedCopy& image);

    const Host& host_;
    std::string directory_;
    FileCounter& counter_;
    Timestamp now_;
    std::optional<Timestamp> lock_;
    std::map<std::string, Branch> branches_;
    std::vector<RecordedCopy> unjudged_;
};

std::string Vault::why_not_whole(const DirvishSummary& summary, const std::string& image) const {
    if (summary.status.empty()) return "it was stopped before its end";
    if (!is_whole_dirvish_status(summary.status)) return "status " + summary.status;
    const auto files = host_.list(image + "/tree");
    if (!files && files.error().kind == ErrorKind::absent) return "its tree is gone";
    if (files && files->empty()) return "its tree is empty: was the source mounted?";
    return {};
}

// The names and sizes in the image's index; nullopt: it has none, or one that is cut or too large.
std::optional<DirvishIndex> read_index(const Host& host, const std::string& image) {
    constexpr size_t largest = 64 * mib, piece = 4 * kib;
    struct Form {
        const char* name;
        const char* packed;
    };
    for (const Form& form : {Form{"index.gz", "gzip"}, {"index.bz2", "bzip2"}, {"index", ""}}) {
        const auto text = read_record(host, image + "/" + form.name, largest);
        if (!text) continue;
        DirvishIndex index;
        const auto decompressor = make_decompressor(form.packed);
        if (!decompressor) {
            if (!add_dirvish_index(*text, index).empty()) return std::nullopt;
            return index;
        }
        std::string lines;
        decompressor->copy_to(lines, largest);
        for (size_t at = 0; at < text->size(); at += piece) {
            if (!decompressor->feed(std::string_view(*text).substr(at, piece))) return std::nullopt;
            const std::string rest(add_dirvish_index(lines, index));
            lines = rest;
            if (lines.size() > mib) return std::nullopt;
        }
        if (!decompressor->ended() || !lines.empty()) return std::nullopt;
        return index;
    }
    return std::nullopt;
}

// In a copy of the vault that was stopped the summary is there, and not yet the files.
void Vault::judge_files(RecordedCopy& image) {
    const auto summary = host_.status(image.name + "/summary", false);
    if (summary && is_original(host_, *summary, image.time)) return;
    const auto index = read_index(host_, image.name);
    if (!index || index->entries <= 0) {
        image.doubt = "it was copied or moved here, and has no index that tells which files it had";
        return;
    }
    const PromisedFiles promised{image.name, image.name + "/tree", index->bytes, index->entries};
    const CountedFiles counted = counter_.count(promised);
    if (counted.there == FilesThere::unknown) image.doubt = uncounted;
    if (counted.there != FilesThere::some) return;
    image.whole = false;
    image.reason = what_is_missing(promised, counted);
}

void Vault::add(const std::string& image) {
    const std::string path = directory_ + "/" + image;
    const auto text = read_record(host_, path + "/summary");
    if (!text && text.error().kind == ErrorKind::absent) return;  // no image, or it expires now
    if (!text) {
        unjudged_.push_back(unjudged_copy(host_, path + "/summary", text.error()));
        return;
    }
    const auto summary = parse_dirvish_summary(*text);
    if (!summary) {
        unjudged_.push_back(unjudged_copy(
            host_, path + "/summary",
            {summary.error().kind, fmt::format("{}/summary: {}", path, summary.error().message)}));
        return;
    }
    Branch& branch = branches_[summary->branch.empty() ? "default" : summary->branch];
    const auto time = summary->complete ? summary->complete : summary->begin;
    if (!time) return;  // it has just begun
    if (summary->status.empty() && lock_ && now_ - *time < longest_run) {
        branch.in_progress = true;
        return;
    }
    RecordedCopy copy{*time, true, std::nullopt, path, why_not_whole(*summary, path)};
    copy.whole = copy.reason.empty();
    branch.copies.push_back(std::move(copy));
}

Result<std::map<std::string, BackupState>> Vault::look() {
    const auto images = list_directories(host_, directory_);
    if (!images) return Failure(images.error());
    const auto lock = host_.status(directory_ + "/dirvish/lock_file");
    if (lock) lock_ = lock->modified;
    for (const std::string& image : *images)
        if (image != "dirvish") add(image);
    if (branches_.empty()) branches_["default"];  // no image yet
    std::map<std::string, BackupState> states;
    for (auto& [name, branch] : branches_) {
        std::ranges::sort(branch.copies, std::ranges::greater{}, &RecordedCopy::time);
        for (RecordedCopy& image : branch.copies) {  // down to the first that is whole
            if (!image.whole) continue;
            judge_files(image);
            if (image.whole && image.doubt.empty()) break;
        }
        BackupState& state = states[name];
        state = state_of_copies(std::move(branch.copies), Confidence::exact, now_);
        state.in_progress = branch.in_progress;
        state.oldest_lock = lock_;
    }
    return states;
}

// Each branch may be the one.
void doubt(BackupState& branch, const BackupState& unjudged) {
    if (!unjudged.newest_unjudged) return;
    branch.newest_unjudged = unjudged.newest_unjudged;
    if (branch.count == 0) branch.count.reset();
    const auto newest = proven_newest(branch);
    if (branch.incomplete == false && newest.value_or(0) < *unjudged.newest_unjudged)
        branch.incomplete.reset();
}

void add_unjudged(BackupState& state, const BackupState& unjudged) {
    state.unjudged += unjudged.unjudged;
    if (unjudged.newest_unjudged)
        state.newest_unjudged = std::max(state.newest_unjudged, unjudged.newest_unjudged);
    for (const Error& problem : unjudged.problems) state.problems.push_back(problem);
}

}  // namespace

Result<BackupState> look_at_dirvish(const Host& host, const Backup& backup, LookMemory* memory) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const auto names = list_directories(host, backup.location);
    if (!names) return not_there(names.error(), backup.location, "vault or bank of dirvish");
    std::map<std::string, std::string> vaults;  // name in front of the branch: directory
    if (host.exists(backup.location + "/dirvish")) {
        vaults.emplace("", backup.location);
    } else {
        for (const std::string& name : *names)
            if (host.exists(backup.location + "/" + name + "/dirvish"))
                vaults.emplace(name + "/", backup.location + "/" + name);
    }
    if (vaults.empty())
        return fail(
            ErrorKind::absent,
            fmt::format("{}: there is no directory \"dirvish\" in it: it is neither a vault "
                        "nor a bank of dirvish",
                        backup.location));
    BackupState whole;
    FileCounter counter(host, memory);
    for (const auto& [prefix, directory] : vaults) {
        Vault vault(host, directory, counter);
        auto branches = vault.look();
        if (!branches) return Failure(branches.error());
        const BackupState unjudged =
            state_of_copies(vault.take_unjudged(), Confidence::exact, host.now());
        for (auto& [branch, state] : *branches) doubt(state, unjudged);
        if (vaults.size() == 1 && branches->size() == 1) {
            BackupState& only = branches->begin()->second;
            add_unjudged(only, unjudged);
            return std::move(only);
        }
        add_unjudged(whole, unjudged);
        for (auto& [branch, state] : *branches) {
            for (const Error& problem : state.problems) whole.problems.push_back(problem);
            state.problems.clear();
            if (state.oldest_lock) whole.oldest_lock = state.oldest_lock;
            whole.streams.push_back({prefix + branch, directory, std::move(state)});
        }
    }
    summarise_streams(whole);
    return whole;
}

}  // namespace lastgood
