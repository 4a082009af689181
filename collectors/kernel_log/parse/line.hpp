// One line of a saved kernel log, in any common form: what the kernel said, when, and whether it
// was the kernel.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace lastgood {

// Levels of printk, <linux/kern_levels.h>: 0 emergency … 7 debug.
inline constexpr int level_info = 6;

struct KernelLogLine {
    // The kernel's text, without prefix and leading blanks.
    std::string_view message;
    // "12345.678901": seconds since boot, as it stands in the line; empty when it carries none.
    std::string_view uptime;
    // "Sep  5 00:12:26", "2023-06-06T10:04:36.136056+02:00", "Fri Nov 22 11:31:27 2019" …; empty
    // when it carries none.
    std::string_view civil_time;
    int level = -1;  // -1: not given
    // False when the line names another speaker: a program that writes to the same log.
    bool from_kernel = true;
    // A later line of one message that holds newlines: it has no prefix of its own, only blanks.
    bool continuation = false;
};

// Takes: dmesg with and without -T, -x, --time-format=iso, -r ("<3>[…]"); the caller of
// CONFIG_PRINTK_CALLER ("[T123]"); the processor number of real-time kernels ("000: "); journalctl
// -k in its short, short-iso, short-precise, short-full, short-unix and short-monotonic forms;
// rsyslog's traditional and RFC 3339 formats; RFC 5424; both kinds of stamp in one line; no prefix
// at all; and a message with a priority that was printed into an unfinished line ("sda:<3>ata1:
// …"). Never fails: a line in no known form is all message.
KernelLogLine parse_kernel_log_line(std::string_view line);

// Seconds since boot.
std::optional<double> uptime_of(const KernelLogLine& line);

// The time a line was logged. Civil time without a zone is this host's local time; a date without a
// year is the last such date that is not after `now` (with a day's tolerance for clocks).
std::optional<Timestamp> time_of(const KernelLogLine& line, Timestamp now);

// The message behind another complete prefix inside this one, as when a mail program joined two
// lines or a serial console mixed them; empty when there is none.
std::string_view joined_message(std::string_view message);

}  // namespace lastgood
