#include "core/coverage.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

std::string_view subvolume_of(const Mount& mount) {
    for (const std::string& option : mount.super_options)
        if (option.starts_with("subvol=")) return std::string_view(option).substr(7);
    return {};
}

// Whether both mounts show parts of one tree that a tool walks without crossing anything.
bool is_one_tree(const Mount& a, const Mount& b) {
    return a.number == b.number && a.type == b.type &&
           (a.type != "btrfs" || subvolume_of(a) == subvolume_of(b));
}

}  // namespace

Coverage coverage_of(const Place& data, bool ephemeral, const Place& source, bool crosses_mounts) {
    if (source.mount == nullptr || !source.exists || data.mount == nullptr) return {};
    if (is_one_tree(*source.mount, *data.mount)) {
        const std::string covered = source.inside(), wanted = data.inside();
        if (lies_below(wanted, covered)) return {Extent::whole, ""};
        if (lies_below(covered, wanted)) return {Extent::part, source.path};
    }
    if (crosses_mounts && !ephemeral && lies_below(data.path, source.path))
        return {Extent::whole, ""};
    return {};
}

Coverage coverage_of(const Mount& filesystem, bool ephemeral, const Place& source,
                     bool crosses_mounts) {
    return coverage_of(Place{.path = filesystem.point, .mount = &filesystem}, ephemeral, source,
                       crosses_mounts);
}

namespace {

constexpr size_t most_parts = 5;  // named of one backup

// The backup whose copies are copied from hop to hop: which read the source.
const Backup& first_of(const std::vector<Backup>& backups, const Backup& hop) {
    constexpr int most_hops = 20;
    const Backup* one = &hop;
    for (int hops = 0; hops < most_hops && !one->copy_of.empty(); ++hops) {
        const auto original = std::ranges::find(backups, one->copy_of, &Backup::name);
        if (original == backups.end()) break;
        one = &*original;
    }
    return *one;
}

void add_part(CoveringBackup& found, const std::string& part, size_t number) {
    if (number < most_parts)
        found.part += (found.part.empty() ? "" : ", ") + part;
    else if (number == most_parts)
        found.part += " and more";
}

}  // namespace

NamedPlace find_covered(const Host& host, const Topology& topology,
                        const std::vector<Backup>& backups, const Backup& backup,
                        std::string_view path) {
    return find_named_place(host, topology, path,
                            row_of(first_of(backups, backup).kind).follows_links);
}

std::vector<CoveredPath> covered_paths(const Host& host, const Topology& topology,
                                       const std::vector<Backup>& backups) {
    std::vector<CoveredPath> covered;
    for (const Backup& backup : backups)
        for (const std::string& path : backup.covers)
            if (NamedPlace named = find_covered(host, topology, backups, backup, path);
                named.counts())
                covered.push_back({&backup, std::move(named.place)});
    return covered;
}

std::vector<CoveringBackup> backups_of(const Place& data, bool ephemeral,
                                       const std::vector<CoveredPath>& covered) {
    std::vector<CoveringBackup> found;
    size_t parts = 0;
    bool whole = false;
    for (const CoveredPath& path : covered) {
        const Coverage coverage =
            coverage_of(data, ephemeral, path.place, path.backup->crosses_mounts);
        if (coverage.extent == Extent::none) continue;
        if (found.empty() || path.backup != found.back().backup) {
            found.push_back({path.backup, ""});
            parts = 0;
            whole = false;
        }
        whole = whole || coverage.extent == Extent::whole;
        if (whole)
            found.back().part.clear();
        else
            add_part(found.back(), coverage.part, parts++);
    }
    return found;
}

std::vector<CoveringBackup> backups_of(const Mount& filesystem, bool ephemeral,
                                       const std::vector<CoveredPath>& covered) {
    return backups_of(Place{.path = filesystem.point, .mount = &filesystem}, ephemeral, covered);
}

}  // namespace lastgood
