#include "collectors/backups/discover.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "collectors/backups/discover_jobs.hpp"
#include "collectors/backups/discover_name.hpp"
#include "collectors/backups/parse/borg_repository.hpp"
#include "collectors/backups/parse/dump_name.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "collectors/backups/parse/pgbackrest_info.hpp"
#include "collectors/backups/parse/restic_times.hpp"
#include "collectors/backups/parse/vzdump_log.hpp"
#include "core/bytes.hpp"
#include "core/filesystem_kind.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

namespace {

// Directories of the operating system and of short-lived files: many names, no backups.
constexpr std::array<std::string_view, 22> passed_over = {
    "/proc",  "/sys",     "/dev",       "/run",     "/bin",     "/sbin",         "/lib",  "/lib32",
    "/lib64", "/libx32",  "/usr",       "/etc",     "/boot",    "/efi",          "/snap", "/nix",
    "/tmp",   "/var/tmp", "/var/cache", "/var/log", "/var/run", "/var/lib/dpkg",
};
constexpr double largest_directory = 4 * 1024 * 1024;  // bytes of the directory itself
constexpr size_t most_snapshots = 5000;
constexpr size_t fewest_dumps = 3;

using Names = std::vector<std::string>;

bool has(const Names& names, std::string_view name) {
    return std::ranges::binary_search(names, name);
}

std::string directories(size_t count) {
    return counted(count, "directory", "directories");
}

class Search {
  public:
    Search(const Host& host, const Topology& topology, const Config& config,
           const DiscoverLimits& limits)
        : host_(host), config_(config), limits_(limits) {
        give_up_at_ = host.monotonic() + limits.time;
        for (const Mount& mount : topology.mounts) mount_points_.insert(mount.point);
        for (const Backup& backup : config.backups) {
            names_.insert(backup.name);
            if (backup.kind != BackupKind::files && !lies_elsewhere(topology, backup.location))
                if (auto resolved = host.resolve(backup.location))
                    configured_places_.emplace(backup.name,
                                               std::string(without_trailing_slashes(*resolved)));
        }
        add_places(topology);
    }

    Discovery run() {
        while (!queue_.empty()) {
            const auto [path, depth] = queue_.front();
            if (out_of_time()) {
                found_.notes.push_back(fmt::format(
                    "The search was stopped after {}, before {}: there may be more backups.",
                    format_duration(limits_.time), path));
                break;
            }
            if (entries_ >= limits_.entries) {
                found_.notes.push_back(fmt::format(
                    "The search was stopped after {} names, before {}: there may be more backups.",
                    limits_.entries, path));
                break;
            }
            queue_.pop_front();
            look_into(path, depth);
        }
        if (denied_ > 0)
            found_.notes.push_back(
                fmt::format("{} could not be read for lack of permission, such as {}: run this "
                            "as root.",
                            directories(denied_), first_denied_));
        if (failed_ > 0)
            found_.notes.push_back(
                fmt::format("{} could not be read: {}.", directories(failed_), first_failure_));
        std::ranges::stable_sort(found_.suggestions, {}, [](const SuggestedBackup& one) {
            return std::pair(one.backup.location, one.backup.stanza);
        });
        return std::move(found_);
    }

  private:
    bool out_of_time() const { return host_.monotonic() > give_up_at_; }

    bool is_local(const Mount& mount) const {
        return filesystem_kind(mount.type, proc_filesystems_) == FilesystemKind::local;
    }
    // Whether the path is on a mount that must not be accessed.
    bool lies_elsewhere(const Topology& topology, std::string_view path) {
        if (proc_filesystems_.empty())
            proc_filesystems_ = host_.read("/proc/filesystems").value_or(" ");
        const Mount* mount = topology.mount_of(path);
        return mount != nullptr && !is_local(*mount);
    }

    void add_places(const Topology& topology) {
        proc_filesystems_ = host_.read("/proc/filesystems").value_or(" ");
        std::map<std::string_view, size_t> last;  // by mount point: the visible mount
        for (size_t i = 0; i < topology.mounts.size(); ++i) last[topology.mounts[i].point] = i;
        size_t network = 0;
        for (size_t i = 0; i < topology.mounts.size(); ++i) {
            const Mount& mount = topology.mounts[i];
            if (last[mount.point] != i || is_passed_over(mount.point)) continue;
            if (filesystem_kind(mount.type, proc_filesystems_) == FilesystemKind::network)
                ++network;
            if (!is_local(mount) || is_covered(topology, i)) continue;
            found_.places.push_back(mount.point);
        }
        std::ranges::sort(found_.places);
        for (const std::string& place : found_.places) queue_.emplace_back(place, 0);
        if (network > 0)
            found_.notes.push_back(fmt::format(
                "Not searched: {}.",
                counted(network, "network or FUSE filesystem", "network or FUSE filesystems")));
    }

