#include "core/time.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>

#include "core/text.hpp"

namespace lastgood {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr double minute = 60, hour = 60 * minute, day = 24 * hour, week = 7 * day;
constexpr double month = 30.44 * day, year = 365.25 * day;  // as in systemd.time(7)

constexpr auto duration_units = std::to_array<Unit>({
    {"us", 1e-6},    {"ms", 1e-3},     {"s", 1},          {"sec", 1},         {"second", 1},
    {"seconds", 1},  {"m", minute},    {"min", minute},   {"minute", minute}, {"minutes", minute},
    {"h", hour},     {"hr", hour},     {"hour", hour},    {"hours", hour},    {"d", day},
    {"day", day},    {"days", day},    {"w", week},       {"week", week},     {"weeks", week},
    {"M", month},    {"month", month}, {"months", month}, {"y", year},        {"year", year},
    {"years", year},
});

constexpr auto size_units = std::to_array<Unit>({
    {"", 1},
    {"B", 1},
    {"k", 1e3},
    {"K", 1024},
    {"kB", 1e3},
    {"KB", 1e3},
    {"KiB", 1024},
    {"M", 1048576},
    {"MB", 1e6},
    {"MiB", 1048576},
    {"G", 1073741824},
    {"GB", 1e9},
    {"GiB", 1073741824},
    {"T", 1099511627776},
    {"TB", 1e12},
    {"TiB", 1099511627776},
});

constexpr std::string_view blanks = " \t";

// Takes a number and the letters after it from the start of `text`.
bool take_quantity(std::string_view& text, double& number, std::string_view& unit) {
    text = trim_start(text, blanks);
    const auto found = take_number<double>(text);
    if (!found || !std::isfinite(*found) || *found < 0) return false;
    number = *found;
    text = trim_start(text, blanks);
    size_t length = 0;
    while (length < text.size() && is_letter(text[length])) ++length;
    unit = text.substr(0, length);
    text.remove_prefix(length);
    return true;
}

template <size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
    for (const Unit& unit : units)
        if (unit.name == name) return &unit;
    return nullptr;
}

}  // namespace

Result<Seconds> parse_duration(std::string_view text) {
    const std::string_view whole = text;
    double total = 0;
    do {
        double number = 0;
        std::string_view name;
        if (!take_quantity(text, number, name))
            return fail(
                ErrorKind::malformed,
                fmt::format(
                    "\"{}\" is not a duration: write it like \"26h\", \"90s\" or \"1h 30min\"",
                    whole));
        const Unit* unit = find_unit(duration_units, name);
        if (!unit)
            return fail(
                ErrorKind::malformed,
                fmt::format("\"{}\": name a unit, one of s, min, h, d, w, month, y", whole));
        total += number * unit->factor;
        text = trim_start(text, blanks);
    } while (!text.empty());
    return total;
}

Result<double> parse_size(std::string_view text) {
    const std::string_view whole = text;
    double number = 0;
    std::string_view name;
    const bool parsed = take_quantity(text, number, name);
    const Unit* unit = parsed ? find_unit(size_units, name) : nullptr;
    text = trim_start(text, blanks);
    if (!unit || !text.empty())
        return fail(
            ErrorKind::malformed,
            fmt::format(
                "\"{}\" is not a size: write it like \"1GiB\", \"500MB\" or a number of bytes",
                whole));
    return number * unit->factor;
}

std::string format_duration(Seconds duration) {
    if (!std::isfinite(duration)) return "unknown";
    const std::string sign = duration < 0 ? "-" : "";
    const double magnitude = std::abs(duration);
    const auto two = [&](double large, std::string_view large_name, double small,
                         std::string_view small_name) {
        const auto whole = std::floor(magnitude / large);
        const auto rest = std::floor((magnitude - whole * large) / small);
        if (rest == 0) return fmt::format("{}{:.0f} {}", sign, whole, large_name);
        return fmt::format("{}{:.0f} {} {:.0f} {}", sign, whole, large_name, rest, small_name);
    };
    if (magnitude < 1) return fmt::format("{}{:.0f} ms", sign, magnitude * 1000);
    if (magnitude < minute) return fmt::format("{}{:.0f} s", sign, magnitude);
    if (magnitude < hour) return two(minute, "min", 1, "s");
    if (magnitude < 2 * day) return two(hour, "h", minute, "min");
    if (magnitude < 14 * day) return two(day, "days", hour, "h");
    return fmt::format("{}{:.0f} days", sign, std::floor(magnitude / day));
}

