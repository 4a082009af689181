#include "core/place.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "core/filesystem_kind.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int most_links = 40;  // as the kernel, path_resolution(7)

bool may_hang(const Mount* mount) {
    return mount != nullptr && filesystem_kind(mount->type, "") == FilesystemKind::network;
}

bool names_something(const std::deque<std::string>& names) {
    return std::ranges::any_of(
        names, [](const std::string& name) { return !name.empty() && name != "."; });
}

std::string joined(std::string_view directory, std::string_view rest) {
    std::string path(directory == "/" ? "" : directory);
    if (!rest.empty() && rest != "/")
        path += (rest.starts_with('/') ? "" : "/") + std::string(rest);
    return path.empty() ? "/" : path;
}

}  // namespace

std::string Place::inside() const {
    if (mount == nullptr) return path;
    return joined(mount->root,
                  std::string_view(path).substr(mount->point == "/" ? 0 : mount->point.size()));
}

Place place_by_name(const Topology& topology, std::string_view path) {
    Place place{.path = std::string(path)};
    while (place.path.size() > 1 && place.path.ends_with('/')) place.path.pop_back();
    place.mount = topology.mount_of(place.path);
    return place;
}

Place find_place(const Host& host, const Topology& topology, std::string_view path,
                 std::vector<PassedLink>* passed) {
    std::deque<std::string> rest;
    const auto put_first = [&](std::string_view names) {
        const auto parts = split(names, "/");
        rest.insert(rest.begin(), parts.begin(), parts.end());
    };
    put_first(path);
    std::string reached = "/";
    bool exists = true;
    int links = 0;
    while (!rest.empty()) {
        const std::string name = std::move(rest.front());
        rest.pop_front();
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            reached = parent_directory(reached);
            if (reached.empty()) reached = "/";
            continue;
        }
        const std::string next = joined(reached, name);
        if (exists && !may_hang(topology.mount_of(next))) {
            const auto status = host.status(next, false);
            exists = status || status.error().kind != ErrorKind::absent || host.recorded();
            const bool is_link = status && status->kind == FileKind::symlink;
            const auto target = is_link && ++links <= most_links
                                    ? host.read_link(next)
                                    : Result<std::string>(fail(ErrorKind::absent, ""));
            if (target) {
                if (passed) passed->push_back({next, *target, !names_something(rest)});
                if (target->starts_with('/')) reached = "/";
                put_first(*target);
                continue;
            }
            if (is_link) exists = false;  // too many links: a loop
        }
        reached = next;
    }
    Place place = place_by_name(topology, reached);
    place.exists = exists;
    return place;
}

}  // namespace lastgood
