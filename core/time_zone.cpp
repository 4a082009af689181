#include "core/time_zone.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int64_t day = 86400, hour = 3600;
constexpr int64_t largest_offset = 7 * day;

int64_t days_from_civil(int year, int month, int day_of_month) {
    const std::chrono::sys_days date =
        std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / 1;
    return date.time_since_epoch().count() + day_of_month - 1;
}

int year_of(int64_t local) {
    const int64_t days = local >= 0 ? local / day : (local - day + 1) / day;
    const std::chrono::sys_days date{std::chrono::days(static_cast<int>(days))};
    return static_cast<int>(std::chrono::year_month_day(date).year());
}

int64_t big_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    if (bytes.size() == 4) return static_cast<int32_t>(static_cast<uint32_t>(value));
    return static_cast<int64_t>(value);
}

constexpr size_t header_size = 44;

// What a header says of the block after it.
struct Block {
    size_t utc_count = 0, standard_count = 0, leaps = 0, times = 0, types = 0, characters = 0;

    size_t size(size_t time_size) const {
        return times * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) +
               standard_count + utc_count;
    }
};

std::optional<Block> read_header(std::string_view bytes) {
    if (bytes.size() < header_size || !bytes.starts_with("TZif")) return std::nullopt;
    const auto count = [&](size_t index) {
        return static_cast<size_t>(
            std::max<int64_t>(big_endian(bytes.substr(20 + 4 * index, 4)), 0));
    };
    const Block block{count(0), count(1), count(2), count(3), count(4), count(5)};
    // A zone has some hundred transitions; more is no zone.
    constexpr size_t most = 100'000;
    if (std::max({block.utc_count, block.standard_count, block.leaps, block.times, block.types,
                  block.characters}) > most ||
        block.types == 0)
        return std::nullopt;
    return block;
}

Failure no_zone() {
    return fail(ErrorKind::malformed, "not a file of the time zone database");
}

}  // namespace

// Reads "CET-1CEST,M3.5.0,M10.5.0/3".
class TimeZone::RuleReader {
  public:
    explicit RuleReader(std::string_view text) : text_(text) {}

    std::optional<Rule> read() {
        Rule rule;
        const auto standard = take_name() ? take_time() : std::nullopt;
        if (!standard) return std::nullopt;
        rule.standard = rule.summer = -*standard;
        if (text_.empty()) return rule;
        if (!take_name()) return std::nullopt;
        rule.summer = rule.standard + hour;
        if (!text_.empty() && text_.front() != ',') {
            const auto summer = take_time();
            if (!summer) return std::nullopt;
            rule.summer = -*summer;
        }
        rule.begins = take_change();
        rule.ends = take_change();
        if (!rule.begins || !rule.ends || !text_.empty()) return std::nullopt;
        return rule;
    }

  private:
    bool take(char c) {
        if (!text_.starts_with(c)) return false;
        text_.remove_prefix(1);
        return true;
    }

    bool take_name() {
        size_t length = 0;
        if (text_.starts_with('<')) {
            length = text_.find('>');
            if (length == text_.npos) return false;
            ++length;
        } else {
            while (length < text_.size() && is_letter(text_[length])) ++length;
        }
        text_.remove_prefix(length);
        return length > 0;
    }

    std::optional<int> take_int(int smallest, int largest) {
        if (text_.empty() || !is_digit(text_.front())) return std::nullopt;
        const auto value = take_number<int>(text_);
        if (!value || *value < smallest || *value > largest) return std::nullopt;
        return value;
    }

    // "-1", "5:30", "+167:59:59", in seconds.
    std::optional<int64_t> take_time() {
        const int64_t sign = take('-') ? -1 : (take('+'), 1);
        const auto hours = take_int(0, 167);
        if (!hours) return std::nullopt;
        int64_t seconds = *hours * hour;
        for (const int64_t unit : {int64_t{60}, int64_t{1}}) {
            if (!take(':')) break;
            const auto part = take_int(0, 59);
            if (!part) return std::nullopt;
            seconds += *part * unit;
        }
        return sign * seconds;
    }

    std::optional<Change> take_change() {
        if (!take(',')) return std::nullopt;
        Change change;
        std::optional<int> month = 1, week = 1, day_number;
        if (take('M')) {
            month = take_int(1, 12);
            week = take('.') ? take_int(1, 5) : std::nullopt;
            day_number = take('.') ? take_int(0, 6) : std::nullopt;
        } else if (take('J')) {
            change.kind = Change::Kind::julian;
            day_number = take_int(1, 365);
        } else {
            change.kind = Change::Kind::zero_based;
            day_number = take_int(0, 365);
        }
        if (!month || !week || !day_number) return std::nullopt;
        change.month = *month;
        change.week = *week;
        change.day = *day_number;
        if (take('/')) {
            const auto time = take_time();
            if (!time) return std::nullopt;
            change.time = *time;
        }
        return change;
    }

    std::string_view text_;
};