std::string short_age(Seconds age) {
    if (!std::isfinite(age)) return "?";
    if (age <= -1) return "in " + short_age(-age);
    const double seconds = std::max(age, 0.0);
    constexpr double mean_year = 365.25 * day;
    if (seconds < 2 * minute) return fmt::format("{:.0f} s", std::floor(seconds));
    if (seconds < 2 * hour) return fmt::format("{:.0f} min", std::floor(seconds / minute));
    if (seconds < 2 * day) return fmt::format("{:.0f} h", std::floor(seconds / hour));
    if (seconds < 1000 * day) return fmt::format("{:.0f} d", std::floor(seconds / day));
    return fmt::format("{:.1f} y", seconds / mean_year);
}

std::string format_time(Timestamp time) {
    if (!std::isfinite(time) || std::abs(time) > 1e13) return "unknown";
    const auto seconds = static_cast<time_t>(std::floor(time));
    std::tm parts{};
    if (!gmtime_r(&seconds, &parts)) return "unknown";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string format_day(Timestamp midnight) {
    constexpr Seconds noon = 43200;  // the same date in UTC, from UTC-11 to UTC+12
    const std::string time = format_time(midnight + noon);
    return time.substr(0, time.find(' '));
}

std::string format_short_time(Seconds time) {
    const auto digits = [](double number) {
        return number >= 9.95 ? fmt::format("{:.0f}", number) : fmt::format("{:.2g}", number);
    };
    if (!(time >= 0.00095)) return digits(time * 1e6) + " us";
    if (time < 0.95) return digits(time * 1e3) + " ms";
    return digits(time) + " s";
}

std::string format_size(double bytes) {
    constexpr std::array<std::string_view, 6> names{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t index = 0;
    while (std::abs(bytes) >= 1024 && index + 1 < names.size()) {
        bytes /= 1024;
        ++index;
    }
    return index == 0 ? fmt::format("{:.0f} B", bytes)
                      : fmt::format("{:.1f} {}", bytes, names[index]);
}

namespace {
std::tm civil(int y, int mo, int d, int h, int mi, int s) {
    std::tm parts{};
    parts.tm_year = y - 1900;
    parts.tm_mon = mo - 1;
    parts.tm_mday = d;
    parts.tm_hour = h;
    parts.tm_min = mi;
    parts.tm_sec = s;
    parts.tm_isdst = -1;
    return parts;
}
}  // namespace

Timestamp from_civil_utc(int y, int mo, int d, int h, int mi, int s) {
    std::tm parts = civil(y, mo, d, h, mi, s);
    return static_cast<Timestamp>(timegm(&parts));
}

Timestamp from_civil_local(int y, int mo, int d, int h, int mi, int s) {
    std::tm parts = civil(y, mo, d, h, mi, s);
    return static_cast<Timestamp>(mktime(&parts));
}

bool CivilTime::has_valid_date() const {
    if (month < 1 || day < 1) return false;
    return std::chrono::year_month_day(std::chrono::year(year),
                                       std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day)))
        .ok();
}

bool CivilTime::has_valid_time() const {
    return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
}

Timestamp from_civil_utc(const CivilTime& c) {
    return from_civil_utc(c.year, c.month, c.day, c.hour, c.minute, c.second) + c.fraction;
}

Timestamp from_civil_local(const CivilTime& c) {
    return from_civil_local(c.year, c.month, c.day, c.hour, c.minute, c.second) + c.fraction;
}

}  // namespace lastgood
