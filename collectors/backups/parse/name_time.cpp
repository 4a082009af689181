#include "collectors/backups/parse/name_time.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

struct Civil : CivilTime {
    bool has_time = false;
    std::optional<int> offset_seconds;  // east of UTC; nullopt: local time
};

// A date that a backup may have; other numbers in names are not years.
bool valid_date(const Civil& c) {
    return c.year >= 1990 && c.year <= 2099 && c.has_valid_date();
}

bool valid_time(const Civil& c) {
    return c.has_valid_time();
}

NameTime to_name_time(const Civil& c, LocalDays* days) {
    NameTime result;
    result.whole_day = !c.has_time;
    if (c.offset_seconds)
        result.time = from_civil_utc(c) - static_cast<double>(*c.offset_seconds);
    else
        result.time = days != nullptr ? days->time_of(c) : from_civil_local(c);
    return result;
}

// Reads the name from left to right; a read that fails does not move the position.
struct Reader {
    std::string_view text;
    size_t at = 0;

    bool more() const { return at < text.size(); }
    char peek() const { return more() ? text[at] : '\0'; }
    bool skip(char c) {
        if (peek() != c || !more()) return false;
        ++at;
        return true;
    }
    bool skip_any(std::string_view set) {
        if (!more() || !contains(set, text[at])) return false;
        ++at;
        return true;
    }
    // Exactly `count` digits.
    bool number(size_t count, int& value) {
        if (text.size() - at < count) return false;
        int result = 0;
        for (size_t i = 0; i < count; ++i) {
            if (!is_digit(text[at + i])) return false;
            result = result * 10 + (text[at + i] - '0');
        }
        at += count;
        value = result;
        return true;
    }
    bool digit_follows() const { return is_digit(peek()); }
};

// Whether clocks are so far from UTC anywhere (the tz database since 1973). Other numbers are part
// of the name, such as a process id.
bool is_offset(bool minus, int hours, int minutes) {
    if (minutes == 0) return hours <= (minus ? 12 : 14);
    constexpr std::array half_west = {2, 3, 9};
    constexpr std::array half_east = {3, 4, 5, 6, 9, 10};
    constexpr std::array three_quarters_east = {5, 8, 12, 13};
    const auto among = [&](const auto& list) {
        return std::ranges::find(list, hours) != list.end();
    };
    if (minutes == 30) return minus ? among(half_west) : among(half_east);
    return minutes == 45 && !minus && among(three_quarters_east);
}

// Reads "Z", "+01:00" or "-0500"; a bare "-05" is more likely part of the name.
void read_offset(Reader& reader, Civil& civil) {
    Reader probe = reader;
    if (probe.skip('Z')) {
        if (is_letter(probe.peek())) return;
        civil.offset_seconds = 0;
        reader = probe;
        return;
    }
    const bool minus = probe.peek() == '-';
    if (!probe.skip_any("+-")) return;
    int hours = 0;
    int minutes = 0;
    if (!probe.number(2, hours)) return;
    probe.skip(':');
    if (!probe.number(2, minutes) || probe.digit_follows()) return;
    if (!is_offset(minus, hours, minutes)) return;
    civil.offset_seconds = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    reader = probe;
}

// Reads the time of day after a date and its separator.
bool read_time_of_day(Reader& reader, Civil& civil) {
    Reader probe = reader;
    Civil result = civil;
    if (!probe.number(2, result.hour)) return false;
    const char separator = probe.peek();
    const bool separated = probe.skip_any(":-_.h");
    if (!probe.number(2, result.minute)) return false;
    Reader seconds = probe;
    if (!separated || seconds.skip(separator) || seconds.skip_any(":-_.m")) {
        if (seconds.number(2, result.second) && !seconds.digit_follows())
            probe = seconds;
        else
            result.second = 0;
    }
    if (probe.digit_follows() || !valid_time(result)) return false;
    Reader fraction = probe;
    if (fraction.skip_any(".,") && fraction.digit_follows()) {
        while (fraction.digit_follows()) ++fraction.at;
        // ".7z" and similar are extensions, not fractions.
        if (!is_letter(fraction.peek()) || fraction.peek() == 'Z') probe = fraction;
    }
    result.has_time = true;
    read_offset(probe, result);
    civil = result;
    reader = probe;
    return true;
}

