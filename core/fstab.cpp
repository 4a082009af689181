#include "core/fstab.hpp"

#include <algorithm>

#include "core/place.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

bool is_unmounted(const FstabEntry& entry, const Topology& topology, std::string_view place) {
    const std::string& point = entry.point;
    return point.starts_with('/') && point != "/" && lies_below(place, point) &&
           std::ranges::find(topology.mounts, point, &Mount::point) == topology.mounts.end();
}

}  // namespace

bool FstabEntry::read_only() const {
    bool result = false;
    for (const std::string& option : options) {
        if (option == "ro") result = true;
        if (option == "rw") result = false;
    }
    return result;
}

bool FstabEntry::by_hand() const {
    return contains(options, "noauto");
}

std::vector<FstabEntry> parse_fstab(std::string_view text) {
    std::vector<FstabEntry> entries;
    for (const std::string_view line : split(text, "\n")) {
        const auto fields = split(line, " \t\r");
        if (fields.size() < 2 || fields[0].front() == '#') continue;
        FstabEntry entry;
        entry.source = unescape_octal(fields[0]);
        const std::string point = unescape_octal(fields[1]);
        entry.point = without_trailing_slashes(point);
        if (fields.size() > 2) entry.type = fields[2];
        if (fields.size() > 3)
            for (std::string_view option : split(fields[3], ","))
                entry.options.push_back(unescape_octal(option));
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::vector<FstabEntry> read_fstab(const Host& host, const Topology& topology) {
    auto entries = parse_fstab(host.read("/etc/fstab").value_or(""));
    for (FstabEntry& entry : entries)
        if (entry.point.starts_with('/') &&
            std::ranges::find(topology.mounts, entry.point, &Mount::point) == topology.mounts.end())
            entry.point = find_place(host, topology, entry.point).path;
    return entries;
}

const FstabEntry* find_fstab_entry(const std::vector<FstabEntry>& entries, std::string_view point) {
    point = without_trailing_slashes(point);
    const FstabEntry* found = nullptr;
    for (const FstabEntry& entry : entries)
        if (entry.point == point) found = &entry;
    return found;
}

const FstabEntry* find_unmounted(const std::vector<FstabEntry>& entries, const Topology& topology,
                                 std::string_view place) {
    if (topology.mounts.empty()) return nullptr;
    const auto found = std::ranges::find_if(
        entries, [&](const FstabEntry& one) { return is_unmounted(one, topology, place); });
    return found == entries.end() ? nullptr : &*found;
}

const FstabEntry* find_unmounted_at_boot(const std::vector<FstabEntry>& entries,
                                         const Topology& topology, std::string_view place) {
    if (topology.mounts.empty()) return nullptr;
    const auto found = std::ranges::find_if(entries, [&](const FstabEntry& one) {
        return !one.by_hand() && is_unmounted(one, topology, place);
    });
    return found == entries.end() ? nullptr : &*found;
}

}  // namespace lastgood
