#include "collectors/kernel_log/parse/line.hpp"

#include <algorithm>

#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_bracket_size = 48;
constexpr size_t max_host_size = 255;

// "Jan" → 1 … "Dec" → 12; 0 for anything else.
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

// Begins with "hh:mm:ss".
bool is_clock(std::string_view text) {
    return text.size() >= 8 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' &&
           is_digit(text[3]) && is_digit(text[4]) && text[5] == ':' && is_digit(text[6]) &&
           is_digit(text[7]);
}

// Begins with "yyyy-mm-dd".
bool is_date(std::string_view text) {
    return text.size() >= 10 && is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2]) &&
           is_digit(text[3]) && text[4] == '-' && is_digit(text[5]) && is_digit(text[6]) &&
           text[7] == '-' && is_digit(text[8]) && is_digit(text[9]);
}

// "12345.678901": digits with one dot. Removes leading blanks.
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

enum class Bracket { none, uptime, civil, other };

// What "[…]" at the beginning of a line holds; `inside` shrinks to the time.
Bracket classify_bracket(std::string_view& inside) {
    std::string_view text = inside;
    if (is_uptime(text)) {
        inside = text;
        return Bracket::uptime;
    }
    // dmesg -d, journalctl -o short-delta: "[12345.67 <    0.001>]"
    if (const size_t delta = text.find(" <"); delta != std::string_view::npos) {
        std::string_view before = trim_end(text.substr(0, delta), " ");
        if (is_uptime(before)) {
            inside = before;
            return Bracket::uptime;
        }
    }
    if (!text.empty() && (text.front() == 'T' || text.front() == 'C' || text.front() == '+')) {
        const std::string_view digits = trim_start(text.substr(1), " ");
        if (!digits.empty() && consists_of(digits, "0123456789.")) return Bracket::other;
    }
    if (is_weekday(text) && text.size() >= 20 && month_of(text.substr(4)) != 0) {
        return Bracket::civil;
    }
    // dmesg -H: "[Nov14 10:00]"
    if (month_of(text) != 0 && text.size() >= 11 && (text[3] == ' ' || is_digit(text[3])) &&
        contains(text, ':')) {
        return Bracket::civil;
    }
    if (is_date(text)) return Bracket::civil;
    return Bracket::none;
}

// dmesg -x (util-linux): "kern  :warn  : ", two words of six characters.
bool skip_decoded_priority(std::string_view& rest, KernelLogLine& line) {
    if (rest.size() < 16 || rest[6] != ':' || rest[13] != ':' || rest[14] != ' ') return false;
    if (!is_letter(rest[0]) || !is_letter(rest[7])) return false;
    constexpr std::string_view names = "emerg alert crit  err   warn  noticeinfo  debug ";
    const std::string_view level = rest.substr(7, 6);
    int found = -1;
    for (size_t i = 0; i < 8; ++i) {
        if (names.substr(i * 6, 6) == level) found = static_cast<int>(i);
    }
    if (found < 0) return false;
    line.level = found;
    line.from_kernel = rest.starts_with("kern  ");
    rest.remove_prefix(15);
    return true;
}

// "<3>": 8 * facility + level.
bool skip_priority(std::string_view& rest, KernelLogLine& line) {
    if (rest.size() < 3 || rest[0] != '<' || !is_digit(rest[1])) return false;
    size_t i = 1;
    int value = 0;
    while (i < rest.size() && i < 4 && is_digit(rest[i])) value = value * 10 + (rest[i++] - '0');
    if (i >= rest.size() || rest[i] != '>') return false;
    line.level = value % 8;
    if (value / 8 != 0) line.from_kernel = false;
    rest.remove_prefix(i + 1);
    return true;
}

bool skip_brackets(std::string_view& rest, KernelLogLine& line) {
    bool any = false;
    for (int i = 0; i < 5 && !rest.empty() && rest.front() == '['; ++i) {
        const size_t end = rest.substr(0, max_bracket_size).find(']');
        if (end == std::string_view::npos) break;
        std::string_view inside = rest.substr(1, end - 1);
        const Bracket kind = classify_bracket(inside);
        if (kind == Bracket::none) break;
        if (kind == Bracket::uptime) line.uptime = inside;
        if (kind == Bracket::civil) line.civil_time = inside;
        rest.remove_prefix(end + 1);
        rest = without_prefix(rest, " ");
        any = true;
    }
    return any;
}

