// What lies on disks that are lost with the machine: whatever it is, unless it is known by another
// name.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/data/find.hpp"
#include "core/ephemeral.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// The files that memory is swapped to; proc(5). A blank in a path is "\040".
std::vector<std::string> swap_files(const Host& host) {
    std::vector<std::string> paths;
    const std::string table = host.read("/proc/swaps").value_or("");
    for (const std::string_view line : split(table, "\n"))
        if (line.starts_with('/')) paths.emplace_back(line.substr(0, line.find_first_of(" \t")));
    return paths;
}

// What the cloud and mkfs put there.
bool is_of_the_disk(std::string_view name) {
    return name == "lost+found" || name == loss_warning;
}

}  // namespace

void find_temporary(const LocalFiles& files, const std::vector<const Mount*>& ephemeral,
                    const std::vector<Backup>& backups, std::vector<Piece>& pieces) {
    const std::vector<std::string> swap = swap_files(files.host());
    for (const Mount* mount : ephemeral) {
        // A host that lives on such a disk is told by the filesystem.
        const auto place = mount->point == "/" ? std::nullopt : files.find(mount->point);
        if (!place || place->mount->number != mount->number) continue;
        std::vector<std::string> without;
        has_data(files, *place, backups, without);
        for (const std::string& path : swap)
            if (lies_below(path, place->path)) without.push_back(path);
        for (const Piece& piece : pieces)
            if (lies_below(piece.place.path, place->path)) without.push_back(piece.place.path);
        bool found = false;
        for (const std::string& name :
             files.host().list(place->path).value_or(std::vector<std::string>())) {
            std::string path = fmt::format("{}/{}", place->path, name);
            const bool counts = !is_of_the_disk(name) && !contains(without, path);
            found = found || counts;
            if (!counts) without.push_back(std::move(path));
        }
        if (found)
            add_piece(pieces, {.kind = std::string(temporary_data.kind),
                               .title = std::string(temporary_data.title),
                               .place = *place,
                               .without = std::move(without)});
    }
}

}  // namespace lastgood
