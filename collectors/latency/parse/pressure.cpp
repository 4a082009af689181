#include "collectors/latency/parse/pressure.hpp"

#include <cstdint>

#include "core/text.hpp"

namespace lastgood {

std::optional<IoPressure> parse_io_pressure_totals(std::string_view text) {
    constexpr std::string_view key = " total=";
    std::optional<Seconds> some, full;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const size_t at = line.find(key);
        if (at == line.npos) continue;
        const auto total = parse_number<uint64_t>(trim_end(line.substr(at + key.size())));
        if (!total) continue;
        if (line.starts_with("some ")) some = static_cast<double>(*total) / 1e6;
        if (line.starts_with("full ")) full = static_cast<double>(*total) / 1e6;
    }
    if (!some || !full) return std::nullopt;
    return IoPressure{*some, *full};
}

}  // namespace lastgood
