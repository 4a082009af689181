// Reports data that is worth a backup: databases, home directories, services' files, and which
// backups have it.
#include "core/metrics/data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "collectors/collector.hpp"
#include "collectors/data/content.hpp"
#include "collectors/data/copies.hpp"
#include "collectors/data/find.hpp"
#include "collectors/data/moves.hpp"
#include "collectors/data/paused.hpp"
#include "collectors/data/piece_backups.hpp"
#include "collectors/data/servers.hpp"
#include "collectors/data/size.hpp"
#include "core/backup_need.hpp"
#include "core/coverage.hpp"
#include "core/elsewhere.hpp"
#include "core/ephemeral.hpp"
#include "core/failure_domain.hpp"
#include "core/mounts.hpp"
#include "core/named_place.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr size_t most_pieces = 500;
constexpr size_t most_of_kind = 200;  // so that no kind of them pushes out the others

class DataCollector {
  public:
    explicit DataCollector(Context& context) : context_(context), host_(context.host) {}

    Result<void> run() {
        auto topology = Topology::read(host_, context_.config.loop_devices);
        if (!topology) {
            if (topology.error().kind == ErrorKind::absent && host_.recorded()) return {};
            return tl::unexpected(topology.error());
        }
        topology_ = std::move(*topology);
        const std::string types = host_.read("/proc/filesystems").value_or("");
        filesystems_ = select_mounts(topology_.mounts, types);
        ephemeral_ = ephemeral_drives(host_, topology_);
        fstab_ = read_fstab(host_, topology_);
        covered_ = covered_paths(host_, topology_, context_.config.backups);
        declared_ = declared_paths(host_, topology_, context_.config.elsewhere);
        const LocalFiles files(host_, topology_, types);
        std::vector<Piece> pieces = find(files);
        limit(pieces);
        observe_missing(context_.config.precious, precious_data);
        for (const DeclaredElsewhere& declaration : context_.config.elsewhere) {
            for (const std::string& id : observe_missing(without_links(declaration), declared_data))
                observe_declaration(id, declaration, host_.now());
            observe_links(declaration);
        }
        Moves moves(context_, topology_, covered_, declared_, ephemeral_);
        SizeBudget budget;
        for (const Piece& piece : pieces) {
            observe(piece, files, budget, moves);
            context_.sink.flush();  // the next one may lie on a disk that hangs
        }
        moves.finish();
        return {};
    }

  private:
    std::vector<Piece> find(const LocalFiles& files) const {
        std::vector<Piece> pieces;
        find_databases(files, directories_of_servers(files), pieces);
        find_directories(files, context_.config.backups, pieces);
        find_containers(files, context_.config.backups, pieces);
        find_guests(files, context_.config.backups, pieces);
        find_sqlite(files, pieces);
        find_named(files, context_.config.precious, precious_data, pieces);
        std::vector<const Mount*> ephemeral = filesystems_;
        std::erase_if(ephemeral, [&](const Mount* mount) {
            return !lies_on_ephemeral_disk(host_, topology_, *mount, ephemeral_);
        });
        find_temporary(files, ephemeral, context_.config.backups, pieces);
        for (const DeclaredElsewhere& declaration : context_.config.elsewhere)
            find_named(files, without_links(declaration), declared_data, pieces);
        std::erase_if(pieces, [&](const Piece& piece) {  // which speaks for itself
            const bool named = piece.is_precious || piece.kind == declared_data.kind;
            if (named && is_unmounted(piece.place)) return true;  // missing
            if (piece.kind != declared_data.kind) return false;
            const Mount* filesystem = filesystem_of(piece.place);
            return filesystem != nullptr && filesystem->point == piece.place.path;
        });
        return pieces;
    }

    // The precious ones come first.
    void limit(std::vector<Piece>& pieces) const {
        const size_t found = pieces.size();
        const auto others = std::stable_partition(pieces.begin(), pieces.end(),
                                                  [](const Piece& one) { return one.is_precious; });
        std::map<std::string, size_t> of_kind;
        const auto too_many = [&](const Piece& one) { return ++of_kind[one.kind] > most_of_kind; };
        pieces.erase(std::remove_if(others, pieces.end(), too_many), pieces.end());
        if (pieces.size() > most_pieces) pieces.erase(pieces.begin() + most_pieces, pieces.end());
        if (pieces.size() < found)
            context_.sink.problem(
                "", {ErrorKind::failed,
                     fmt::format("{} pieces of data were found; only {} of them are watched, at "
                                 "most {} of one kind; name those that matter in precious",
                                 found, pieces.size(), most_of_kind)});
    }

    bool is_unmounted(const Place& place) const {
        return find_unmounted_at_boot(fstab_, topology_, place.path) != nullptr;
    }