// Reads a date (YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY), with or without a time of day.
std::optional<Civil> read_date(Reader& reader) {
    Civil civil;
    Reader probe = reader;
    bool compact = false;
    if (probe.number(4, civil.year)) {
        const char separator = probe.peek();
        compact = !probe.skip_any("-_.");
        if (!probe.number(2, civil.month) || (!compact && !probe.skip(separator)) ||
            !probe.number(2, civil.day) || !valid_date(civil)) {
            probe = reader;
            civil = {};
        }
    }
    if (civil.year == 0) {
        compact = false;
        if (!probe.number(2, civil.day) || !probe.skip('.') || !probe.number(2, civil.month) ||
            !probe.skip('.') || !probe.number(4, civil.year) || !valid_date(civil))
            return std::nullopt;
    }
    Reader time = probe;
    const bool separated = time.skip_any("T-_ .t@");
    if ((separated || compact) && read_time_of_day(time, civil)) {
        reader = time;
        return civil;
    }
    if (compact && probe.digit_follows()) {  // YYYYMMDDHH
        if (!probe.number(2, civil.hour) || !valid_time(civil)) return std::nullopt;
        civil.has_time = true;
    }
    if (probe.digit_follows()) return std::nullopt;
    reader = probe;
    return civil;
}

// Reads seconds (10 digits) or milliseconds (13 digits) since the epoch; no digits may follow.
std::optional<Timestamp> read_epoch(Reader& reader) {
    size_t end = reader.at;
    double value = 0;
    while (end < reader.text.size() && is_digit(reader.text[end]) && end - reader.at < 20)
        value = value * 10 + (reader.text[end++] - '0');
    const size_t length = end - reader.at;
    if (length == 13) value /= 1000;
    if ((length != 10 && length != 13) || value < 631152000.0 || value >= 4102444800.0)
        return std::nullopt;
    reader.at = end;
    return value;
}

const std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};

bool read_month_name(Reader& reader, int& month) {
    if (reader.text.size() - reader.at < 3) return false;
    for (size_t i = 0; i < month_names.size(); ++i) {
        bool same = true;
        for (size_t k = 0; k < 3; ++k)
            same = same && (reader.text[reader.at + k] | 0x20) == month_names[i][k];
        if (!same) continue;
        reader.at += 3;
        month = static_cast<int>(i) + 1;
        return true;
    }
    return false;
}

// An impossible date if the year has fewer days.
void set_day_of_year(Civil& civil, int number) {
    civil.month = 1;
    civil.day = number;
    for (CivilTime last = civil; civil.month <= 12; ++civil.month) {
        last.month = civil.month;
        last.day = 31;
        while (!last.has_valid_date() && last.day > 28) --last.day;
        if (civil.day <= last.day) return;
        civil.day -= last.day;
    }
}

struct PatternMatch {
    Civil civil;
    std::optional<int> day_of_year;
    std::optional<Timestamp> epoch;
};

bool read_field(Reader& reader, char field, PatternMatch& match) {
    Civil& c = match.civil;
    int number = 0;
    switch (field) {
        case 'Y':
            return reader.number(4, c.year);
        case 'y':
            if (!reader.number(2, number)) return false;
            c.year = 2000 + number;
            return true;
        case 'm':
            return reader.number(2, c.month);
        case 'd':
            return reader.number(2, c.day);
        case 'b':
            return read_month_name(reader, c.month);
        case 'H':
            c.has_time = true;
            return reader.number(2, c.hour);
        case 'M':
            return reader.number(2, c.minute);
        case 'S':
            return reader.number(2, c.second);
        case 'j':
            if (!reader.number(3, number) || number < 1 || number > 366) return false;
            match.day_of_year = number;
            return true;
        case 's':
            match.epoch = read_epoch(reader);
            return match.epoch.has_value();
        case 'z':
            read_offset(reader, c);
            return c.offset_seconds.has_value();
        case '%':
            return reader.skip('%');
        default:
            return false;
    }
}

