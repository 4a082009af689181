// Reads a datastore of Proxmox Backup Server: TYPE/ID/TIME/, with a manifest that is written last.
#include <fmt/core.h>

#include <map>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/proxmox_manifest.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"

namespace lastgood {

namespace {

constexpr Seconds longest_backup = 86400;  // without a manifest for longer: it was stopped
constexpr int deepest_namespace = 8;       // the server allows 7
constexpr size_t most_groups = 2 * most_streams;
constexpr std::string_view manifest_name = "/index.json.blob";

class Datastore {
  public:
    explicit Datastore(const Host& host) : host_(host), now_(host.now()) {}
    // Groups in a namespace and in those below; `prefix` is "" or "NAME/".
    Result<void> read(const std::string& directory, const std::string& prefix, int depth);
    BackupState take();

  private:
    BackupState look_at_group(const std::string& directory);
    RecordedCopy judge(const std::string& snapshot, Timestamp time);
    // False also of what cannot be looked at.
    bool is_absent(const std::string& path) const {
        const auto status = host_.status(path);
        return !status && status.error().kind == ErrorKind::absent;
    }

    const Host& host_;
    Timestamp now_;
    BackupState whole_;
};

Result<void> Datastore::read(const std::string& directory, const std::string& prefix, int depth) {
    for (const std::string type : {"vm", "ct", "host"}) {
        const auto ids = list_directories(host_, directory + "/" + type);
        if (!ids && ids.error().kind == ErrorKind::absent) continue;
        if (!ids) return Failure(ids.error());
        for (const std::string& id : *ids) {
            if (whole_.streams.size() >= most_groups) return {};
            const std::string group = directory + "/" + type + "/" + id;
            whole_.streams.push_back({prefix + type + "/" + id, group, look_at_group(group)});
        }
    }
    const auto namespaces = list_directories(host_, directory + "/ns");
    if (!namespaces && namespaces.error().kind != ErrorKind::absent)
        return Failure(namespaces.error());
    if (!namespaces || depth >= deepest_namespace) return {};
    for (const std::string& name : *namespaces)
        if (auto below = read(directory + "/ns/" + name, prefix + name + "/", depth + 1); !below)
            return below;
    return {};
}

RecordedCopy Datastore::judge(const std::string& snapshot, Timestamp time) {
    RecordedCopy copy{time, false, std::nullopt, snapshot, ""};
    const std::string record = snapshot + std::string(manifest_name);
    const auto blob = read_record(host_, record, mib);
    if (!blob) return unjudged_copy(host_, record, blob.error(), time);
    const auto manifest = parse_proxmox_manifest(*blob);
    if (!manifest) {
        // The server puts it there whole.
        const Error& why = manifest.error();
        return unjudged_copy(host_, record, {why.kind, fmt::format("{}: {}", record, why.message)},
                             time);
    }
    copy.size = manifest->size;
    for (const std::string& file : manifest->files)
        if (is_absent(snapshot + "/" + file)) {
            copy.reason = file + " is gone";
            return copy;
        }
    if (manifest->verify_failed)
        copy.reason = "its verification failed: chunks are missing or damaged";
    else
        copy.whole = true;
    return copy;
}

// Manifests are read from the newest snapshot to the first good one; older ones are counted.
BackupState Datastore::look_at_group(const std::string& directory) {
    const auto names = host_.list(directory);
    if (!names) {
        BackupState unknown;
        note_unjudged(unknown, names.error(), now_);
        std::ranges::move(unknown.problems, std::back_inserter(whole_.problems));
        unknown.problems.clear();
        return unknown;
    }
    std::vector<RecordedCopy> copies;
    bool in_progress = false, proven = false;
    for (auto name = names->rbegin(); name != names->rend(); ++name) {
        const auto time = parse_proxmox_snapshot_name(*name);
        if (!time) continue;  // owner, notes
        const std::string snapshot = directory + "/" + *name;
        if (is_absent(snapshot + std::string(manifest_name))) {
            if (now_ - *time < longest_backup)
                in_progress = true;
            else
                copies.push_back({*time, false, std::nullopt, snapshot,
                                  "there is no manifest: it was stopped before its end"});
            continue;
        }
        copies.push_back(proven ? RecordedCopy{*time, true, std::nullopt, snapshot, ""}
                                : judge(snapshot, *time));
        proven = proven || copies.back().whole;
    }
    BackupState state = state_of_copies(std::move(copies), Confidence::exact, now_);
    state.in_progress = in_progress;
    for (Error& problem : state.problems) whole_.problems.push_back(std::move(problem));
    state.problems.clear();
    return state;
}

BackupState Datastore::take() {
    if (whole_.streams.empty())
        whole_.count = 0;
    else
        summarise_streams(whole_);
    return std::move(whole_);
}

}  // namespace

Result<BackupState> look_at_proxmox_backup(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    if (const auto status = host.status(backup.location + "/.chunks"); !status)
        return not_there(status.error(), backup.location,
                         "datastore of Proxmox Backup Server (no directory \".chunks\")");
    Datastore datastore(host);
    if (auto read = datastore.read(backup.location, "", 0); !read) return Failure(read.error());
    return datastore.take();
}

}  // namespace lastgood
