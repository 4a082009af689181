#include "agent/memory/copy_records.hpp"

#include <algorithm>

#include "core/metrics/backups.hpp"

namespace lastgood {

namespace {

constexpr Seconds most_ahead = 86'400;

}  // namespace

void add_copy_records(const State& state, const Config& config, Timestamp now,
                      std::vector<Observation>& observations) {
    for (const auto& entry : state.records()) {
        const CopyRecord& record = entry.second;
        if (std::ranges::find(config.backups, record.backup, &Backup::name) == config.backups.end())
            continue;
        if (record.at > now + most_ahead) continue;  // the clock is wrong now, or was then
        Labels labels{{"by", record.by}, {"note", record.note}, {"what", record.what}};
        observations.push_back({&metric::backup_record_timestamp_seconds, record.backup,
                                std::move(labels), record.at, now});
        const Metric& metric = record.what == record_verified
                                   ? metric::backup_verified_timestamp_seconds
                                   : metric::backup_restored_timestamp_seconds;
        const auto known = std::ranges::find_if(observations, [&](const Observation& one) {
            return one.metric == &metric && one.subject == record.backup;
        });
        if (known == observations.end())
            observations.push_back({&metric, record.backup, {}, record.at, now});
        else
            known->value = std::max(known->value, record.at);
    }
}

}  // namespace lastgood
