#include "core/acceptance.hpp"

#include <fmt/core.h>

#include <ctime>

namespace lastgood {

namespace {

// Midnight of a local date "2027-03-01"; nullopt: not a date.
std::optional<Timestamp> parse_date(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%d", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    const int day = parts.tm_mday;
    parts.tm_isdst = -1;
    const std::time_t time = std::mktime(&parts);
    // mktime makes 1 March of 29 February in most years.
    if (time == -1 || parts.tm_mday != day) return std::nullopt;
    return static_cast<Timestamp>(time);
}

}  // namespace

Result<Timestamp> parse_until(std::string_view text, Timestamp now) {
    const auto date = parse_date(std::string(text));
    if (date && *date <= now)
        return fail(ErrorKind::malformed, fmt::format("{} is not in the future", text));
    if (date) return *date;
    const auto duration = parse_duration(text);
    if (!duration || *duration <= 0)
        return fail(
            ErrorKind::malformed,
            fmt::format("\"{}\" is neither a duration like 90d nor a date like 2027-03-01", text));
    return now + *duration;
}

std::string finding_words(std::string_view rule, std::string_view subject) {
    return fmt::format("{} of {}", rule, subject.empty() ? "this host" : subject);
}

}  // namespace lastgood
