#include "collectors/data/moves.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/backup_need.hpp"
#include "core/ephemeral.hpp"
#include "core/filesystem_kind.hpp"
#include "core/metrics/data.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

bool is_network(const Mount& mount) {
    return filesystem_kind(mount.type, "") == FilesystemKind::network;
}

// Whether something lies there. True where nobody looks.
bool has_something(const Host& host, const Place& place) {
    if (!place.exists || place.mount == nullptr) return false;
    if (is_network(*place.mount)) return true;
    const auto status = host.status(place.path);
    if (!status) return false;
    if (status->kind != FileKind::directory) return true;
    const auto names = host.list(place.path);
    return names && std::ranges::any_of(
                        *names, [](const std::string& name) { return name != "lost+found"; });
}

bool is_waived(const Config& config, const Place& place) {
    for (std::string path = place.path; !path.empty(); path = parent_directory(path)) {
        if (backup_waived(path, config.not_backed_up)) return true;
        if (path == place.mount->point) break;
    }
    return false;
}

}  // namespace

Moves::Moves(Context& context, const Topology& topology, const std::vector<CoveredPath>& covered,
             const std::vector<DeclaredPath>& declared,
             const std::set<std::string>& ephemeral_drives)
    : context_(context),
      host_(context.host),
      topology_(topology),
      covered_(covered),
      declared_(declared),
      ephemeral_drives_(ephemeral_drives),
      file_(context.host, context.config.state_directory) {
    std::optional<Error> problem;
    known_ = file_.load(problem);
    if (problem) context_.sink.problem("", *problem);
}

void Moves::saw(const Piece& piece, const std::string& backup, bool excused) {
    told_.insert(piece.id());
    if (piece.device) return;
    Sighting seen{piece.kind, piece.title, spot_of(host_, topology_, piece.place), backup, excused,
                  {},         {}};
    seen.at = fmt::format("{} on {}", piece.place.mount->type, piece.place.mount->source);
    note(known_, piece.place.path, seen, host_.now());
    seen_.insert(piece.place.path);
}

void Moves::look_at(const std::string& path, const std::string& kind, const std::string& title) {
    if (!seen_.insert(path).second) return;
    std::vector<PassedLink> links;
    const Place place = find_place(host_, topology_, path, &links);
    if (!place.exists && links.empty()) {  // it is gone
        const auto known = known_.find(path);
        if (known != known_.end() && known->second.lost_at != 0) known_.erase(known);
        return;
    }
    if (!has_something(host_, place)) return;
    const bool ephemeral =
        lies_on_ephemeral_disk(host_, topology_, *place.mount, ephemeral_drives_);
    const auto backups = backups_of(place, ephemeral, covered_);
    const DeclaredElsewhere* declaration = declaration_of(place, ephemeral, declared_);
    Sighting seen{kind,
                  title,
                  spot_of(host_, topology_, place),
                  backups.empty() ? "" : backups.front().backup->name,
                  is_waived(context_.config, place) ||
                      (declaration != nullptr && declaration->until > host_.now()),
                  {},
                  {}};
    if (!links.empty())
        if (const auto status = host_.status(links.back().path, false))
            seen.link = status->modified;
    seen.at = place.path == path ? fmt::format("{} on {}", place.mount->type, place.mount->source)
                                 : place.path;
    // What a whole filesystem lacks is told by that.
    if (seen.backup.empty() && place.path == place.mount->point && place.path == path &&
        known_.contains(path) && known_.find(path)->second.spot == seen.spot)
        return;
    note(known_, path, seen, host_.now());
}

void Moves::finish() {
    for (const std::string& path : context_.config.precious.value)
        look_at(path, "precious", "precious data");
    for (const Backup& backup : context_.config.backups)
        for (const std::string& path : backup.covers) look_at(path, "covered", "data");
    for (const auto& [path, one] : WhereaboutsByPath(known_)) look_at(path, one.kind, one.title);
    for (const auto& [path, one] : known_)
        if (one.lost_at != 0) observe(path, one);
    if (auto saved = file_.save(known_); !saved) context_.sink.problem("", saved.error());
}

void Moves::observe(const std::string& path, const Whereabouts& one) {
    const std::string id = one.id(path);
    const Timestamp now = host_.now();
    if (!told_.contains(id))
        context_.sink.observe(
            metric::data_info, id, 1, now,
            {{"filesystem", ""}, {"kind", one.kind}, {"path", path}, {"title", one.title}});
    if (one.to.empty())
        context_.sink.observe(metric::data_dropped_timestamp_seconds, id, one.lost_at, now,
                              {{"backup", one.backup}});
    else
        context_.sink.observe(metric::data_moved_timestamp_seconds, id, one.lost_at, now,
                              {{"backup", one.backup}, {"to", harmless(one.to)}});
}

}  // namespace lastgood
