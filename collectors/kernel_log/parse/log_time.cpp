#include "collectors/kernel_log/parse/log_time.hpp"

#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// Begins with "hh:mm:ss".
bool is_clock(std::string_view text) {
    return text.size() >= 8 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' &&
           is_digit(text[3]) && is_digit(text[4]) && text[5] == ':' && is_digit(text[6]) &&
           is_digit(text[7]);
}

// Seconds, "12345.678901".
std::optional<double> seconds_of(std::string_view text) {
    TextScanner scan(text);
    const auto seconds = scan.number();
    if (!seconds) return std::nullopt;
    double value = static_cast<double>(*seconds);
    if (scan.skip(".")) {
        double unit = 0.1;
        for (char c : scan.rest()) {
            value += (c - '0') * unit;
            unit /= 10;
        }
    }
    return value;
}

bool take_two(TextScanner& scan, int& value) {
    const auto number = scan.number();
    if (!number || *number > 99) return false;
    value = static_cast<int>(*number);
    return true;
}

bool take_clock(TextScanner& scan, CivilTime& civil) {
    if (!take_two(scan, civil.hour) || !scan.skip(":") || !take_two(scan, civil.minute) ||
        !scan.skip(":") || !take_two(scan, civil.second)) {
        return false;
    }
    if (scan.peek() == '.' || scan.peek() == ',') {
        scan.advance(1);
        double unit = 0.1;
        while (is_digit(scan.peek())) {
            civil.fraction += (scan.peek() - '0') * unit;
            unit /= 10;
            scan.advance(1);
        }
    }
    return true;
}

bool take_date(TextScanner& scan, CivilTime& civil) {
    const auto year = scan.number();
    if (!year || *year < 1970 || *year > 9999) return false;
    civil.year = static_cast<int>(*year);
    return scan.skip("-") && take_two(scan, civil.month) && scan.skip("-") &&
           take_two(scan, civil.day);
}

bool plausible(const CivilTime& civil) {
    return civil.has_valid_date() && civil.has_valid_time();
}

// "2023-06-06T10:04:36.136056+02:00", "2023-06-06 10:04:36 CEST"
std::optional<Timestamp> iso_time(std::string_view text) {
    TextScanner scan(text);
    CivilTime civil;
    if (!take_date(scan, civil)) return std::nullopt;
    scan.advance(1);
    if (!take_clock(scan, civil) || !plausible(civil)) return std::nullopt;
    const Timestamp utc = from_civil_utc(civil);
    if (scan.skip("Z") || scan.skip(" UTC")) return utc;
    const char sign = scan.peek();
    if (sign != '+' && sign != '-') return from_civil_local(civil);
    scan.advance(1);
    const std::string_view zone = scan.rest();
    if (zone.size() < 4) return from_civil_local(civil);
    const size_t minutes_at = zone[2] == ':' ? 3 : 2;
    if (zone.size() < minutes_at + 2) return from_civil_local(civil);
    for (size_t i : {size_t{0}, size_t{1}, minutes_at, minutes_at + 1}) {
        if (!is_digit(zone[i])) return from_civil_local(civil);
    }
    const int hours = (zone[0] - '0') * 10 + (zone[1] - '0');
    const int minutes = (zone[minutes_at] - '0') * 10 + (zone[minutes_at + 1] - '0');
    const double offset = hours * 3600.0 + minutes * 60.0;
    return sign == '+' ? utc - offset : utc + offset;
}

