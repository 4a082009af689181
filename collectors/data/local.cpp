#include "collectors/data/local.hpp"

#include <fmt/format.h>

#include "core/filesystem_kind.hpp"

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

std::vector<std::string> LocalFiles::names(const Place& directory) const {
    std::vector<std::string> names =
        host_.list(directory.path).value_or(std::vector<std::string>());
    std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
    return names;
}

}  // namespace lastgood
