#include "collectors/kernel_log/parse/line.hpp"

#include "collectors/kernel_log/parse/event.hpp"
#include "collectors/kernel_log/parse/log_time.hpp"
#include "collectors/kernel_log/parse/text_scanner.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t max_bracket_size = 48;
constexpr size_t max_host_size = 255;

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
        // dmesg -H prints the locale's decimal point.
        if (!digits.empty() && consists_of(digits, "0123456789.,")) return Bracket::other;
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
    // The host and the program were cut out: "Sep 29 09:03:00 sd 0:0:2:0: [sdb] …"
    if (parse_kernel_message(rest)) return;
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

// A log's line whose stamp has an unknown form is known by its words: lengths of the text in which
// they are looked for.
constexpr size_t max_stamp_size = 96;
constexpr size_t max_decoration_size = 64;

// The first "hh:mm" in the text; npos if there is none.
size_t find_clock(std::string_view text) {
    for (size_t colon = text.find(':', 1); colon != text.npos; colon = text.find(':', colon + 1)) {
        if (colon + 2 < text.size() && is_digit(text[colon - 1]) && is_digit(text[colon + 1]) &&
            is_digit(text[colon + 2]))
            return colon - (colon > 1 && is_digit(text[colon - 2]) ? 2 : 1);
    }
    return text.npos;
}

// Blanks, quote marks, list marks, box drawing, ANSI colours, also in caret notation.
bool skip_decoration(std::string_view& rest) {
    const size_t before = rest.size();
    while (!rest.empty()) {
        if (contains(" \t>|*`\"'", rest.front())) {
            rest.remove_prefix(1);
        } else if (rest.starts_with("\xe2\x94") && rest.size() > 2) {  // U+2500 to U+253F
            rest.remove_prefix(3);
        } else if (rest.starts_with("\x1b[") || rest.starts_with("^[[")) {
            const size_t end = rest.find('m');
            if (end == rest.npos || end > 16) break;
            rest.remove_prefix(end + 1);
        } else {
            break;
        }
    }
    return rest.size() != before;
}

// /dev/kmsg: "3,1234,5678901,-;text"
bool skip_kmsg_head(std::string_view& rest, KernelLogLine& line) {
    TextScanner scan(rest);
    const auto priority = scan.number();
    if (!priority || *priority > 0xff || !scan.skip(",") || !scan.number() || !scan.skip(","))
        return false;
    const size_t end = scan.rest().find(';');
    if (end == rest.npos || end > 32 || !scan.number() || scan.peek() != ',') return false;
    line.level = static_cast<int>(*priority % 8);
    line.from_kernel = *priority < 8;
    scan.until(";");
    rest = scan.rest();
    return true;
}

// journalctl -o json: {…,"MESSAGE":"…",…}; dmesg --json: "msg": "…"; journalctl -o export:
// MESSAGE=…
bool skip_to_field(std::string_view& rest, KernelLogLine& line) {
    if (rest.starts_with("MESSAGE=")) {
        rest.remove_prefix(8);
        return true;
    }
    const bool journal = rest.starts_with('{') && contains(rest, "\"MESSAGE\"");
    if (!journal && !rest.starts_with("\"msg\"") && !rest.starts_with("msg\"")) return false;
    TextScanner scan(rest);
    if (journal) {
        scan.until("\"MESSAGE\"");
        line.from_kernel = contains(rest, "\"kernel\"");
    } else {
        scan.until("msg\"");
    }
    scan.skip_spaces();
    if (!scan.skip(":")) return false;
    scan.skip_spaces();
    if (!scan.skip("\"")) return false;
    std::string_view text = scan.rest();
    size_t end = 0;
    while (end < text.size() && (text[end] != '"' || (end > 0 && text[end - 1] == '\\'))) ++end;
    rest = text.substr(0, end);
    return true;
}

// "Mai 01 00:00:02 srv kernel: …", "Wed Nov 25 12:00:01 2026 kern.err kernel: …", "kernel:[ 1.0] …"
bool skip_to_kernel(std::string_view& rest, KernelLogLine& line) {
    constexpr std::string_view mark = "kernel:";
    const size_t found = rest.substr(0, max_stamp_size).find(mark);
    if (found == rest.npos) return false;
    const std::string_view before = trim_end(rest.substr(0, found), " ");
    if (found > 0 && (rest[found - 1] != ' ' || before.ends_with(':'))) return false;
    if (!before.empty() && find_clock(before) == before.npos) return false;
    line.civil_time = before;
    rest = trim_start(rest.substr(found + mark.size()), " ");
    return true;
}

