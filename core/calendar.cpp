#include "core/calendar.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace lastgood {

namespace {

constexpr int64_t day = 86400, hour = 3600, minute = 60;

constexpr bool has(uint64_t bits, int value) {
    return (bits >> value & 1) != 0;
}

int64_t days_of(int year, int month) {
    const std::chrono::sys_days first =
        std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / 1;
    return first.time_since_epoch().count();
}

int length_of(int year, int month) {
    const auto last = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
                      std::chrono::last;
    return static_cast<int>(static_cast<unsigned>(last.day()));
}

int weekday_of(int64_t days) {  // since 1970-01-01, a Thursday; 0: Sunday
    return static_cast<int>(((days + 4) % 7 + 7) % 7);
}

int64_t floor_days(int64_t seconds) {
    return seconds >= 0 ? seconds / day : (seconds - day + 1) / day;
}

}  // namespace

bool Calendar::matches_month(int year, int month) const {
    if (year < first_year || year > last_year || !has(months_, month)) return false;
    return years_.empty() || years_[static_cast<size_t>(year - first_year)];
}

bool Calendar::matches_day(int day_of_month, int days_in_month, int weekday) const {
    const bool of_month =
        has(days_, day_of_month) || has(days_from_end_, days_in_month + 1 - day_of_month);
    const bool of_week = has(weekdays_, weekday);
    return either_day_ ? of_month || of_week : of_month && of_week;
}

// Of the instants at which clocks show `local` the nearest one in the direction of the search.
template <bool forward>
std::optional<int64_t> Calendar::nearest(int64_t local, int64_t from, const TimeZone& zone) const {
    const TimeZone::Instants instants = zone.instants_of(local);
    std::array<std::optional<int64_t>, 2> found{instants.first, std::nullopt};
    if (!instants.first && shift_ == Shift::run_after_gap) found[0] = instants.after_gap;
    if (shift_ == Shift::follow_clock) found[1] = instants.second;
    std::optional<int64_t> best;
    for (const auto& one : found) {
        if (!one || (forward ? *one <= from : *one > from)) continue;
        if (!best || (forward ? *one < *best : *one > *best)) best = one;
    }
    return best;
}

// The nearest time of one day.
template <bool forward>
std::optional<int64_t> Calendar::search_day(int64_t local_midnight, int64_t from,
                                            const TimeZone& zone) const {
    // Clocks are set at most once around a day, so these are all its offsets.
    const int64_t before = zone.offset_at(local_midnight - 16 * hour);
    const int64_t after = zone.offset_at(local_midnight + 40 * hour);
    const int64_t least = std::min(before, after), most = std::max(before, after);
    std::optional<int64_t> best;
    enum class Position { too_early, within, too_late };  // in the direction of the search
    const auto position = [&](int64_t begin, int64_t length) {
        const int64_t first = begin - most, last = begin + length - 1 - least;
        if (forward ? last <= from : first > from) return Position::too_early;
        if (best && (forward ? first >= *best : last <= *best)) return Position::too_late;
        return Position::within;
    };
    for (int i = 0; i < 24; ++i) {
        const int h = forward ? i : 23 - i;
        const int64_t hour_begin = local_midnight + h * hour;
        if (!has(hours_, h) || position(hour_begin, hour) == Position::too_early) continue;
        if (position(hour_begin, hour) == Position::too_late) break;
        for (int j = 0; j < 60; ++j) {
            const int m = forward ? j : 59 - j;
            const int64_t begin = hour_begin + m * minute;
            if (!has(minutes_, m) || position(begin, minute) != Position::within) continue;
            for (int k = 0; k < 60; ++k) {
                const int s = forward ? k : 59 - k;
                const auto one =
                    has(seconds_, s) ? nearest<forward>(begin + s, from, zone) : std::nullopt;
                if (!one) continue;
                if (!best || (forward ? *one < *best : *one > *best)) best = one;
                break;
            }
        }
    }
    return best;
}

template <bool forward>
std::optional<int64_t> Calendar::search(int64_t from, const TimeZone& zone) const {
    constexpr int64_t begin = 0, end = 7'258'118'400;  // 1970-01-01 and 2200-01-01
    from = std::clamp(from, begin - day, end + day);
    const int64_t local_day = floor_days(from + zone.offset_at(from));
    const int64_t start = forward ? local_day - 1 : local_day + 1;
    const std::chrono::year_month_day date{
        std::chrono::sys_days(std::chrono::days(static_cast<int>(start)))};
    int year = static_cast<int>(date.year());
    int month = static_cast<int>(static_cast<unsigned>(date.month()));
    bool is_first_month = true;
    while (forward ? year <= last_year : year >= first_year) {
        if (matches_month(year, month)) {
            const int64_t first = days_of(year, month);
            const int length = length_of(year, month);
            for (int i = 0; i < length; ++i) {
                const int day_of_month = forward ? i + 1 : length - i;
                const int64_t days = first + day_of_month - 1;
                if (is_first_month && (forward ? days < start : days > start)) continue;
                if (!matches_day(day_of_month, length, weekday_of(days))) continue;
                if (const auto found = search_day<forward>(days * day, from, zone)) return found;
            }
        }
        is_first_month = false;
        month += forward ? 1 : -1;
        if (month == 0 || month == 13) {
            year += forward ? 1 : -1;
            month = forward ? 1 : 12;
        }
    }
    return std::nullopt;
}

namespace {

// Times beyond these are no times.
bool is_searchable(Timestamp time) {
    return std::isfinite(time) && std::abs(time) < 1e13;
}

}  // namespace

bool Calendar::ever_comes() const {
    return search<true>(-1, TimeZone()).has_value();
}

std::optional<Timestamp> Calendar::last_until(Timestamp time, const TimeZone& zone) const {
    if (!is_searchable(time)) return std::nullopt;
    const auto found = search<false>(static_cast<int64_t>(std::floor(time)), zone);
    if (!found) return std::nullopt;
    return static_cast<Timestamp>(*found);
}

std::optional<Timestamp> Calendar::next_after(Timestamp time, const TimeZone& zone) const {
    if (!is_searchable(time)) return std::nullopt;
    const auto found = search<true>(static_cast<int64_t>(std::floor(time)), zone);
    if (!found) return std::nullopt;
    return static_cast<Timestamp>(*found);
}

bool Calendar::comes_on(int weekday) const {
    constexpr int most_days = 400;
    auto time = last_until(from_civil_utc(last_year, 12, 31, 23, 59, 59), TimeZone());
    for (int i = 0; i < most_days && time; ++i) {
        const int64_t days = floor_days(static_cast<int64_t>(*time));
        if (weekday_of(days) == weekday) return true;
        time = last_until(static_cast<Timestamp>(days * day - 1), TimeZone());
    }
    return false;
}

std::optional<Seconds> Calendar::widest_gap() const {
    constexpr int most_times = 2000;
    std::optional<Seconds> widest;
    auto later = last_until(from_civil_utc(2026, 1, 1, 0, 0, 0), TimeZone());
    for (int i = 1; i < most_times && later; ++i) {
        const auto earlier = last_until(*later - 1, TimeZone());
        if (earlier) widest = std::max(widest.value_or(0), *later - *earlier);
        later = earlier;
    }
    return widest;
}

}  // namespace lastgood