    // Whether a later mount on a directory above hides this mount.
    static bool is_covered(const Topology& topology, size_t index) {
        const std::string& point = topology.mounts[index].point;
        for (size_t i = index + 1; i < topology.mounts.size(); ++i) {
            const std::string& above = topology.mounts[i].point;
            if (above != "/" && above != point && lies_below(point, above)) return true;
        }
        return false;
    }

    static bool is_passed_over(std::string_view path) {
        if (path.starts_with("/run/media/")) return false;  // where desktops mount drives
        return std::ranges::any_of(passed_over,
                                   [&](std::string_view one) { return lies_below(path, one); });
    }

    // The names in a directory; nullopt, and a note, if it cannot be read.
    std::optional<Names> list(const std::string& path) {
        const auto status = host_.status(path, false);
        if (!status || status->kind != FileKind::directory) {
            if (!status) note(path, status.error());
            return std::nullopt;
        }
        if (status->size > largest_directory) {
            found_.notes.push_back(
                fmt::format("{} was not searched: it has too many entries.", path));
            return std::nullopt;
        }
        auto names = host_.list(path);
        if (!names) {
            note(path, names.error());
            return std::nullopt;
        }
        entries_ += names->size();
        ++found_.directories;
        return std::move(*names);
    }

    void note(const std::string& path, const Error& error) {
        if (error.kind == ErrorKind::absent) return;  // absent: removed since it was listed
        if (error.kind == ErrorKind::denied) {
            if (denied_++ == 0) first_denied_ = path;
        } else if (failed_++ == 0) {
            first_failure_ = error.message;
        }
    }

    void look_into(const std::string& path, int depth) {
        if (!same_place_.insert(identity(path)).second) return;  // a bind mount, read already
        const auto names = list(path);
        if (!names) return;
        if (is_restic(path, *names)) return suggest_restic(path);
        if (is_borg(path, *names)) return suggest_borg(path);
        const bool pgbackrest = has(*names, "backup") && suggest_pgbackrest(path);
        if (pgbackrest) return;
        suggest_vzdump(path, *names);
        suggest_dumps(path, *names);
        if (depth >= limits_.depth) return;
        for (const std::string& name : *names) {
            if (name.starts_with('.') || name == "lost+found" || is_dump_name(name)) continue;
            const std::string below = path == "/" ? "/" + name : path + "/" + name;
            // Checked before status(), because a filesystem mounted there may hang.
            if (mount_points_.contains(below) || is_passed_over(below)) continue;
            if (out_of_time()) return;
            const auto status = host_.status(below, false);
            if (status && status->kind == FileKind::directory)
                queue_.emplace_back(below, depth + 1);
        }
    }

    std::pair<uint64_t, uint64_t> identity(const std::string& path) const {
        const auto status = host_.status(path, false);
        return status ? std::pair(status->device, status->inode) : std::pair<uint64_t, uint64_t>();
    }

    bool is(const std::string& path, FileKind kind) const {
        const auto status = host_.status(path);
        return status && status->kind == kind;
    }

    // Source: restic's doc/design.rst, "Repository Format".
    bool is_restic(const std::string& path, const Names& names) const {
        if (!has(names, "config")) return false;
        for (const char* part : {"data", "index", "keys", "snapshots"})
            if (!has(names, part) || !is(path + "/" + part, FileKind::directory)) return false;
        return is(path + "/config", FileKind::regular);
    }

    // Source: borg's docs/internals/data-structures.rst, "Repository".
    bool is_borg(const std::string& path, const Names& names) const {
        if (!has(names, "config") || !has(names, "README")) return false;
        if (!is(path + "/config", FileKind::regular) || !is(path + "/README", FileKind::regular))
            return false;
        const auto readme = host_.read(path + "/README", 4096);
        if (!readme || !contains(*readme, "This is a Borg Backup repository")) return false;
        const auto text = host_.read(path + "/config", 64 * kib);
        return text && parse_borg_config(*text).has_value();
    }