// "192.0.2.1: kern: alert: [2024-04-16T18:19:30Z]: …", "[Ter Set 19 10:00:01 2023] …"
bool skip_to_bracket(std::string_view& rest, KernelLogLine& line) {
    const std::string_view head = rest.substr(0, max_stamp_size);
    // "1661.722811] …": the first character was not copied
    if (const size_t close = head.find("] ");
        !head.empty() && is_digit(head.front()) && close != head.npos && close < 16) {
        std::string_view uptime = head.substr(0, close);
        if (is_uptime(uptime)) {
            line.uptime = uptime;
            rest = rest.substr(close + 2);
            return true;
        }
    }
    const size_t begin = head.find('[');
    if (begin == head.npos || begin > max_decoration_size) return false;
    const size_t end = head.find(']', begin);
    if (end == head.npos) return false;
    std::string_view inside = rest.substr(begin + 1, end - begin - 1);
    std::string_view uptime = inside;
    const bool is_seconds = is_uptime(uptime);
    if (!is_seconds && find_clock(inside) == inside.npos) return false;
    (is_seconds ? line.uptime : line.civil_time) = is_seconds ? uptime : inside;
    rest = trim_start(rest.substr(end + 1), ": ");
    return true;
}

// "2025 Jun 18 10:00:01 host program[12]: …": a clock with text around it, host and program
bool skip_to_program(std::string_view& rest, KernelLogLine& line) {
    const std::string_view head = rest.substr(0, max_decoration_size);
    const size_t clock = find_clock(head);
    if (clock == head.npos) return false;
    const size_t end = rest.find(' ', clock);
    if (end == rest.npos) return false;
    std::string_view behind = trim_start(rest.substr(end), " ");
    if (!parse_kernel_message(behind)) {
        const size_t colon = behind.substr(0, max_stamp_size).find("]: ");
        if (colon == behind.npos) return false;
        const size_t blank = behind.substr(0, colon).rfind(' ');
        if (blank != behind.npos) behind.remove_prefix(blank + 1);
        if (!is_letter(behind.front())) return false;
        line.from_kernel = false;
    }
    line.civil_time = rest.substr(0, end);
    rest = behind;
    return true;
}

// A known message anywhere in the line, by the beginnings that nothing else has.
bool skip_to_known_words(std::string_view& rest) {
    for (std::string_view words :
         {"blk_update_request: ", "print_req_error: ", "end_request: ", "I/O error, dev ",
          "critical medium error, dev ", "critical target error, dev ", "Buffer I/O error on dev",
          "EXT4-fs error (device ", "EXT4-fs (", "XFS (", "BTRFS error (device ",
          "BTRFS warning (device ", "md/raid", "Aborting journal on device "}) {
        const size_t found = rest.substr(0, 2 * max_stamp_size).find(words);
        if (found == rest.npos || found == 0 || is_letter(rest[found - 1])) continue;
        if (!parse_kernel_message(rest.substr(found))) continue;
        rest.remove_prefix(found);
        return true;
    }
    return false;
}

// A line in no known form: the message may stand behind anything.
bool skip_unknown_prefix(std::string_view& rest, KernelLogLine& line) {
    if (rest.size() < 16 || parse_kernel_message(rest)) return false;
    std::string_view text = rest;
    const auto done = [&] {
        rest = text;
        skip_brackets(rest, line);
        return true;
    };
    if (skip_decoration(text) && skip_prefix(text, line)) {
        rest = text;
        return true;
    }
    // Blanks alone: a later line of a message.
    const bool indented = rest.front() == ' ' || rest.front() == '\t';
    if (skip_to_field(text, line) || skip_kmsg_head(text, line)) return done();
    // A container's name: "db-1  | [ 131.2] …"
    if (const size_t bar = text.substr(0, max_decoration_size).find("| "); bar != text.npos) {
        std::string_view behind = text.substr(bar);
        skip_decoration(behind);
        if (skip_prefix(behind, line)) {
            rest = behind;
            return true;
        }
    }
    if (skip_to_kernel(text, line) || skip_to_bracket(text, line) || skip_to_program(text, line))
        return done();
    if (indented && parse_kernel_message(text)) return false;
    return skip_to_known_words(text) && done();
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
    bool prefixed = skip_prefix(rest, line);
    if (!prefixed) prefixed = skip_unknown_prefix(rest, line);
    skip_processor(rest);
    if (rest.starts_with(' ') || rest.starts_with('\t')) {
        line.continuation = !prefixed;
        rest = trim_start(rest, " \t");
        skip_unfinished_line(rest, line);
    }
    line.message = rest;
    return line;
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