bool read_pattern(Reader& reader, std::string_view pattern, PatternMatch& match) {
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            if (!reader.skip(pattern[i])) return false;
        } else if (++i >= pattern.size() || !read_field(reader, pattern[i], match)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Timestamp LocalDays::time_of(const CivilTime& civil) {
    const int number = (civil.year * 16 + civil.month) * 32 + civil.day;
    Day& day = days_[static_cast<size_t>(number) % days_.size()];
    if (day.number != number) {
        CivilTime start;
        start.year = civil.year;
        start.month = civil.month;
        start.day = civil.day;
        const Timestamp midnight = from_civil_local(start);
        start.hour = 23;
        start.minute = 59;
        // A clock that is changed and changed back within one day is not a plain one either, but
        // no time zone did that since 1990.
        day = {number, midnight, from_civil_local(start) - midnight == 86400 - 60};
    }
    if (!day.plain) return from_civil_local(civil);
    return day.midnight + civil.hour * 3600 + civil.minute * 60 + civil.second + civil.fraction;
}

std::optional<NameTime> find_time_in_name(std::string_view name, LocalDays* days) {
    std::optional<NameTime> best;
    Reader reader{name};
    while (reader.more()) {
        if (!reader.digit_follows()) {
            ++reader.at;
            continue;
        }
        std::optional<NameTime> found;
        const size_t begin = reader.at;
        if (const auto civil = read_date(reader))
            found = to_name_time(*civil, days);
        else if (const auto epoch = read_epoch(reader))
            found = NameTime{*epoch, false};
        if (found) found->begin = begin;
        if (found) found->end = reader.at;
        if (found && (!best || best->whole_day || !found->whole_day)) best = found;
        // Skip a number that is not a time as a whole: its tail is not one either.
        if (!found)
            while (reader.digit_follows()) ++reader.at;
    }
    return best;
}

std::optional<NameTime> find_time_by_pattern(std::string_view name, std::string_view pattern) {
    if (!what_is_wrong_with_time_pattern(pattern).empty()) return std::nullopt;
    std::optional<NameTime> best;
    for (size_t start = 0; start < name.size(); ++start) {
        Reader reader{name, start};
        PatternMatch match;
        if (!read_pattern(reader, pattern, match)) continue;
        if (match.epoch) {
            best = NameTime{*match.epoch, false, start, reader.at};
            continue;
        }
        Civil& c = match.civil;
        if (match.day_of_year) set_day_of_year(c, *match.day_of_year);
        if (!valid_date(c) || !valid_time(c)) continue;
        best = to_name_time(c, nullptr);
        best->begin = start;
        best->end = reader.at;
    }
    return best;
}

std::string_view what_is_wrong_with_time_pattern(std::string_view pattern) {
    std::string_view fields = "YymdbHMSjsz%";
    bool year = false;
    bool month = false;
    bool day = false;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') continue;
        if (++i >= pattern.size()) return "ends with a single %";
        const char field = pattern[i];
        if (!contains(fields, field)) return "knows only %Y %y %m %d %b %j %H %M %S %s %z and %%";
        if (field == 's') return "";
        year = year || field == 'Y' || field == 'y';
        month = month || field == 'm' || field == 'b' || field == 'j';
        day = day || field == 'd' || field == 'j';
    }
    if (!year || !month || !day) return "must contain a year, a month and a day, or %s";
    return "";
}

Timestamp within_day(const NameTime& day, Timestamp modified) {
    if (!day.whole_day) return day.time;
    return std::clamp(modified, day.time, day.time + 86400.0);
}

}  // namespace lastgood