    void suggest_restic(const std::string& path) {
        Backup backup;
        backup.kind = BackupKind::restic;
        backup.location = path;
        if (is_configured(backup)) return;
        std::vector<Timestamp> times;
        for (const std::string& name : list(path + "/snapshots").value_or(Names())) {
            if (!is_restic_id(name) || times.size() >= most_snapshots || out_of_time()) continue;
            if (const auto status = host_.status(path + "/snapshots/" + name, false))
                times.push_back(status->modified);
        }
        suggest(std::move(backup), name_of_directory(path), "A restic repository.", times,
                "snapshots");
    }

    void suggest_borg(const std::string& path) {
        Backup backup;
        backup.kind = BackupKind::borg;
        backup.location = path;
        if (is_configured(backup)) return;
        suggest(std::move(backup), name_of_directory(path),
                "A borg repository. The times of its archives cannot be read without borg.", {},
                "");
    }

    // Source: pgBackRest's documentation: REPOSITORY/backup/STANZA/backup.info.
    bool suggest_pgbackrest(const std::string& path) {
        if (mount_points_.contains(path + "/backup")) return false;
        if (!is(path + "/backup", FileKind::directory)) return false;
        std::vector<std::string> stanzas;
        const auto names = list(path + "/backup");
        for (const std::string& name : names.value_or(Names()))
            if (is(path + "/backup/" + name + "/backup.info", FileKind::regular))
                stanzas.push_back(name);
        for (const std::string& stanza : stanzas) {
            Backup backup;
            backup.kind = BackupKind::pgbackrest;
            backup.location = path;
            if (stanzas.size() > 1) backup.stanza = stanza;
            if (is_configured(backup)) continue;
            std::vector<Timestamp> times;
            const auto text = host_.read(path + "/backup/" + stanza + "/backup.info", 16 * mib);
            if (text)
                if (const auto backups = parse_pgbackrest_backup_info(*text))
                    for (const auto& one : *backups) times.push_back(one.stop);
            if (!is_utf8(stanza)) {
                cannot_be_written(path + "/backup/" + stanza, "A pgBackRest stanza");
                continue;
            }
            suggest(std::move(backup), name_of_directory(path) + "-" + plain_name(stanza),
                    fmt::format("A pgBackRest repository, stanza {}.", stanza), times, "backups");
        }
        return !stanzas.empty();
    }

    // One for the directory: it tells the guests apart by itself.
    void suggest_vzdump(const std::string& path, const Names& names) {
        std::map<std::string, std::vector<Timestamp>> guests;
        for (const std::string& name : names)
            if (const auto one = parse_vzdump_name(name); one && one->file == VzdumpFile::archive)
                guests[one->guest].push_back(one->start);
        if (guests.empty()) return;
        Backup backup;
        backup.kind = BackupKind::vzdump;
        backup.location = path;
        if (is_configured(backup)) return;
        const auto most = std::ranges::max_element(
            guests, {}, [](const auto& guest) { return guest.second.size(); });
        suggest(std::move(backup), name_of_directory(path),
                fmt::format("vzdump's archives of {}.", counted(guests.size(), "guest", "guests")),
                most->second, "archives of one guest");
    }

    struct Dump {
        std::string name;
        DatedName dated;
    };

    void suggest_dumps(const std::string& path, const Names& names) {
        std::map<std::pair<std::string, std::string>, std::vector<Dump>> groups;
        for (const std::string& name : names) {
            if (!is_dump_name(name) || parse_vzdump_name(name)) continue;
            if (auto dated = split_dated_name(name)) {
                const std::pair key(dated->before, dated->after);
                groups[key].push_back({name, std::move(*dated)});
            }
        }
        size_t streams = 0;
        for (const auto& [key, group] : groups) streams += group.size() >= fewest_dumps ? 1 : 0;
        for (const auto& [key, group] : groups)
            if (group.size() >= fewest_dumps) suggest_stream(path, names, group, streams > 1);
    }

