#include "collectors/backups/places.hpp"

#include "collectors/backups/disks.hpp"
#include "collectors/backups/state.hpp"
#include "core/coverage.hpp"
#include "core/metrics/backups.hpp"
#include "core/utf8.hpp"

namespace lastgood {

std::string observe_places(Context& context, Surroundings& around, const Backup& backup,
                           Timestamp now) {
    const Topology& topology = around.topology;
    observe_disks(context.host, context.sink, topology, around.ephemeral, backup);
    std::string unmounted;
    std::vector<Place> sources;
    for (const std::string& path : backup.covers) {
        NamedPlace source =
            find_covered(context.host, topology, context.config.backups, backup, path);
        const FstabEntry* missing =
            find_unmounted_at_boot(around.fstab, topology, source.place.path);
        if (missing != nullptr) unmounted = missing->point;
        if (missing != nullptr || !source.place.exists)
            context.sink.observe(
                metric::backup_source_missing, backup.name, 1, now,
                {{"path", path}, {"why", missing ? "is not mounted" : "does not exist"}});
        if (source.link)
            context.sink.observe(metric::backup_source_link, backup.name, 1, now,
                                 {{"path", path}, {"target", harmless(*source.link)}});
        sources.push_back(std::move(source.place));
    }
    if (sources.empty())
        if (const auto here = lies_on_host(context.host, topology, backup))
            context.sink.observe(metric::backup_on_host, backup.name, *here ? 1 : 0, now);
    const auto domain = closest_domain(context.host, topology, backup, sources);
    if (!domain) return unmounted;
    context.sink.observe(metric::backup_failure_domain, backup.name, 1, now,
                         {{"domain", std::string(to_string(*domain))}});
    if (*domain != FailureDomain::same_filesystem && *domain != FailureDomain::same_drive)
        return unmounted;
    for (const Backup* other : around.others.of(backup, sources))
        context.sink.observe(metric::backup_also_in, backup.name, 1, now, {{"other", other->name}});
    return unmounted;
}

}  // namespace lastgood
