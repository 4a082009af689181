// Which form of an answer a client accepts: the headers Accept and Accept-Encoding (RFC
// 9110, 12.5). Pure. What cannot be parsed accepts nothing.
#pragma once

#include <string_view>

namespace lastgood {

// Whether gzip is accepted, and not less than the plain text where both are named.
bool accepts_gzip(std::string_view accept_encoding);

// Whether OpenMetrics 1.0.0 is named (not only by a wildcard), and accepted not less than
// Prometheus' text format.
bool prefers_openmetrics(std::string_view accept);

}  // namespace lastgood