    void suggest_stream(const std::string& path, const Names& names, const std::vector<Dump>& group,
                        bool one_of_several) {
        Backup backup;
        backup.kind = BackupKind::files;
        backup.location = dated_glob(path, group.front().dated);
        std::vector<Timestamp> times;
        std::set<Timestamp> distinct;
        double smallest = -1;
        for (const Dump& dump : group) {
            if (out_of_time()) break;
            const auto status = host_.status(path + "/" + dump.name);
            if (!status || status->kind != FileKind::regular) continue;
            times.push_back(within_day({dump.dated.time, dump.dated.whole_day}, status->modified));
            distinct.insert(dump.dated.time);
            if (smallest < 0 || status->size < smallest) smallest = status->size;
        }
        if (distinct.size() < fewest_dumps) return;  // not a series
        for (const Backup& known : config_.backups)
            if (known.kind == BackupKind::files &&
                matches_path(known.location, path + "/" + group.back().name)) {
                ++found_.configured;
                return;
            }
        size_t others = 0;
        std::string_view other;
        for (const std::string& name : names)
            if (matches_path(backup.location, path + "/" + name) &&
                std::ranges::find(group, name, &Dump::name) == group.end()) {
                ++others;
                other = name;
            }
        std::string name = name_of_directory(path);
        const std::string own = plain_name(group.front().dated.before);
        if (one_of_several && !own.empty()) name += "-" + own;
        std::vector<std::string> more;
        if (others > 0)
            more.push_back(fmt::format("The pattern also matches {} other {} there, such as {}.",
                                       others, others == 1 ? "name" : "names", other));
        if (!is_utf8(path) || !is_utf8(group.front().name))
            more.emplace_back("A '?' stands for a byte of its name that is not UTF-8.");
        suggest(std::move(backup), name,
                fmt::format("{} dated dumps in {}, the smallest {}.", times.size(), path,
                            format_size(std::max(smallest, 0.0))),
                times, "dumps", std::move(more));
    }

    bool is_configured(const Backup& backup) {
        for (const Backup& known : config_.backups) {
            if (known.kind != backup.kind) continue;
            const auto resolved = configured_places_.find(known.name);
            const bool same_place =
                without_trailing_slashes(known.location) == backup.location ||
                (resolved != configured_places_.end() && resolved->second == backup.location);
            if (!same_place) continue;
            if (!known.stanza.empty() && !backup.stanza.empty() && known.stanza != backup.stanza)
                continue;
            ++found_.configured;
            return true;
        }
        return false;
    }

    void cannot_be_written(const std::string& path, std::string_view what) {
        found_.notes.push_back(
            fmt::format("{} was found in {}, whose name is not UTF-8: rename it, then it can be "
                        "configured.",
                        what, path));
    }

    void suggest(Backup backup, const std::string& name, std::string what,
                 const std::vector<Timestamp>& times, std::string_view copies,
                 std::vector<std::string> more = {}) {
        if (!is_utf8(backup.location))
            return cannot_be_written(backup.location, what.substr(0, what.find('.')));
        std::vector<std::string> remarks{std::move(what)};
        if (const auto gap = usual_gap(times)) {
            backup.max_age = limit_for_gap(*gap);
            remarks.push_back(
                fmt::format("The newest {} are about {} apart; max_age is one and a "
                            "half times that.",
                            copies, format_duration(*gap)));
        } else {
            remarks.emplace_back(
                times.size() < 3 || copies.empty()
                    ? "max_age assumes one copy a day."
                    : "The times of the copies show no interval; max_age assumes one copy a day.");
        }
        const Timestamp now = host_.now();
        if (!times.empty() && now > 0) {
            const Seconds age = now - std::ranges::max(times);
            if (age > backup.max_age)
                remarks.push_back(
                    fmt::format("The newest is {} old: is it still in use?", format_duration(age)));
        } else if (times.empty() && !copies.empty()) {
            remarks.push_back(fmt::format("No {} could be read in it.", copies));
        }
        for (std::string& remark : more) remarks.push_back(std::move(remark));
        backup.name = unused_name(name, names_);
        found_.suggestions.push_back({std::move(backup), std::move(remarks)});
    }

    const Host& host_;
    const Config& config_;
    const DiscoverLimits limits_;
    Seconds give_up_at_ = 0;
    std::string proc_filesystems_;
    std::set<std::string, std::less<>> mount_points_;
    std::set<std::string> names_;                           // names of backups in use
    std::map<std::string, std::string> configured_places_;  // by name: location, links resolved
    std::deque<std::pair<std::string, int>> queue_;         // directories and depths, shallow first
    std::set<std::pair<uint64_t, uint64_t>> same_place_;
    size_t entries_ = 0;
    size_t denied_ = 0;
    size_t failed_ = 0;
    std::string first_denied_, first_failure_;
    Discovery found_;
};

}  // namespace

Discovery discover_backups(const Host& host, const Topology& topology, const Config& config,
                           const DiscoverLimits& limits) {
    Discovery found = Search(host, topology, config, limits).run();
    add_jobs(host, topology, config, found);
    return found;
}

}  // namespace lastgood
