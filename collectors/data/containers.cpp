// What containers of Docker and Podman keep on this host.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>

#include "collectors/data/find.hpp"
#include "collectors/data/parse/container_config.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_containers = 1000;
constexpr size_t most_text = 4 * mib;

// 64 hexadecimal digits: nobody has named it.
bool is_anonymous(std::string_view volume) {
    return volume.size() == 64 && consists_of(volume, "0123456789abcdef");
}

// Directories of the system: a container that has one of them watches or serves the host.
bool is_of_system(std::string_view path) {
    constexpr std::array<std::string_view, 6> itself = {"/",    "/var", "/var/lib",
                                                        "/opt", "/mnt", "/media"};
    constexpr std::array<std::string_view, 15> below = {
        "/bin",  "/boot", "/dev", "/etc", "/lib",       "/lib64",   "/proc",   "/run",
        "/sbin", "/sys",  "/tmp", "/usr", "/var/cache", "/var/log", "/var/tmp"};
    for (const std::string_view directory : below)
        if (lies_below(path, directory)) return true;
    return contains(itself, path);
}

class Search {
  public:
    Search(const LocalFiles& files, const std::vector<Backup>& backups, std::vector<Piece>& pieces)
        : files_(files), backups_(backups), pieces_(pieces) {}

    void docker(const std::string& root) {
        volumes("docker-volume", "Docker volume", root + "/volumes");
        for (const std::string& path : directories(root + "/containers"))
            binds(docker_binds(text(path + "/config.v2.json")), root);
    }

    void podman(const std::string& root, const std::string& volume_path) {
        volumes("podman-volume", "Podman volume", volume_path);
        const auto place = files_.find(root);
        if (!place) return;
        for (const std::string& name : files_.names(*place)) {
            if (!name.ends_with("-containers")) continue;  // "overlay-containers"
            for (const std::string& path : directories(fmt::format("{}/{}", root, name)))
                binds(oci_binds(text(path + "/userdata/config.json")), root);
        }
    }

    std::string text(const std::string& path) const {
        return files_.find(path) ? files_.host().read(path, most_text).value_or("") : "";
    }

  private:
    std::vector<std::string> directories(const std::string& path) const {
        std::vector<std::string> found = expand(files_, path + "/*");
        if (found.size() > most_containers) found.resize(most_containers);
        return found;
    }

    void volumes(std::string_view kind, std::string_view title, const std::string& path) {
        for (const std::string& volume : expand(files_, path + "/*")) {
            if (is_anonymous(last_component(volume))) continue;
            const std::string device = docker_volume_device(text(volume + "/opts.json"));
            add(kind, title, device.empty() ? volume + "/_data" : device);
        }
    }

    void binds(const std::vector<std::string>& paths, const std::string& root) {
        for (const std::string& path : paths) {
            const auto place = files_.find(path);
            if (place && !is_of_system(place->path) && !lies_below(place->path, root) &&
                !lies_below(root, place->path))
                add("container-directory", "container directory", place->path);
        }
    }

    void add(std::string_view kind, std::string_view title, const std::string& path) {
        const auto place = files_.find(path);
        if (!place || is_cache(files_, *place) || piece_around(pieces_, *place)) return;
        const auto status = files_.host().status(place->path);
        std::vector<std::string> without;
        if (!status || status->kind != FileKind::directory ||
            !has_data(files_, *place, backups_, without))
            return;
        add_piece(pieces_, {.kind = std::string(kind),
                            .title = std::string(title),
                            .place = *place,
                            .without = std::move(without)});
    }

    const LocalFiles& files_;
    const std::vector<Backup>& backups_;
    std::vector<Piece>& pieces_;
};

// Where a setting of Podman may be, the strongest first: files beside the main one override it, in
// the order of their names (containers.conf(5), containers-storage.conf(5)).
std::vector<std::string> podman_files(const LocalFiles& files, std::string_view stem) {
    std::vector<std::string> found;
    for (const char* directory : {"/etc/containers", "/usr/share/containers"})
        for (const char* suffix : {".rootful.conf.d", ".conf.d"}) {
            const auto place = files.find(fmt::format("{}/{}{}", directory, stem, suffix));
            if (!place) continue;
            auto names = files.names(*place);
            std::ranges::sort(names, std::greater());
            for (const std::string& name : names)
                if (name.ends_with(".conf")) found.push_back(place->path + "/" + name);
        }
    for (const char* directory : {"/etc/containers", "/usr/share/containers"})
        found.push_back(fmt::format("{}/{}.conf", directory, stem));
    return found;
}

// What the first of the files says that says anything.
template <class Parse>
std::string setting(const Search& search, const std::vector<std::string>& paths, Parse parse) {
    for (const std::string& path : paths)
        if (std::string value = parse(search.text(path)); !value.empty()) return value;
    return {};
}

std::string or_else(const std::string& value, const std::string& otherwise) {
    return std::string(without_trailing_slashes(value.empty() ? otherwise : value));
}

}  // namespace

void find_containers(const LocalFiles& files, const std::vector<Backup>& backups,
                     std::vector<Piece>& pieces) {
    Search search(files, backups, pieces);
    search.docker(
        or_else(setting(search, {"/etc/docker/daemon.json"}, docker_data_root), "/var/lib/docker"));
    search.docker("/var/snap/docker/common/var-lib-docker");
    const std::string root =
        or_else(setting(search, podman_files(files, "storage"), podman_graph_root),
                "/var/lib/containers/storage");
    search.podman(root,
                  or_else(setting(search, podman_files(files, "containers"), podman_volume_path),
                          root + "/volumes"));
}

}  // namespace lastgood