// "Sep  5 00:12:26", "Sep  5 2021 00:12:26", "Sep  5 00:12:26 2021"
std::optional<Timestamp> named_month_time(std::string_view text, Timestamp now) {
    CivilTime civil;
    civil.month = month_of(text);
    if (civil.month == 0) return std::nullopt;
    TextScanner scan(text.substr(3));
    scan.skip_spaces();
    if (!take_two(scan, civil.day)) return std::nullopt;
    scan.skip_spaces();
    if (scan.rest().size() > 4 && scan.rest()[4] == ' ') {
        const auto year = scan.number();
        if (!year || *year > 9999) return std::nullopt;
        civil.year = static_cast<int>(*year);
        scan.skip_spaces();
    }
    if (!take_clock(scan, civil) || !plausible(civil)) return std::nullopt;
    scan.skip_spaces();
    if (const auto year = scan.number(); year && *year >= 1970 && *year <= 9999) {
        civil.year = static_cast<int>(*year);
    }
    if (civil.year != 0) return from_civil_local(civil);
    constexpr double day = 86400;
    constexpr double mean_year = 365.2425 * day;
    civil.year = 1970 + static_cast<int>((now < 0 ? 0 : now) / mean_year) + 1;
    constexpr int most_years = 9;  // between two 29ths of February, around 2100
    for (int i = 0; i < most_years; ++i, --civil.year) {
        if (!civil.has_valid_date()) continue;
        const Timestamp time = from_civil_local(civil);
        if (time <= now + day) return time;
    }
    return std::nullopt;
}

}  // namespace

int month_of(std::string_view text) {
    constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() < 3) return 0;
    for (size_t i = 0; i < 12; ++i) {
        if (text.starts_with(names.substr(i * 3, 3))) return static_cast<int>(i) + 1;
    }
    return 0;
}

bool is_weekday(std::string_view text) {
    constexpr std::string_view names = "MonTueWedThuFriSatSun";
    for (size_t i = 0; i < 7; ++i) {
        if (text.starts_with(names.substr(i * 3, 3))) return true;
    }
    return false;
}

bool is_date(std::string_view text) {
    return text.size() >= 10 && is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2]) &&
           is_digit(text[3]) && text[4] == '-' && is_digit(text[5]) && is_digit(text[6]) &&
           text[7] == '-' && is_digit(text[8]) && is_digit(text[9]);
}

bool is_uptime(std::string_view& text) {
    text = trim_start(text, " ");
    bool dot = false;
    for (const char c : text) {
        if (c == '.' && !dot) {
            dot = true;
        } else if (!is_digit(c)) {
            return false;
        }
    }
    return dot;
}

size_t civil_time_length(std::string_view text) {
    if (text.size() < 15) return 0;
    const char first = text.front();
    if (is_letter(first)) {
        // "Sep  5 00:12:26", "Sep  5 00:12:26.123456", "Sep  5 2021 00:12:26"
        if (month_of(text) != 0 && text[3] == ' ') {
            size_t at = 4;
            while (at < 6 && text[at] == ' ') ++at;
            size_t digits = 0;
            while (at < text.size() && is_digit(text[at]) && digits < 2) ++at, ++digits;
            if (digits == 0 || at >= text.size() || text[at] != ' ') return 0;
            ++at;
            if (text.size() > at + 5 && is_digit(text[at]) && is_digit(text[at + 3]) &&
                text[at + 4] == ' ' && text[at + 2] != ':') {
                at += 5;  // a year
            }
            if (!is_clock(text.substr(at))) return 0;
            at += 8;
            while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) ++at;
            return at < text.size() && text[at] == ' ' ? at : 0;
        }
        // "Mon 2023-06-05 10:04:36 CEST" (short-full)
        if (is_weekday(text) && text[3] == ' ' && is_date(text.substr(4)) && text.size() > 24 &&
            is_clock(text.substr(15))) {
            const size_t zone = text.find(' ', 15);
            if (zone == std::string_view::npos) return 0;
            const size_t end = text.find(' ', zone + 1);
            return end == std::string_view::npos ? 0 : end;
        }
        return 0;
    }
    if (is_date(text) && text.size() > 19 && (text[10] == 'T' || text[10] == ' ') &&
        is_clock(text.substr(11))) {
        const size_t end = text.find(' ', 11);
        return end == std::string_view::npos ? 0 : end;
    }
    return 0;
}

std::optional<Timestamp> time_of(std::string_view text, Timestamp now) {
    if (text.empty()) return std::nullopt;
    if (is_weekday(text) && text.size() > 4) text.remove_prefix(4);
    if (is_date(text)) return iso_time(text);
    if (is_digit(text.front())) return seconds_of(text);
    return named_month_time(text, now);
}

}  // namespace lastgood