// Length of the civil time at the beginning, without the blank behind it; 0 if there is none.
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

// "host kernel: " after the time. A line that names another program is not from the kernel.
void skip_host_and_program(std::string_view& rest, KernelLogLine& line) {
    if (rest.starts_with("kernel: ")) {  // the host was cut out
        rest.remove_prefix(8);
        return;
    }
    const size_t host_end = rest.substr(0, max_host_size).find(' ');
    if (host_end == std::string_view::npos) {
        line.from_kernel = false;
        return;
    }
    std::string_view behind = rest.substr(host_end + 1);
    // Up to two words may follow the host: "kern.warn kernel: " (busybox).
    for (int words = 0; words < 3; ++words) {
        if (behind.starts_with("kernel:")) {
            behind.remove_prefix(7);
            rest = without_prefix(behind, " ");
            return;
        }
        const size_t end = behind.substr(0, 64).find(' ');
        if (end == std::string_view::npos || behind.substr(0, end).ends_with(':')) break;
        behind.remove_prefix(end + 1);
    }
    line.from_kernel = false;
    rest = behind;
}

// RFC 5424: "<6>1 2023-06-05T10:04:36.1Z host kernel - - - text"
bool skip_rfc5424(std::string_view& rest, KernelLogLine& line) {
    if (!rest.starts_with("1 ") || !is_date(rest.substr(2))) return false;
    std::string_view text = rest.substr(2);
    const size_t end = text.find(' ');
    if (end == std::string_view::npos) return false;
    line.civil_time = text.substr(0, end);
    TextScanner scan(text.substr(end + 1));
    if (!scan.until(" ")) return false;  // host
    const auto program = scan.until(" ");
    if (!program) return false;
    if (*program != "kernel") line.from_kernel = false;
    if (!scan.until(" ") || !scan.until(" ")) return false;  // process, message id
    if (!scan.skip("- ")) scan.until("] ");
    rest = scan.rest();
    return true;
}

// journalctl -o short-monotonic: "[ 5432.123456] host kernel: …"
void skip_host_after_bracket(std::string_view& rest, KernelLogLine& line) {
    constexpr std::string_view mark = "kernel: ";
    const size_t host_end = rest.substr(0, 64).find(' ');
    if (host_end == std::string_view::npos) return;
    if (!rest.substr(host_end + 1).starts_with(mark)) return;
    rest.remove_prefix(host_end + 1 + mark.size());
    skip_brackets(rest, line);
}

// journalctl -o short-unix: "1686042276.136056 host kernel: …"
bool skip_unix_time(std::string_view& rest, KernelLogLine& line) {
    const size_t end = rest.substr(0, 24).find(' ');
    if (end == std::string_view::npos || end <= 11) return false;
    std::string_view seconds = rest.substr(0, end);
    if (!is_uptime(seconds)) return false;
    line.civil_time = seconds;
    rest.remove_prefix(end + 1);
    skip_host_and_program(rest, line);
    return true;
}

// Everything before the message; false if the line has no prefix.
bool skip_prefix(std::string_view& rest, KernelLogLine& line) {
    bool found = skip_priority(rest, line);
    if (found && skip_rfc5424(rest, line)) {
        skip_brackets(rest, line);
        return true;
    }
    if (rest.starts_with('[')) {
        found |= skip_brackets(rest, line);
        if (found) skip_host_after_bracket(rest, line);
    } else if (skip_decoded_priority(rest, line)) {
        found = true;
        if (const size_t length = civil_time_length(rest); length != 0) {
            line.civil_time = rest.substr(0, length);
            rest.remove_prefix(length + 1);
        }
        skip_brackets(rest, line);
    } else if (const size_t length = civil_time_length(rest); length != 0) {
        found = true;
        line.civil_time = rest.substr(0, length);
        rest.remove_prefix(length);
        // dmesg --time-format=iso prints a comma before the fraction, and no host.
        const bool dmesg_iso = line.civil_time.size() > 19 && line.civil_time[19] == ',';
        if (!rest.empty()) rest.remove_prefix(1);
        if (!dmesg_iso) skip_host_and_program(rest, line);
        skip_brackets(rest, line);
    } else if (!rest.empty() && is_digit(rest.front())) {
        found |= skip_unix_time(rest, line);
    }
    if (rest.starts_with('<') && skip_priority(rest, line)) skip_brackets(rest, line);
    return found;
}

