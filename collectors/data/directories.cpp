// Directories that hold data by their place: of people, of services, of web sites, of mail.
#include <fmt/core.h>

#include <algorithm>

#include "collectors/data/find.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

struct KnownDirectory {
    std::string_view kind, title, path;
};

constexpr KnownDirectory known_directories[] = {
    {"home", "home directories", "/home"},
    {"files", "files", "/srv"},
    {"sites", "web sites", "/var/www"},
    {"mail", "mail", "/var/mail"},
    {"mail", "mail", "/var/vmail"},
    {"mail", "mail", "/var/spool/cyrus"},
    {"guests", "disks of guests", "/var/lib/libvirt/images"},
    {"guests", "disks of guests", "/var/lib/vz/images"},
};

constexpr std::string_view cache_signature = "Signature: 8a477f597d28d172789f06886806bc55";

// The web server's package leaves a page of its own.
bool is_sample(std::string_view path) {
    return path == "/var/www/html/index.html" || path == "/var/www/html/index.nginx-debian.html";
}

// Whether backups lie there: it is no data of its own.
bool holds_backups(const std::string& path, const std::vector<Backup>& backups) {
    return std::ranges::any_of(backups, [&](const Backup& backup) {
        return has_copies_at_location(backup.kind) && lies_below(fixed_location(backup), path);
    });
}

}  // namespace

bool has_data(const LocalFiles& files, const Place& directory, const std::vector<Backup>& backups,
              std::vector<std::string>& without, int levels) {
    bool found = false;
    for (const std::string& name :
         files.host().list(directory.path).value_or(std::vector<std::string>())) {
        if (name == "lost+found") continue;
        const std::string path = fmt::format("{}/{}", directory.path, name);
        if (holds_backups(path, backups)) {
            without.push_back(path);
            continue;
        }
        if (name.starts_with('.')) continue;
        const auto status = files.status(path);
        if (!status) continue;
        if (status->kind == FileKind::regular && !is_sample(path)) found = true;
        if (status->kind != FileKind::directory) continue;
        const auto inner = files.find(path);
        if (!inner || inner->mount != directory.mount) continue;
        found = found || levels == 0 || has_data(files, *inner, backups, without, levels - 1);
    }
    return found;
}

bool is_cache(const LocalFiles& files, const Place& directory) {
    if (!files.has(directory, "CACHEDIR.TAG")) return false;
    const auto text = files.host().read(directory.path + "/CACHEDIR.TAG", 4096);
    return text && text->starts_with(cache_signature);
}

void find_directories(const LocalFiles& files, const std::vector<Backup>& backups,
                      std::vector<Piece>& pieces) {
    for (const KnownDirectory& known : known_directories) {
        const auto place = files.find(std::string(known.path));
        if (!place || is_cache(files, *place) || holds_backups(place->path, {})) continue;
        std::vector<std::string> without;
        if (!has_data(files, *place, backups, without)) continue;
        add_piece(pieces, {.kind = std::string(known.kind),
                           .title = std::string(known.title),
                           .place = *place,
                           .without = std::move(without)});
    }
}

void find_named(const LocalFiles& files, const std::vector<std::string>& paths,
                const NamedData& named, std::vector<Piece>& pieces) {
    for (const std::string& path : paths)
        if (const auto place = files.find(path))
            add_piece(pieces, {.kind = std::string(named.kind),
                               .title = std::string(named.title),
                               .place = *place,
                               .is_precious = named.is_precious});
}

}  // namespace lastgood
