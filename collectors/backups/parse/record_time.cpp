#include "collectors/backups/parse/record_time.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

// Takes exactly `digits` digits, then `after` unless that is NUL.
bool take_field(std::string_view& text, size_t digits, char after, int& value) {
    if (text.size() < digits || !consists_of(text.substr(0, digits), decimal_digits)) return false;
    std::string_view field = text.substr(0, digits);
    value = *take_number<int>(field);
    text.remove_prefix(digits);
    if (after == '\0') return true;
    if (!text.starts_with(after)) return false;
    text.remove_prefix(1);
    return true;
}

// "+01:00", "-0130", "+01": seconds east of Greenwich.
std::optional<Seconds> parse_offset(std::string_view text) {
    const bool is_west = text.starts_with('-');
    if (!is_west && !text.starts_with('+')) return std::nullopt;
    text.remove_prefix(1);
    int hours = 0, minutes = 0;
    if (!take_field(text, 2, '\0', hours)) return std::nullopt;
    text = without_prefix(text, ":");
    if (!text.empty() && !take_field(text, 2, '\0', minutes)) return std::nullopt;
    if (!text.empty() || hours > 14 || minutes > 59) return std::nullopt;
    return (is_west ? -1 : 1) * (hours * 3600.0 + minutes * 60.0);
}

}  // namespace

std::optional<Timestamp> parse_record_time(std::string_view text) {
    text = trim(text);
    CivilTime civil;
    if (!take_field(text, 4, '-', civil.year) || !take_field(text, 2, '-', civil.month) ||
        !take_field(text, 2, '\0', civil.day))
        return std::nullopt;
    if (!text.starts_with(' ') && !text.starts_with('T')) return std::nullopt;
    text.remove_prefix(1);
    if (!take_field(text, 2, ':', civil.hour) || !take_field(text, 2, ':', civil.minute) ||
        !take_field(text, 2, '\0', civil.second))
        return std::nullopt;
    if (!civil.has_valid_date() || !civil.has_valid_time() || civil.year < 1970)
        return std::nullopt;
    if (text.starts_with('.')) {
        double scale = 0.1;
        for (text.remove_prefix(1); !text.empty() && is_digit(text.front());
             text.remove_prefix(1)) {
            civil.fraction += scale * (text.front() - '0');
            scale /= 10;
        }
    }
    text = trim(text);
    if (text.empty()) return from_civil_local(civil);
    if (text == "Z" || text == "UTC") return from_civil_utc(civil);
    const auto offset = parse_offset(text);
    if (!offset) return std::nullopt;
    return from_civil_utc(civil) - *offset;
}

}  // namespace lastgood