    // The paths that are not there, as subjects of their own; returns their ids.
    std::vector<std::string> observe_missing(const std::vector<std::string>& paths,
                                             const NamedData& named) {
        std::vector<std::string> missing;
        for (const std::string& path : paths) {
            const Place place = find_place(host_, topology_, path);
            const bool unmounted = is_unmounted(place);
            if (place.exists && !unmounted) continue;
            missing.push_back(fmt::format("{} {}", named.kind, place.path));
            context_.sink.observe(metric::data_info, missing.back(), 1, host_.now(),
                                  {{"filesystem", ""},
                                   {"kind", std::string(named.kind)},
                                   {"path", place.path},
                                   {"title", std::string(named.title)}});
            context_.sink.observe(metric::data_missing, missing.back(), 1, host_.now(),
                                  {{"why", unmounted ? "is not mounted" : "does not exist"}});
        }
        return missing;
    }

    // Where links are that make the path count for nothing.
    std::optional<std::string> link_of(const std::string& declared_path) const {
        return find_named_place(host_, topology_, declared_path, false).link;
    }

    std::vector<std::string> without_links(const DeclaredElsewhere& declaration) const {
        std::vector<std::string> paths = declaration.paths;
        std::erase_if(paths, [&](const std::string& path) { return link_of(path).has_value(); });
        return paths;
    }

    // As subjects of their own, as what is missing.
    void observe_links(const DeclaredElsewhere& declaration) {
        for (const std::string& path : declaration.paths) {
            const auto target = link_of(path);
            if (!target) continue;
            const std::string id = fmt::format("{} {}", declared_data.kind, path);
            context_.sink.observe(metric::data_info, id, 1, host_.now(),
                                  {{"filesystem", ""},
                                   {"kind", std::string(declared_data.kind)},
                                   {"path", path},
                                   {"title", std::string(declared_data.title)}});
            context_.sink.observe(metric::data_link, id, 1, host_.now(),
                                  {{"target", harmless(*target)}});
        }
    }

    void observe_declaration(const std::string& id, const DeclaredElsewhere& declaration,
                             Timestamp now) {
        context_.sink.observe(metric::data_elsewhere_until_timestamp_seconds, id, declaration.until,
                              now, {{"owner", declaration.owner}, {"reason", declaration.reason}});
    }

    // The mount by which the filesystems collector calls the filesystem; nullptr: it does not.
    const Mount* filesystem_of(const Place& place) const {
        const Mount* best = nullptr;
        for (const Mount* mount : filesystems_)
            if (mount->number == place.mount->number && mount->type == place.mount->type &&
                lies_below(place.inside(), mount->root) &&
                (best == nullptr || mount->root.size() > best->root.size()))
                best = mount;
        return best;
    }

    // The reason for which it needs no backup, by the setting: of the data, or of what it lies in
    // on its own mount. What is precious is waived by its own name only.
    std::optional<std::string> waived(const Piece& piece, const std::string& filesystem) const {
        const auto& setting = context_.config.not_backed_up.value;
        for (std::string path = piece.place.path; !path.empty(); path = parent_directory(path)) {
            if (auto reason = backup_waived(path, setting)) return reason;
            if (path == "/" || path == filesystem || path == piece.place.mount->point) break;
            if (piece.is_precious) break;
        }
        return std::nullopt;
    }

    void observe(const Piece& piece, const LocalFiles& files, SizeBudget& budget, Moves& moves) {
        const Mount* filesystem = piece.device ? nullptr : filesystem_of(piece.place);
        if (filesystem == nullptr && !piece.device) return;
        const DataSize size = size_of(files, piece, budget);
        if (piece.kind == temporary_data.kind && size.complete && size.bytes < least_temporary)
            return;
        Sink& sink = context_.sink;
        const std::string id = piece.id();
        const Timestamp now = host_.now();
        sink.observe(metric::data_info, id, 1, now,
                     {{"filesystem", filesystem ? filesystem->point : ""},
                      {"kind", piece.kind},
                      {"path", piece.place.path},
                      {"title", piece.title}});
        sink.observe(metric::data_size_bytes, id, size.bytes, now);
        sink.observe(metric::data_size_incomplete, id, size.complete ? 0 : 1, now,
                     {{"bound", size.complete ? "" : "at least "}});
        if (piece.is_database)
            sink.observe(metric::data_server_running, id, piece.is_running ? 1 : 0, now);
        if (filesystem == nullptr || !filesystem->read_only ||
            !read_only_intended(*filesystem, fstab_))
            observe_backups(piece, filesystem, files, moves);
    }

    // Whether the filesystem has a finding, because no backup has any of it.
    bool is_told_by(const Mount& filesystem, bool ephemeral) const {
        const auto& backups = context_.config.backups;
        return backups_of(filesystem, ephemeral, covered_).empty() &&
               !backup_waived(filesystem.point, context_.config.not_backed_up) &&
               !is_for_backups(filesystem, topology_, backups, covered_);
    }

