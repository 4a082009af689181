// Reads duplicity's backup sets in a directory by their names, which hold the time. A set counts if
// its manifest, all its volumes and the chain that it builds on are there.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "collectors/backups/copies.hpp"
#include "collectors/backups/parse/duplicity_name.hpp"
#include "collectors/backups/state.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr Seconds running_backup = 3600;  // volumes that have not changed for longer are a leftover
constexpr size_t longest_manifest = 16 * mib;

struct BackupSet {
    bool full = true;
    Timestamp base = 0;
    std::string manifest;    // its path; empty: there is none
    bool encrypted = false;  // the manifest
    std::set<int> volumes;
    double size = 0;           // of the volumes, bytes
    Timestamp modified = 0;    // of the newest volume
    std::string empty_volume;  // the name of one without content
    std::optional<Error> unreadable;
};

// The sets of one prefix. A full backup and an increment of the same second are two sets.
using Key = std::pair<Timestamp, bool>;  // time, not full
using Sets = std::map<Key, BackupSet>;

void add_file(const Host& host, const std::string& directory, const std::string& name,
              const DuplicityName& parsed, Sets& sets) {
    BackupSet& set = sets[{parsed.time, !parsed.full}];
    set.full = parsed.full;
    set.base = parsed.base;
    const std::string path = directory + "/" + name;
    const auto status = host.status(path);
    if (!status) {
        if (status.error().kind != ErrorKind::absent)  // else removed since it was listed
            set.unreadable = status.error();
        return;
    }
    if (parsed.file == DuplicityFile::manifest) {
        if (status->size > 0) set.manifest = path;
        set.encrypted = parsed.encrypted;
        return;
    }
    set.volumes.insert(parsed.volume);
    set.size += status->size;
    set.modified = std::max(set.modified, status->modified);
    if (status->size <= 0) set.empty_volume = name;
}

// Empty: all its files are there.
std::string what_is_missing(const Host& host, const BackupSet& set, bool is_newest) {
    if (set.manifest.empty())
        return "there is no manifest: it was stopped before its end; duplicity itself calls it a "
               "full backup as long as its cache is there";
    if (set.volumes.empty()) return "its volumes are gone";
    if (!set.empty_volume.empty()) return set.empty_volume + " is empty";
    int expected = *set.volumes.rbegin();
    // Manifests in clear are read for the newest set only: there may be thousands.
    if (is_newest && !set.encrypted)
        if (const auto text = read_record(host, set.manifest, longest_manifest))
            expected = count_duplicity_volumes(*text).value_or(expected);
    if (static_cast<int>(set.volumes.size()) < expected)
        return fmt::format("it has {} of {} volumes", set.volumes.size(), expected);
    return {};
}

BackupState judge(const Host& host, const std::string& directory, const Sets& sets) {
    std::vector<RecordedCopy> copies;
    std::map<Timestamp, double> chain_size;  // of the whole sets, with what they build on
    const Timestamp now = host.now();
    bool in_progress = false;
    for (auto one = sets.begin(); one != sets.end(); ++one) {
        const auto& [key, set] = *one;
        const Timestamp time = key.first;
        RecordedCopy copy;
        copy.time = time;
        copy.name = fmt::format("{}, the {} backup of {}", directory,
                                set.full ? "full" : "incremental", format_time(time));
        if (set.manifest.empty() && !set.unreadable && now - set.modified < running_backup) {
            in_progress = true;
            continue;
        }
        if (set.unreadable) {
            copies.push_back(unjudged_copy(host, directory, *set.unreadable, time));
            continue;
        }
        copy.reason = what_is_missing(host, set, std::next(one) == sets.end());
        double size = set.size;
        if (copy.reason.empty() && !set.full) {
            const auto base = chain_size.find(set.base);
            if (base == chain_size.end())
                copy.reason =
                    fmt::format("it builds on the backup of {}, which is not whole or not there",
                                format_time(set.base));
            else
                size += base->second;
        }
        copy.whole = copy.reason.empty();
        copy.size = size;
        if (copy.whole) chain_size[time] = size;
        copies.push_back(std::move(copy));
    }
    BackupState state = state_of_copies(std::move(copies), Confidence::exact, now);
    state.in_progress = in_progress;
    return state;
}

}  // namespace

Result<BackupState> look_at_duplicity(const Host& host, const Backup& backup) {
    if (auto mounted = check_mounted(host, backup.location); !mounted)
        return Failure(mounted.error());
    const auto names = host.list(backup.location);
    if (!names) return not_there(names.error(), backup.location, "directory of duplicity");
    std::map<std::string, Sets> prefixes;
    for (const std::string& name : *names)
        if (const auto parsed = parse_duplicity_name(name))
            add_file(host, backup.location, name, *parsed, prefixes[parsed->prefix]);
    if (prefixes.empty() && !names->empty())
        return fail(ErrorKind::malformed,
                    fmt::format("{}: no file in it is named as duplicity names them "
                                "(duplicity-full.…)",
                                backup.location));
    if (prefixes.size() <= 1)
        return judge(host, backup.location, prefixes.empty() ? Sets() : prefixes.begin()->second);
    BackupState state;
    for (const auto& [prefix, sets] : prefixes) {
        BackupState one = judge(host, backup.location, sets);
        for (const Error& problem : one.problems) state.problems.push_back(problem);
        one.problems.clear();
        state.streams.push_back({prefix.empty() ? "duplicity" : prefix, "", std::move(one)});
    }
    summarise_streams(state);
    return state;
}

}  // namespace lastgood
