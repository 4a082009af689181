#include "agent/log.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace lastgood {

void log(LogLevel level, std::string_view message) {
    static const bool in_journal = std::getenv("JOURNAL_STREAM") != nullptr;
    std::string line(message);
    for (char& c : line)
        // text from a child must not forge log lines
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
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
    // fmt::print() would throw if the disk with the log is full, or its reader has ended.
    const std::string text = fmt::format("{}{}\n", in_journal ? priority : "lastgood: ", line);
    [[maybe_unused]] const size_t written = std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace lastgood