    // `filesystem`: nullptr of a block device.
    void observe_backups(const Piece& piece, const Mount* filesystem, const LocalFiles& files,
                         Moves& moves) {
        Sink& sink = context_.sink;
        const Timestamp now = host_.now();
        const std::string id = piece.id();
        const bool ephemeral =
            lies_on_ephemeral_disk(host_, topology_, *piece.place.mount, ephemeral_);
        const auto backups = backups_of(piece, ephemeral, files, covered_, context_.config.backups);
        const auto reason = waived(piece, filesystem ? filesystem->point : "/");
        sink.observe(metric::data_ephemeral, id, ephemeral ? 1 : 0, now);
        if (reason) sink.observe(metric::data_backup_waived, id, 1, now, {{"reason", *reason}});
        if (!reason || !backups.empty())
            sink.observe(metric::data_backed_up, id, backups.empty() ? 0 : 1, now);
        if (!reason && !backups.empty())
            sink.observe(metric::data_partly_backed_up, id,
                         have_only_a_part(piece, backups, ephemeral, files, covered_) ? 1 : 0, now);
        sink.observe(metric::data_precious, id, piece.is_precious ? 1 : 0, now);
        const auto* declaration = declaration_of(piece.place, ephemeral, declared_);
        const bool told = filesystem != nullptr && !piece.is_precious &&
                          is_told_by(*filesystem, ephemeral) &&
                          declaration == declaration_of(*filesystem, ephemeral, declared_);
        sink.observe(metric::data_told_by_filesystem, id, told ? 1 : 0, now);
        moves.saw(piece, backups.empty() ? "" : backups.front().backup->name,
                  reason || (declaration != nullptr && declaration->until > now));
        if (declaration != nullptr && (declaration->until > now || is_named(piece)))
            observe_declaration(id, *declaration, now);
        for (const PieceBackup& one : backups) {
            const auto content = content_of(*one.backup, piece, files, covered_);
            observe_backup(piece, one, content, "", now);
            for (const CoveringBackup& next : backups_of_copies(*one.backup))
                observe_backup(piece, {next.backup, one.part}, content, one.name(), now);
        }
    }

    // By a declaration, which has a finding when it ends: here, not for all that lies below.
    bool is_named(const Piece& piece) const {
        return std::ranges::any_of(declared_, [&](const DeclaredPath& declared) {
            return declared.place.path == piece.place.path;
        });
    }

    void observe_backup(const Piece& piece, const PieceBackup& one, Content content,
                        const std::string& via, Timestamp now) {
        context_.sink.observe(metric::data_backup, piece.id(), 1, now,
                              {{"backup", one.name()},
                               {"content", std::string(to_string(content))},
                               {"domain", std::string(domain_of(*one.backup, piece))},
                               {"part", one.part},
                               {"via", via}});
    }

    // The backups that have the copies of this one: dumps that are taken off the host.
    std::vector<CoveringBackup> backups_of_copies(const Backup& backup) const {
        if (backup.location.empty() || !has_copies_at_location(backup.kind)) return {};
        const Place copies = find_place(host_, topology_, fixed_location(backup));
        auto found = backups_of(copies, false, covered_);
        std::erase_if(found, [&](const CoveringBackup& one) {
            return one.backup == &backup || !one.part.empty();
        });
        return found;
    }

    // What is lost with the machine is no second copy, wherever the disk is.
    std::string_view domain_of(const Backup& backup, const Piece& piece) const {
        if (backup.location.empty() || !has_copies_at_location(backup.kind))
            return to_string(FailureDomain::unknown);
        const Place copies = find_place(host_, topology_, fixed_location(backup));
        if (copies.mount != nullptr && copies.exists &&
            lies_on_ephemeral_disk(host_, topology_, *copies.mount, ephemeral_))
            return ephemeral_domain;
        return to_string(failure_domain(host_, topology_, copies, piece.place));
    }

    Context& context_;
    const Host& host_;
    Topology topology_;
    std::vector<const Mount*> filesystems_;  // point into topology_
    std::set<std::string> ephemeral_;
    std::vector<FstabEntry> fstab_;
    std::vector<CoveredPath> covered_;    // points into topology_ and the configuration
    std::vector<DeclaredPath> declared_;  // likewise
};

Result<void> run(Context& context) {
    return DataCollector(context).run();
}

void derive(const Knowledge& knowledge, Sink& sink) {
    derive_copies(knowledge, sink);
    derive_paused(knowledge, sink);
}

}  // namespace

extern const Collector data_collector;
const Collector data_collector = {
    .name = "data",
    .summary = "Databases, home directories and other data that is worth a backup",
    .kind = CollectorKind::poll,
    .interval = 900,
    .deadline = 120,
    .run = run,
    .derive = derive,
};

}  // namespace lastgood
