// The offset of local time from UTC at any instant, for calendars. parse() and the class are pure;
// read_time_zone() reads one small file. Format: RFC 9636 (TZif), POSIX.1 TZ for the times after
// the last transition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace lastgood {

class TimeZone {
  public:
    TimeZone() = default;  // UTC

    // The bytes of a file of the time zone database. Error: malformed.
    static Result<TimeZone> parse(std::string_view bytes);

    // Seconds that local time is ahead of UTC, below a week. `instant` in seconds since the epoch.
    int64_t offset_at(int64_t instant) const;

    // The instants at which clocks show `local` (seconds since 1970-01-01 00:00 of that clock):
    // none in an hour that is skipped, two in one that comes twice; earliest first.
    struct Instants {
        std::optional<int64_t> first, second;
        int64_t after_gap = 0;  // if there is none: when the skipped hour would have begun
    };
    Instants instants_of(int64_t local) const;

  private:
    // One of the two yearly changes of a POSIX TZ string.
    struct Change {
        enum class Kind { month_week_day, julian, zero_based } kind = Kind::month_week_day;
        int month = 1, week = 1, day = 0;
        int64_t time = 7200;  // seconds after midnight of the clock before the change
    };
    struct Rule {
        int64_t standard = 0, summer = 0;    // offsets
        std::optional<Change> begins, ends;  // of summer time; nullopt: there is none
    };
    struct Transition {
        int64_t at = 0, offset = 0;
    };
    class RuleReader;

    static int64_t local_time_of(const Change& change, int year);
    int64_t offset_by_rule(const Rule& rule, int64_t instant) const;

    int64_t first_offset_ = 0;  // before the first transition
    std::vector<Transition> transitions_;
    std::optional<Rule> later_;  // after the last transition
};

// Whether this may be the name of a zone: "Europe/Berlin", "UTC". Keeps paths inside of the
// database.
bool is_zone_name(std::string_view name);

// The zone of that name, or this host's own for "". Error: absent if the host does not know it.
Result<TimeZone> read_time_zone(const Host& host, std::string_view name);

}  // namespace lastgood
