#include "collectors/data/content.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/descriptor.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// Whether the path names this database or its kind, and not a tree that has much else.
bool names_it(const Place& path, const Piece& piece) {
    constexpr std::array<std::string_view, 5> of_much = {"/", "/var", "/var/lib", "/srv", "/home"};
    return path.exists && lies_below(piece.place.path, path.path) && !contains(of_much, path.path);
}

std::string head_of(const Host& host, const std::string& path) {
    const auto opened = host.open(path, O_NOFOLLOW);
    if (!opened) return {};
    const Descriptor file(*opened);
    std::string text(copy_head_size, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    text.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

Content content_at(const LocalFiles& files, const std::string& path) {
    const auto place = files.find(path);
    const auto status =
        place ? files.host().status(place->path) : Result<FileStatus>(fail(ErrorKind::absent, ""));
    if (status && status->kind == FileKind::directory) return content_by_names(files.names(*place));
    const Content content = status && status->kind == FileKind::regular
                                ? content_by_head(head_of(files.host(), place->path))
                                : Content::unknown;
    return content == Content::unknown ? content_by_name(path) : content;
}

// Of the copy that sorts last: names have dates.
Content content_of_copies(const LocalFiles& files, const std::string& location) {
    const PathPattern pattern = split_path_pattern(location);
    const auto directory = files.find(pattern.fixed);
    if (!directory || pattern.components.size() != 1) return content_by_name(location);
    std::vector<std::string> names = files.names(*directory);
    std::erase_if(names, [&](const std::string& name) {
        return !matches_component(pattern.components.front(), name);
    });
    if (names.empty()) return content_by_name(location);
    return content_at(files, fmt::format("{}/{}", directory->path, names.back()));
}

}  // namespace

std::string_view to_string(Content content) {
    switch (content) {
        case Content::files:
            return "files";
        case Content::database:
            return "database";
        case Content::unknown:
            return "unknown";
    }
    return "unknown";
}

Content content_of(const Backup& backup, const Piece& piece, const LocalFiles& files,
                   const std::vector<CoveredPath>& covered) {
    switch (backup.kind) {
        case BackupKind::restic:
        case BackupKind::borg:
        case BackupKind::rsnapshot:
        case BackupKind::duplicity:
        case BackupKind::rdiff_backup:
        case BackupKind::dirvish:
        case BackupKind::bup:
        case BackupKind::kopia:
            return Content::files;
        case BackupKind::pgbackrest:
        case BackupKind::barman:
        case BackupKind::mariabackup:
        case BackupKind::vzdump:
        case BackupKind::proxmox_backup:
            return Content::database;
        case BackupKind::files:
            return std::ranges::any_of(covered,
                                       [&](const CoveredPath& path) {
                                           return path.backup == &backup &&
                                                  names_it(path.place, piece);
                                       })
                       ? content_of_copies(files, backup.location)
                       : Content::files;
        case BackupKind::btrbk:    // of one moment: whole if all of the database
        case BackupKind::snapper:  // is in one subvolume or volume
        case BackupKind::lvm:
        case BackupKind::stamp:
        case BackupKind::systemd:
        case BackupKind::observed:
            break;
    }
    return Content::unknown;
}

}  // namespace lastgood
