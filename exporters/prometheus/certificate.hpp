// When a TLS certificate ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// From then on a certificate is told to end soon. Those that are renewed by themselves are renewed
// 30 days before their end.
inline constexpr Seconds certificate_ends_soon = 14 * 86400.0;

// The last second in which the first certificate of a PEM text is valid: it is the server's own;
// of those behind it one may be too old without harm. nullopt: it is malformed. Pure. Source:
// RFC 5280, section 4.1.
std::optional<Timestamp> end_of_certificate(std::string_view pem);

// What to tell about the certificate at `now`; "" if nothing: it ends later, or it is malformed.
std::string why_renew_certificate(std::string_view pem, Timestamp now);

}  // namespace lastgood
