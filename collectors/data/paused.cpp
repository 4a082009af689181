#include "collectors/data/paused.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "core/metrics/backups.hpp"
#include "core/metrics/data.hpp"

namespace lastgood {

void derive_paused(const Knowledge& knowledge, Sink& sink) {
    std::map<std::string_view, Timestamp> paused;  // until then, by backup
    for (const Observation& one : knowledge.observations)
        if (one.metric == &metric::backup_paused_until_timestamp_seconds &&
            one.value > knowledge.now)
            paused[one.subject] = one.value;
    if (paused.empty()) return;
    std::map<std::string_view, Timestamp> until;  // by data; 0: a backup of it is not paused
    for (const Observation& one : knowledge.observations) {
        if (one.metric != &metric::data_backup || !one.label("via").empty()) continue;
        const std::string_view name = one.label("backup");
        const auto found = paused.find(name.substr(0, name.find('/')));  // one of its streams
        const Timestamp end = found == paused.end() ? 0 : found->second;
        const auto [known, is_new] = until.emplace(one.subject, end);
        if (!is_new) known->second = std::min(known->second, end);
    }
    for (const auto& [data, end] : until)
        if (end > 0)
            sink.observe(metric::data_paused_until_timestamp_seconds, std::string(data), end,
                         knowledge.now);
}

}  // namespace lastgood
