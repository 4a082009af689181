// The two languages that core/calendar.hpp reads.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "core/calendar.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

constexpr size_t longest_text = 512;

uint64_t bits_between(int first, int last, int step = 1) {
    uint64_t bits = 0;
    for (int value = first; value <= last; value += step) bits |= uint64_t{1} << value;
    return bits;
}

std::optional<int> take_digits(std::string_view& text) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    return take_number<int>(text);
}

std::string_view take_letters(std::string_view& text) {
    size_t length = 0;
    while (length < text.size() && is_letter(text[length])) ++length;
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

}  // namespace

class CronReader {
  public:
    static Result<Calendar> read(std::string_view text) {
        CronReader reader;
        if (text.starts_with('@')) {
            const std::string_view fields = fields_of(to_lower(text));
            if (fields.empty())
                return fail(ErrorKind::malformed,
                            fmt::format("cron knows no time \"{}\": write one of @hourly, @daily, "
                                        "@weekly, @monthly, @yearly, or five fields",
                                        text));
            text = fields;
        }
        const auto fields = split(text);
        if (const std::string wrong = reader.read_fields(fields); !wrong.empty())
            return fail(ErrorKind::malformed, wrong);
        return std::move(reader.calendar_);
    }

  private:
    struct Field {
        std::string_view name;
        int first, last;
        std::span<const std::string_view> names;  // the first stands for first_name
        int first_name = 0;
    };

    static std::string_view fields_of(const std::string& word) {
        if (word == "@hourly") return "0 * * * *";
        if (word == "@daily" || word == "@midnight") return "0 0 * * *";
        if (word == "@weekly") return "0 0 * * 0";
        if (word == "@monthly") return "0 0 1 * *";
        if (word == "@yearly" || word == "@annually") return "0 0 1 1 *";
        return {};
    }

    std::string read_fields(const std::vector<std::string_view>& texts) {
        const std::array fields{Field{"minute", 0, 59, {}}, Field{"hour", 0, 23, {}},
                                Field{"day of the month", 1, 31, {}},
                                Field{"month", 1, 12, month_names, 1},
                                Field{"day of the week", 0, 7, weekday_names}};
        std::array<uint64_t, 5> bits{};
        for (size_t i = 0; i < fields.size(); ++i)
            if (!read_field(fields[i], texts[i], bits[i]))
                return fmt::format(
                    "\"{}\" is no {} of cron: write *, or numbers from {} to {}, "
                    "like 5, 1-5, 1,15 or */2",
                    texts[i], fields[i].name, fields[i].first, fields[i].last);
        calendar_.minutes_ = bits[0];
        calendar_.hours_ = bits[1];
        calendar_.days_ = bits[2];
        calendar_.months_ = bits[3];
        calendar_.weekdays_ = (bits[4] | bits[4] >> 7) & bits_between(0, 6);
        calendar_.either_day_ = !texts[2].starts_with('*') && !texts[4].starts_with('*');
        calendar_.shift_ = texts[0].starts_with('*') || texts[1].starts_with('*')
                               ? Calendar::Shift::follow_clock
                               : Calendar::Shift::run_after_gap;
        return {};
    }

    static bool read_field(const Field& field, std::string_view text, uint64_t& bits) {
        do {
            if (!read_range(field, text, bits)) return false;
            if (text.empty()) return true;
            if (!text.starts_with(',')) return false;
            text.remove_prefix(1);
        } while (true);
    }

    static bool read_range(const Field& field, std::string_view& text, uint64_t& bits) {
        int first = field.first, last = field.last;
        bool is_range = true;
        if (text.starts_with('*')) {
            text.remove_prefix(1);
        } else {
            const auto number = take_value(field, text);
            if (!number) return false;
            first = last = *number;
            is_range = text.starts_with('-');
            if (is_range) {
                text.remove_prefix(1);
                const auto end = take_value(field, text);
                if (!end || *end < first) return false;
                last = *end;
            }
        }
        int step = 1;
        if (is_range && text.starts_with('/')) {
            text.remove_prefix(1);
            const auto number = take_digits(text);
            if (!number || *number < 1) return false;
            step = std::min(*number, 100);
        }
        bits |= bits_between(first, last, step);
        return true;
    }

    static std::optional<int> take_value(const Field& field, std::string_view& text) {
        if (const auto number = take_digits(text))
            return *number >= field.first && *number <= field.last ? number : std::nullopt;
        const std::string word = to_lower(take_letters(text));
        for (size_t i = 0; i < field.names.size(); ++i)
            if (word == field.names[i].substr(0, 3)) return static_cast<int>(i) + field.first_name;
        return std::nullopt;
    }

    Calendar calendar_;
};

