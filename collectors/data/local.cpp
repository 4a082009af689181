#include "collectors/data/local.hpp"

#include <fmt/core.h>

#include "core/filesystem_kind.hpp"
#include "core/text.hpp"

namespace lastgood {

std::optional<Place> LocalFiles::find(const std::string& path) const {
    Place place = find_place(host_, topology_, path);
    if (place.mount == nullptr ||
        filesystem_kind(place.mount->type, types_) != FilesystemKind::local)
        return std::nullopt;
    if (!host_.exists(place.path)) return std::nullopt;
    return place;
}

bool LocalFiles::has(const Place& directory, std::string_view name) const {
    return find(fmt::format("{}/{}", directory.path, name)).has_value();
}

std::optional<FileStatus> LocalFiles::status(const std::string& path) const {
    const Mount* mount = topology_.mount_of(path);
    if (mount == nullptr || filesystem_kind(mount->type, types_) != FilesystemKind::local)
        return std::nullopt;
    const auto status = host_.status(path, false);
    return status ? std::optional(*status) : std::nullopt;
}

std::set<std::string, std::less<>> LocalFiles::mount_points_below(std::string_view path) const {
    std::set<std::string, std::less<>> points;
    for (const Mount& mount : topology_.mounts)
        if (mount.point != path && lies_below(mount.point, path)) points.insert(mount.point);
    return points;
}

std::vector<std::string> LocalFiles::names(const Place& directory) const {
    std::vector<std::string> names =
        host_.list(directory.path).value_or(std::vector<std::string>());
    std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
    return names;
}

std::optional<std::string> LocalFiles::path_of(const Mount& mount,
                                               const std::string& inside) const {
    for (const Mount& one : topology_.mounts) {
        if (one.number != mount.number || one.type != mount.type || !lies_below(inside, one.root))
            continue;
        const std::string_view rest =
            std::string_view(inside).substr(one.root == "/" ? 0 : one.root.size());
        std::string path = one.point == "/" ? std::string(rest) : one.point + std::string(rest);
        const Mount* shown = topology_.mount_of(path);  // not hidden by another mount
        if (shown != nullptr && shown->number == one.number) return path.empty() ? "/" : path;
    }
    return std::nullopt;
}

}  // namespace lastgood
