#include "agent/finding_log.hpp"

#include <fmt/core.h>

#include "agent/log.hpp"

namespace lastgood {

void FindingLog::tell(const std::vector<Finding>& findings) {
    std::map<std::pair<std::string, std::string>, std::string> present;
    for (const Finding& finding : findings) {
        const auto key = std::pair(finding.rule, finding.subject);
        if (finding.accepted) {
            told_.erase(key);  // not resolved; obey() logs the acceptance
            continue;
        }
        present[key] = finding.summary;
        if (!told_.contains(key))
            log(finding.severity == Severity::critical ? LogLevel::error : LogLevel::warning,
                fmt::format("{}: {} [{}]", to_string(finding.severity), finding.summary,
                            finding.rule));
    }
    for (const auto& [key, summary] : told_)
        if (!present.contains(key))
            log(LogLevel::info, fmt::format("resolved: {} [{}]", summary, key.first));
    told_ = std::move(present);
}

}  // namespace lastgood