class OnCalendarReader {
  public:
    static Result<Calendar> read(std::string_view whole) {
        OnCalendarReader reader;
        if (!reader.read_expression(whole))
            return fail(
                ErrorKind::malformed,
                fmt::format(
                    "\"{}\" is no schedule: write it like \"03:00\", \"Sun 03:00\", \"*-*-01 "
                    "04:30\" (systemd-analyze calendar shows when it comes) or as cron does",
                    whole));
        return std::move(reader.calendar_);
    }

  private:
    // A part of a list: start, start..stop, start/repeat or start..stop/repeat.
    struct Part {
        int start = 0, stop = -1, repeat = 0;
    };
    using Parts = std::vector<Part>;  // empty: any value

    bool read_expression(std::string_view text) {
        text = trim(text);
        take_zone(text);
        if (text.empty()) return false;
        const std::string_view normal = expression_of(to_lower(text));
        if (!normal.empty()) text = normal;
        if (!read_weekdays(text)) return false;
        bool has_date = false;
        return read_date(text, has_date) && read_time(text);
    }

    static std::string_view expression_of(const std::string& word) {
        if (word == "minutely") return "*-*-* *:*:00";
        if (word == "hourly") return "*-*-* *:00:00";
        if (word == "daily") return "*-*-* 00:00:00";
        if (word == "monthly") return "*-*-01 00:00:00";
        if (word == "weekly") return "Mon *-*-* 00:00:00";
        if (contains(std::array{"yearly", "annually", "anually"}, word)) return "*-01-01 00:00:00";
        if (word == "quarterly") return "*-01,04,07,10-01 00:00:00";
        if (contains(std::array{"biannually", "bi-annually", "semiannually", "semi-annually"},
                     word))
            return "*-01,07-01 00:00:00";
        return {};
    }