// Real-time kernels print the processor: "000: mmcblk1: …"
void skip_processor(std::string_view& rest) {
    if (rest.size() > 5 && is_digit(rest[0]) && is_digit(rest[1]) && is_digit(rest[2]) &&
        rest[3] == ':' && rest[4] == ' ') {
        rest.remove_prefix(5);
    }
}

// Old kernels print a partition table piece by piece; a message in between stands in the same line,
// behind its own priority: " sda:<3>ata1: …"
void skip_unfinished_line(std::string_view& rest, KernelLogLine& line) {
    const std::string_view head = rest.substr(0, 64);
    const size_t priority = head.find('<');
    if (priority != std::string_view::npos && priority + 2 < head.size() &&
        is_digit(head[priority + 1]) && head[priority + 2] == '>') {
        line.level = head[priority + 1] - '0';
        rest.remove_prefix(priority + 3);
    }
}

}  // namespace

KernelLogLine parse_kernel_log_line(std::string_view text) {
    KernelLogLine line;
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    std::string_view rest = without_prefix(trim_end(text, "\r\n"), byte_order_mark);
    const bool prefixed = skip_prefix(rest, line);
    skip_processor(rest);
    if (rest.starts_with(' ') || rest.starts_with('\t')) {
        line.continuation = !prefixed;
        rest = trim_start(rest, " \t");
        skip_unfinished_line(rest, line);
    }
    line.message = rest;
    return line;
}

std::optional<double> uptime_of(const KernelLogLine& line) {
    TextScanner scan(line.uptime);
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

namespace {

using Civil = CivilTime;

bool take_two(TextScanner& scan, int& value) {
    const auto number = scan.number();
    if (!number || *number > 99) return false;
    value = static_cast<int>(*number);
    return true;
}

bool take_clock(TextScanner& scan, Civil& civil) {
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

bool take_date(TextScanner& scan, Civil& civil) {
    const auto year = scan.number();
    if (!year || *year < 1970 || *year > 9999) return false;
    civil.year = static_cast<int>(*year);
    return scan.skip("-") && take_two(scan, civil.month) && scan.skip("-") &&
           take_two(scan, civil.day);
}

bool plausible(const Civil& civil) {
    return civil.has_valid_date() && civil.has_valid_time();
}

// "2023-06-06T10:04:36.136056+02:00", "2023-06-06 10:04:36 CEST"
std::optional<Timestamp> iso_time(std::string_view text) {
    TextScanner scan(text);
    Civil civil;
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
    Civil civil;
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
    for (int i = 0; i < 3; ++i, --civil.year) {
        const Timestamp time = from_civil_local(civil);
        if (time <= now + day) return time;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Timestamp> time_of(const KernelLogLine& line, Timestamp now) {
    std::string_view text = line.civil_time;
    if (text.empty()) return std::nullopt;
    if (is_weekday(text) && text.size() > 4) text.remove_prefix(4);
    if (is_date(text)) return iso_time(text);
    if (is_digit(text.front())) {
        KernelLogLine seconds;
        seconds.uptime = text;
        return uptime_of(seconds);
    }
    return named_month_time(text, now);
}

std::string_view joined_message(std::string_view message) {
    // a mail program: "… 00 00   May 08 12:55:14 host kernel: sd 2:0:0:0: …"
    constexpr std::string_view mark = " kernel: ";
    if (const size_t found = message.find(mark); found != std::string_view::npos) {
        const std::string_view before = message.substr(0, found);
        const size_t host = before.rfind(' ');
        constexpr size_t stamp = 15;
        if (host != std::string_view::npos && host >= stamp &&
            civil_time_length(before.substr(host - stamp)) == stamp) {
            return message.substr(found + mark.size());
        }
    }
    // a serial console: "… job is running [   24.536440] print_req_error: …"
    for (size_t end = message.find(']'); end != std::string_view::npos;
         end = message.find(']', end + 1)) {
        if (end < 9 || message[end - 7] != '.' || !is_digit(message[end - 1])) continue;
        const size_t window = end > 20 ? end - 20 : 0;
        const size_t bracket = message.substr(window, end - window).rfind('[');
        if (bracket == std::string_view::npos) continue;
        const size_t begin = window + bracket;
        std::string_view inside = message.substr(begin + 1, end - begin - 1);
        if (is_uptime(inside)) return parse_kernel_log_line(message.substr(begin)).message;
    }
    return {};
}

}  // namespace lastgood
