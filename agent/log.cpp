#include "agent/log.hpp"

#include <fmt/core.h>

#include <cstdlib>

#include "core/print.hpp"
#include "core/utf8.hpp"

namespace lastgood {

void log(LogLevel level, std::string_view message) {
    static const bool in_journal = std::getenv("JOURNAL_STREAM") != nullptr;
    const char* priority = "";
    switch (level) {
        case LogLevel::error:
            priority = "<3>";
            break;
        case LogLevel::warning:
            priority = "<4>";
            break;
        case LogLevel::info:
            priority = "<6>";
            break;
    }
    // Text from a child must not forge lines of the log.
    print_error(fmt::format("{}{}", in_journal ? priority : "lastgood: ", harmless(message)));
}

}  // namespace lastgood