    void take_zone(std::string_view& text) {
        const size_t space = text.rfind(' ');
        if (space == text.npos) return;
        const std::string_view last = text.substr(space + 1);
        const bool is_zone =
            is_zone_name(last) && is_letter(last.front()) &&
            (contains(last, '/') || to_lower(last) == "utc" ||
             (consists_of(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") && !weekday_of(last)));
        if (!is_zone) return;
        calendar_.zone_ = to_lower(last) == "utc" ? "UTC" : std::string(last);
        text = trim_end(text.substr(0, space));
    }

    static std::optional<int> weekday_of(std::string_view word) {
        const std::string name = to_lower(word);
        for (size_t i = 0; i < weekday_names.size(); ++i)
            if (name == weekday_names[i] || name == weekday_names[i].substr(0, 3))
                return static_cast<int>(i);
        return std::nullopt;
    }

    // "Mon,Wed..Fri", with a blank or the end after it; nothing if the text begins with no letter.
    bool read_weekdays(std::string_view& text) {
        calendar_.weekdays_ = bits_between(0, 6);
        if (text.empty() || !is_letter(text.front())) return true;
        calendar_.weekdays_ = 0;
        while (true) {
            const auto first = weekday_of(take_letters(text));
            if (!first) return false;
            auto last = first;
            const bool is_range = text.starts_with("..") || text.starts_with('-');
            if (is_range) {
                text.remove_prefix(text.starts_with('-') ? 1 : 2);
                last = weekday_of(take_letters(text));
            }
            if (!last) return false;
            const int begin = (*first + 6) % 7, end = (*last + 6) % 7;  // a week begins on Monday
            if (is_range && end < begin) return false;
            for (int i = begin; i <= end; ++i) calendar_.weekdays_ |= uint64_t{1} << (i + 1) % 7;
            if (!text.starts_with(',')) break;
            text.remove_prefix(1);
            if (text.empty() || text.front() == ' ') break;
        }
        if (!text.empty() && text.front() != ' ') return false;
        text = trim_start(text, " ");
        return true;
    }

    bool read_date(std::string_view& text, bool& has_date) {
        calendar_.months_ = bits_between(1, 12);
        calendar_.days_ = bits_between(1, 31);
        const std::string_view begin = text;
        if (text.empty()) return true;
        std::array<Parts, 3> fields;
        size_t count = 0;
        bool from_end = false;
        while (true) {
            if (!read_parts(text, fields[count++])) return false;
            if (count == 1 && (text.empty() || text.front() == ':')) {
                text = begin;
                return true;  // it was a time
            }
            if (text.empty() || text.front() == ' ') break;
            if (count == 3 || from_end || (text.front() != '-' && text.front() != '~'))
                return false;
            from_end = text.front() == '~';
            text.remove_prefix(1);
        }
        text = trim_start(text, " ");
        has_date = true;
        if (count == 1) return false;
        if (count == 3 && !set_years(fields[0])) return false;
        const Parts& days = fields[count - 1];
        return set(fields[count - 2], 1, 12, calendar_.months_) &&
               (from_end ? set_days_from_end(days) : set(days, 1, 31, calendar_.days_));
    }

    bool read_time(std::string_view text) {
        calendar_.seconds_ = calendar_.minutes_ = calendar_.hours_ = 1;
        if (text.empty()) return true;
        std::array<Parts, 3> fields;
        size_t count = 0;
        while (true) {
            if (!read_parts(text, fields[count++])) return false;
            if (text.empty()) break;
            if (count == 3 || text.front() != ':') return false;
            text.remove_prefix(1);
        }
        if (count == 1) return false;
        return set(fields[0], 0, 23, calendar_.hours_) &&
               set(fields[1], 0, 59, calendar_.minutes_) &&
               (count == 2 || set(fields[2], 0, 59, calendar_.seconds_));
    }

    // A list of parts, or '*' for any value.
    static bool read_parts(std::string_view& text, Parts& parts) {
        if (text.starts_with('*')) {
            text.remove_prefix(1);
            return true;
        }
        while (true) {
            Part part;
            const auto start = take_digits(text);
            if (!start) return false;
            part.start = *start;
            if (text.starts_with("..")) {
                text.remove_prefix(2);
                const auto stop = take_digits(text);
                if (!stop) return false;
                part.stop = *stop;
                part.repeat = 1;
            }
            if (text.starts_with('/')) {
                text.remove_prefix(1);
                const auto repeat = take_digits(text);
                if (!repeat || *repeat == 0) return false;
                part.repeat = *repeat;
            }
            if (part.stop >= part.start && part.start + part.repeat > part.stop)
                part.stop = -1, part.repeat = 0;  // it never repeats
            parts.push_back(part);
            if (!text.starts_with(',')) return true;
            text.remove_prefix(1);
        }
    }

    // As chain_valid() of systemd's calendarspec.c: a step that leads nowhere is a mistake.
    static bool is_valid(const Part& part, int first, int last) {
        if (part.start < first || part.start > last || part.repeat > last - first) return false;
        if (part.stop >= 0) return part.stop >= part.start && part.stop <= last;
        return part.start + part.repeat <= last;
    }

    static bool set(const Parts& parts, int first, int last, uint64_t& bits) {
        bits = parts.empty() ? bits_between(first, last) : 0;
        for (const Part& part : parts) {
            if (!is_valid(part, first, last)) return false;
            const int stop = part.repeat == 0 ? part.start : part.stop >= 0 ? part.stop : last;
            bits |= bits_between(part.start, stop, std::max(part.repeat, 1));
        }
        return true;
    }

    // Counted from the end: "~07/1" is the last week.
    bool set_days_from_end(const Parts& parts) {
        constexpr int longest = 28;
        calendar_.days_ = parts.empty() ? bits_between(1, 31) : 0;
        for (const Part& part : parts) {
            if (part.start < 1 || part.start > longest || part.repeat > longest - 1) return false;
            if (part.stop >= 0) {
                if (!is_valid(part, 1, longest)) return false;
                calendar_.days_from_end_ |= bits_between(part.start, part.stop, part.repeat);
                continue;
            }
            if (part.start - part.repeat < 1) return false;
            for (int value = part.start; value >= 1; value -= part.repeat) {
                calendar_.days_from_end_ |= uint64_t{1} << value;
                if (part.repeat == 0) break;
            }
        }
        return true;
    }

    bool set_years(const Parts& parts) {
        if (parts.empty()) return true;
        calendar_.years_.assign(Calendar::last_year - Calendar::first_year + 1, false);
        for (Part part : parts) {
            const auto whole = [](int year) {
                return year < 0 || year >= 100 ? year : year < 70 ? year + 2000 : year + 1900;
            };
            part.start = whole(part.start);
            part.stop = whole(part.stop);
            if (!is_valid(part, Calendar::first_year, Calendar::last_year)) return false;
            const int stop = part.repeat == 0 ? part.start
                             : part.stop >= 0 ? part.stop
                                              : Calendar::last_year;
            for (int year = part.start; year <= stop; year += std::max(part.repeat, 1))
                calendar_.years_[static_cast<size_t>(year - Calendar::first_year)] = true;
        }
        return true;
    }

    Calendar calendar_;
};

Result<Calendar> Calendar::parse(std::string_view text) {
    text = trim(text);
    if (text.size() > longest_text)
        return fail(ErrorKind::malformed,
                    fmt::format("a schedule has at most {} characters", longest_text));
    const bool is_cron = text.starts_with('@') || split(text).size() == 5;
    auto calendar = is_cron ? CronReader::read(text) : OnCalendarReader::read(text);
    if (calendar && !calendar->ever_comes())
        return fail(ErrorKind::malformed,
                    fmt::format("\"{}\" never comes: no such day exists", text));
    return calendar;
}

}  // namespace lastgood
