#include "collectors/filesystems/facts.hpp"

#include <cstdint>

#include "core/text.hpp"

namespace lastgood {

double parse_btrfs_errors(std::string_view text) {
    double sum = 0;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const size_t blank = line.rfind(' ');
        if (blank == std::string_view::npos) continue;
        if (const auto count = parse_number<uint64_t>(line.substr(blank + 1)))
            sum += static_cast<double>(*count);
    }
    return sum;
}

}  // namespace lastgood
