#include "collectors/backups/late_streams.hpp"

#include <string>
#include <vector>

#include "core/backup_plan.hpp"
#include "core/metrics/backup_streams.hpp"
#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

using LateStreams = std::vector<KnownBackups::const_pointer>;

bool is_told_otherwise(const KnownBackup& stream) {
    const bool behind = stream.lag && stream.max_lag && *stream.lag > *stream.max_lag;
    return !stream.readable || stream.original_late || behind || stream.incomplete || stream.gone;
}

void observe(const Metric& metric, std::string_view whole, const LateStreams& late, Timestamp now,
             Sink& sink) {
    std::string oldest;
    Timestamp time = now;
    for (const auto* stream : late) {
        if (!oldest.empty() && *stream->second.newest >= time) continue;
        time = *stream->second.newest;
        oldest = stream->first.substr(whole.size() + 1);
    }
    sink.observe(metric, std::string(whole), static_cast<double>(late.size()), now,
                 {{"oldest", oldest}});
    if (late.size() < told_together) return;
    for (const auto* stream : late)
        sink.observe(metric::backup_late_with_others, std::string(stream->first), 1, now);
}

}  // namespace

void derive_late_streams(const KnownBackups& backups, Timestamp now, Sink& sink) {
    for (const auto& [whole, known] : backups) {
        if (!known.has_streams) continue;
        const std::string prefix = std::string(whole) + "/";
        LateStreams late, late_for_long;
        for (auto one = backups.lower_bound(prefix);
             one != backups.end() && one->first.starts_with(prefix); ++one) {
            if (is_told_otherwise(one->second) || !is_late(one->second, now)) continue;
            (is_late_for_long(one->second, now) ? late_for_long : late).push_back(&*one);
        }
        observe(metric::backup_late_streams, whole, late, now, sink);
        observe(metric::backup_long_late_streams, whole, late_for_long, now, sink);
    }
}

}  // namespace lastgood