Result<TimeZone> TimeZone::parse(std::string_view bytes) {
    auto block = read_header(bytes);
    if (!block) return no_zone();
    size_t time_size = 4;
    if (bytes[4] != '\0') {  // version 2 and later: the same again with longer numbers
        if (bytes.size() < header_size + block->size(4)) return no_zone();
        bytes.remove_prefix(header_size + block->size(4));
        block = read_header(bytes);
        if (!block) return no_zone();
        time_size = 8;
    }
    bytes.remove_prefix(header_size);
    if (bytes.size() < block->size(time_size)) return no_zone();
    const std::string_view kinds = bytes.substr(block->times * time_size);
    const std::string_view types = kinds.substr(block->times);
    const auto offset_of = [&](size_t type) { return big_endian(types.substr(type * 6, 4)); };

    TimeZone zone;
    zone.first_offset_ = offset_of(0);
    for (size_t i = 0; i < block->times; ++i) {
        const auto type = static_cast<size_t>(static_cast<unsigned char>(kinds[i]));
        if (type >= block->types) return no_zone();
        const Transition next{big_endian(bytes.substr(i * time_size, time_size)), offset_of(type)};
        if (!zone.transitions_.empty() && next.at <= zone.transitions_.back().at) return no_zone();
        if (std::abs(next.offset) > largest_offset) return no_zone();
        zone.transitions_.push_back(next);
    }
    if (std::abs(zone.first_offset_) > largest_offset) return no_zone();
    std::string_view footer = bytes.substr(block->size(time_size));
    if (footer.starts_with('\n')) {
        footer.remove_prefix(1);
        zone.later_ = RuleReader(take_line(footer)).read();
    }
    return zone;
}

int64_t TimeZone::local_time_of(const Change& change, int year) {
    const bool is_leap = std::chrono::year(year).is_leap();
    int64_t date = 0;
    switch (change.kind) {
        case Change::Kind::julian:  // 29 February is never counted
            date = days_from_civil(year, 1, 1) + change.day - (is_leap && change.day >= 60 ? 0 : 1);
            break;
        case Change::Kind::zero_based:
            date = days_from_civil(year, 1, 1) + change.day;
            break;
        case Change::Kind::month_week_day: {
            const int64_t first = days_from_civil(year, change.month, 1);
            const int64_t after = change.month == 12 ? days_from_civil(year + 1, 1, 1)
                                                     : days_from_civil(year, change.month + 1, 1);
            const int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
            date = first + (change.day - weekday + 7) % 7 + int64_t{change.week - 1} * 7;
            while (date >= after) date -= 7;
            break;
        }
    }
    return date * day + change.time;
}

int64_t TimeZone::offset_by_rule(const Rule& rule, int64_t instant) const {
    if (!rule.begins || !rule.ends) return rule.standard;
    const int year = year_of(instant + rule.standard);
    int64_t offset = rule.standard, latest = std::numeric_limits<int64_t>::min();
    for (const int y : {year - 1, year, year + 1}) {
        const int64_t begins = local_time_of(*rule.begins, y) - rule.standard;
        const int64_t ends = local_time_of(*rule.ends, y) - rule.summer;
        for (const auto& [at, then] : {std::pair(ends, rule.standard), {begins, rule.summer}}) {
            if (at > instant || at < latest) continue;
            latest = at;
            offset = then;
        }
    }
    return offset;
}

int64_t TimeZone::offset_at(int64_t instant) const {
    const auto after =
        std::ranges::upper_bound(transitions_, instant, std::less<>(), &Transition::at);
    if (after == transitions_.end() && later_) return offset_by_rule(*later_, instant);
    return after == transitions_.begin() ? first_offset_ : std::prev(after)->offset;
}

TimeZone::Instants TimeZone::instants_of(int64_t local) const {
    // No clock is further from UTC than 14 hours, and no two changes are nearer than two days.
    const int64_t before = offset_at(local - 15 * hour), after = offset_at(local + 15 * hour);
    Instants found;
    for (const int64_t offset : {before, after}) {
        const int64_t instant = local - offset;
        if (offset_at(instant) != offset || found.first == instant) continue;
        (found.first ? found.second : found.first) = instant;
    }
    if (found.second && *found.second < *found.first) std::swap(*found.first, *found.second);
    if (found.first) return found;
    int64_t low = local - std::max(before, after), high = local - std::min(before, after);
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        (offset_at(middle) == before ? low : high) = middle;
    }
    found.after_gap = high;
    return found;
}

bool is_zone_name(std::string_view name) {
    const auto is_part = [](std::string_view part) {
        return !part.empty() && std::ranges::all_of(part, [](char c) {
            return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '+';
        });
    };
    if (name.empty() || name.size() > 64) return false;
    while (true) {
        const size_t slash = name.find('/');
        if (!is_part(name.substr(0, slash))) return false;
        if (slash == name.npos) return true;
        name.remove_prefix(slash + 1);
    }
}

Result<TimeZone> read_time_zone(const Host& host, std::string_view name) {
    if (name == "UTC") return TimeZone();
    const std::string path =
        name.empty() ? "/etc/localtime" : fmt::format("/usr/share/zoneinfo/{}", name);
    if (!name.empty() && !is_zone_name(name))
        return fail(ErrorKind::malformed, fmt::format("\"{}\" is not a time zone", name));
    const auto bytes = host.read(path);
    if (!bytes && bytes.error().kind == ErrorKind::absent) {
        if (name.empty()) return TimeZone();  // localtime(5)
        return fail(ErrorKind::absent, fmt::format("the time zone {0} is not known here: {1} is "
                                                   "missing; install tzdata or correct the name",
                                                   name, path));
    }
    if (!bytes) return Failure(bytes.error());
    auto zone = TimeZone::parse(*bytes);
    if (!zone) return fail(zone.error().kind, fmt::format("{}: {}", path, zone.error().message));
    return zone;
}

}  // namespace lastgood
