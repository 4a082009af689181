// Iterates over the kernel's messages in a saved log.
#pragma once

#include <string_view>

#include "collectors/kernel_log/parse/line.hpp"
#include "core/text.hpp"

namespace lastgood {

// Calls receive(std::string_view message, const KernelLogLine& line) for each kernel message in
// order; skips lines of other programs. The views point into `text`. Linear time, no allocation.
template <class Receive>
void for_each_kernel_message(std::string_view text, Receive receive) {
    bool after_kernel =
        true;  // the last line with a prefix was the kernel's: so are its continuation lines
    while (!text.empty()) {
        const KernelLogLine line = parse_kernel_log_line(take_line(text));
        if (line.continuation) {
            if (!after_kernel) continue;
        } else {
            after_kernel = line.from_kernel;
        }
        if (!line.from_kernel || line.message.empty()) continue;
        receive(line.message, line);
        if (line.civil_time.empty() && line.uptime.empty()) continue;
        auto rest = joined_message(line.message);
        for (int joins = 0; !rest.empty() && joins < 16; ++joins) {
            receive(rest, line);
            rest = joined_message(rest);
        }
    }
}

}  // namespace lastgood
