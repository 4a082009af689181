// When something is due: the times of a cron expression or of systemd's OnCalendar. Pure.
//
// cron (crontab(5) of Debian's cron 3.0pl1): five fields, names, ranges, lists, steps, @daily and
// its like. A day of the month and a day of the week that are both restricted mean either. A slot
// in an hour that summer time skips comes when that hour would have begun, and one in an hour that
// comes twice only the first time; if the field of minutes or hours begins with '*', what the clock
// shows counts: never and twice.
//
// OnCalendar (systemd.time(7), systemd 252): whole seconds; all forms but "@SECONDS". A slot in a
// skipped hour does not come, and one in an hour that comes twice only the first time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/time_zone.hpp"

namespace lastgood {

class Calendar {
  public:
    // Error: malformed, with what to write instead; also for what never comes, like 30 February.
    static Result<Calendar> parse(std::string_view text);

    // The zone at the end of an OnCalendar expression: "Europe/Berlin"; "" if it names none.
    const std::string& zone() const { return zone_; }

    // The last time at or before `time`, and the first one after it; nullopt: none from 1970 to
    // 2199. At most some thousand steps.
    std::optional<Timestamp> last_until(Timestamp time, const TimeZone& zone) const;
    std::optional<Timestamp> next_after(Timestamp time, const TimeZone& zone) const;

    // Whether it comes on that day of the week, 0: Sunday. Looks at 400 of its days, the last ones.
    bool comes_on(int weekday) const;

    // The longest time between two of the last 2000 times before 2026, in UTC. nullopt: there are
    // fewer than two.
    std::optional<Seconds> widest_gap() const;

    static constexpr int first_year = 1970, last_year = 2199;

  private:
    friend class CronReader;
    friend class OnCalendarReader;

    // How slots behave whose hour is skipped or comes twice.
    enum class Shift { run_after_gap, follow_clock, skip };

    bool matches_month(int year, int month) const;
    bool matches_day(int day_of_month, int days_in_month, int weekday) const;
    bool ever_comes() const;
    template <bool forward>
    std::optional<int64_t> search(int64_t from, const TimeZone& zone) const;
    template <bool forward>
    std::optional<int64_t> search_day(int64_t local_midnight, int64_t from,
                                      const TimeZone& zone) const;
    template <bool forward>
    std::optional<int64_t> nearest(int64_t local, int64_t from, const TimeZone& zone) const;

    // Bit N stands for the value N.
    uint64_t seconds_ = 1, minutes_ = 0, hours_ = 0, months_ = 0;
    uint64_t days_ = 0, days_from_end_ = 0;  // 1: the first, or the last, day of the month
    uint64_t weekdays_ = 0;                  // 0: Sunday
    std::vector<bool> years_;                // from first_year; empty: all
    bool either_day_ = false;                // a day of the month or of the week is enough
    Shift shift_ = Shift::skip;
    std::string zone_;
};

}  // namespace lastgood
