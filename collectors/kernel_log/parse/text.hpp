// Iterates over the messages in a saved log.
#pragma once

#include <string_view>

#include "collectors/kernel_log/parse/line.hpp"
#include "core/text.hpp"

namespace lastgood {

// Calls kernel(std::string_view message, const KernelLogLine& line, std::string_view raw) for each
// kernel message in order, and other(line, raw) for each line of another program. `raw` is the
// whole line. The views point into `text`. Linear time, no allocation.
template <class Kernel, class Other>
void for_each_log_message(std::string_view text, Kernel kernel, Other other) {
    bool after_kernel =
        true;  // the last line with a prefix was the kernel's: so are its continuation lines
    while (!text.empty()) {
        const std::string_view raw = take_line(text);
        const KernelLogLine line = parse_kernel_log_line(raw);
        if (line.continuation) {
            if (!after_kernel) continue;
        } else {
            after_kernel = line.from_kernel;
        }
        if (line.message.empty()) continue;
        if (!line.from_kernel) {
            other(line, raw);
            continue;
        }
        kernel(line.message, line, raw);
        if (line.civil_time.empty() && line.uptime.empty()) continue;
        auto rest = joined_message(line.message);
        for (int joins = 0; !rest.empty() && joins < 16; ++joins) {
            kernel(rest, line, raw);
            rest = joined_message(rest);
        }
    }
}

// Calls receive(std::string_view message, const KernelLogLine& line) for each kernel message in
// order; skips lines of other programs.
template <class Receive>
void for_each_kernel_message(std::string_view text, Receive receive) {
    for_each_log_message(
        text,
        [&](std::string_view message, const KernelLogLine& line, std::string_view) {
            receive(message, line);
        },
        [](const KernelLogLine&, std::string_view) {});
}

}  // namespace lastgood
