#include "collectors/drives/parse/block_stat.hpp"

#include <charconv>

namespace lastgood {

std::optional<BlockStat> parse_block_stat(std::string_view text) {
    constexpr int in_flight = 8;
    BlockStat stat;
    int field = 0;
    while (field < 17) {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\n'))
            text.remove_prefix(1);
        if (text.empty()) break;
        uint64_t number = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc()) return std::nullopt;
        text.remove_prefix(static_cast<size_t>(end - text.data()));
        if (field == 0 || field == 4 || field == 11 || field == 15) stat.completed += number;
        if (field == in_flight) stat.in_flight = number;
        ++field;
    }
    if (field <= in_flight) return std::nullopt;
    return stat;
}

std::optional<double> parse_hexadecimal(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return static_cast<double>(number);
}

Seconds StallClock::update(const BlockStat& stat, Seconds now) {
    if (!last_ || stat.in_flight == 0 || stat.completed != last_->completed ||
        last_->in_flight == 0)
        since_ = now;
    last_ = stat;
    return stat.in_flight == 0 ? 0 : now - since_;
}

}  // namespace lastgood
