// A saved kernel log as a whole: each message of the kernel's, in order.
#pragma once

#include <string_view>

#include "collectors/kernel_log/parse/line.hpp"

namespace lastgood {

// Calls receive(message, line) for each message; lines of other programs are left out. Linear,
// allocates nothing.
template <class Receive>
void for_each_kernel_message(std::string_view text, Receive receive) {
    bool kernel_spoke = true;  // whose the continuation lines are
    while (!text.empty()) {
        const size_t newline = text.find('\n');
        const std::string_view raw = text.substr(0, newline);
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
        const KernelLogLine line = parse_kernel_log_line(raw);
        if (line.continuation) {
            if (!kernel_spoke) continue;
        } else {
            kernel_spoke = line.from_kernel;
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
