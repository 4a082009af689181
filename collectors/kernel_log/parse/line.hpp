// Parses one line of a saved kernel log: prefix, timestamp and message.
#pragma once

#include <string_view>

namespace lastgood {

// The string_views point into the parsed line.
struct KernelLogLine {
    std::string_view message;     // the kernel's text, without prefix and leading blanks
    std::string_view uptime;      // "12345.678901", seconds since boot; empty if the line has none
    std::string_view civil_time;  // "Sep  5 00:12:26", "2023-06-06T10:04:36.136056+02:00",
                                  // "Fri Nov 22 11:31:27 2019", …; empty if the line has none; of
                                  // an unknown form ("Mai 01 00:00:02"), which time_of() refuses
    int level = -1;               // printk level, 0 emergency … 7 debug; -1: not in the line
    bool from_kernel = true;      // false: the line names another program or another facility
    bool continuation = false;    // no prefix but blanks: a later line of a multi-line message
};

// Never fails: a line in no known form is all message. Pure, allocates nothing. Known forms:
// - dmesg, plain and with -T, -x, -r, --time-format=iso; with the caller of CONFIG_PRINTK_CALLER
//   ("[T123]") or the processor number of real-time kernels ("000: ")
// - journalctl -k with -o short, short-iso, short-precise, short-full, short-unix, short-monotonic
// - rsyslog's traditional and RFC 3339 formats; RFC 5424
// - raw /dev/kmsg; journalctl -o json and export; dmesg --json
// - behind decoration: blanks, quote marks, a container's or file's name, ANSI colours
// - a stamp of an unknown form before "kernel: ", before a bracket's end or before a known message
// - two timestamps in one line, no prefix at all, and a message with its priority inside an
//   unfinished line ("sda:<3>ata1: …")
KernelLogLine parse_kernel_log_line(std::string_view line);

// The message behind a second complete prefix inside this one, as mail programs and serial consoles
// join lines; empty if there is none.
std::string_view joined_message(std::string_view message);

}  // namespace lastgood
