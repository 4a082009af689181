// An administrator's word that a finding is known and lived with. It stays visible, but it is no
// longer counted, until a date or until its value gets worse.
#pragma once

#include <optional>
#include <string>

#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

struct Acceptance {
    std::string rule;  // "drive_suspect_reallocated"
    SubjectKind kind = SubjectKind::host;
    std::string subject;  // id; empty for the host
    // The finding speaks again when its value is worse than this; nullopt: whatever the value.
    std::optional<double> up_to;
    Timestamp until = 0;
    std::string by;      // user name
    std::string reason;  // one line
    bool operator==(const Acceptance&) const = default;
};

// "array_mismatches of md0", for the log.
std::string finding_words(std::string_view rule, std::string_view subject);

inline constexpr Seconds acceptance_limit = 365 * 86400.0;   // of any acceptance
inline constexpr Seconds acceptance_default = 90 * 86400.0;  // of the command
inline constexpr Seconds acceptance_notice = 7 * 86400.0;  // its end is announced this long before

// The end of an acceptance as people write it: a duration from `now` ("90d") or a local date
// ("2027-03-01", its midnight). Errors: malformed; not after `now`.
Result<Timestamp> parse_until(std::string_view text, Timestamp now);

}  // namespace lastgood
