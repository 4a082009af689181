// Reads duplicity's backup sets in a directory by their names, which hold the time. A set counts if
// its manifest, all its volumes and the chain that it builds on are there.
#include <fmt/core.h>

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
    bool packed = false;     // it, by another program
    std::set<int> volumes;
    std::optional<int> expected;      // how many there must be; nullopt: the manifest was not read
    double size = 0;                  // of the volumes, bytes
    Timestamp modified = 0;           // of the newest volume
    std::string empty_volume;         // the name of one without content
    std::optional<Error> unreadable;  // a file; what is wrong with the manifest
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
        set.manifest = path;
        set.encrypted = parsed.encrypted;
        set.packed = !parsed.encrypted && !name.ends_with(".manifest");
        if (status->size <= 0) set.unreadable = Error{ErrorKind::malformed, path + ": it is empty"};
        return;
    }
    set.volumes.insert(parsed.volume);
    set.size += status->size;
    set.modified = std::max(set.modified, status->modified);
    if (status->size <= 0) set.empty_volume = name;
}

// Manifests are read of the newest set only: there may be thousands.
void read_manifest(const Host& host, BackupSet& set) {
    if (set.manifest.empty() || set.unreadable || set.packed) return;
    const auto text = read_record(host, set.manifest, longest_manifest);
    if (!text) {
        set.unreadable = text.error();
        return;
    }
    const int last = set.volumes.empty() ? 0 : *set.volumes.rbegin();
    const auto wrong = what_is_wrong_with_duplicity_manifest(*text, set.encrypted, last);
    if (!wrong.empty())
        set.unreadable = Error{ErrorKind::malformed, fmt::format("{}: {}", set.manifest, wrong)};
    else if (!set.encrypted)
        set.expected = count_duplicity_volumes(*text);
}

// Empty: all its files are there.
std::string what_is_missing(const BackupSet& set) {
    if (set.manifest.empty())
        return "there is no manifest: it was stopped before its end; duplicity itself calls it a "
               "full backup as long as its cache is there";
    if (set.volumes.empty()) return "its volumes are gone";
    if (!set.empty_volume.empty()) return set.empty_volume + " is empty";
    const int expected = set.expected.value_or(*set.volumes.rbegin());
    if (static_cast<int>(set.volumes.size()) < expected)
        return fmt::format("it has {} of {} volumes", set.volumes.size(), expected);
    return {};
}

BackupState judge(const Host& host, const std::string& directory, Sets sets) {
    std::vector<RecordedCopy> copies;
    std::map<Timestamp, double> chain_size;  // of the whole sets, with what they build on
    std::map<Timestamp, Error> unjudged;     // what nobody can build on
    const Timestamp now = host.now();
    bool in_progress = false;
    if (!sets.empty()) read_manifest(host, sets.rbegin()->second);
    for (auto& [key, set] : sets) {
        const Timestamp time = key.first;
        RecordedCopy copy;
        copy.time = time;
        copy.name = fmt::format("{}, the {} backup of {}", directory,
                                set.full ? "full" : "incremental", format_time(time));
        if (set.manifest.empty() && !set.unreadable && now - set.modified < running_backup) {
            in_progress = true;
            continue;
        }
        if (const auto base = unjudged.find(set.base); !set.full && base != unjudged.end())
            if (!set.unreadable) set.unreadable = base->second;
        if (set.unreadable) {
            unjudged.emplace(time, *set.unreadable);
            copies.push_back(unjudged_copy(host, set.manifest.empty() ? directory : set.manifest,
                                           *set.unreadable, time));
            continue;
        }
        copy.reason = what_is_missing(set);
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
