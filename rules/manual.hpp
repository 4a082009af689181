// The generated references of the manual: docs/rules.md (rule.hpp's to_markdown), docs/metrics.md
// and docs/config.md.
#pragma once

#include <string>

namespace lastgood {

std::string metrics_to_markdown();  // from core/metrics.inc
std::string
settings_to_markdown();  // from core/settings.inc, and the tables that config files may hold

}  // namespace lastgood
