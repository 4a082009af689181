#include "collectors/drives/parse/block_stat.hpp"

#include "core/text.hpp"

namespace lastgood {

std::optional<BlockStat> parse_block_stat(std::string_view text) {
    constexpr int in_flight = 8;
    BlockStat stat;
    int field = 0;
    while (field < 17) {
        text = trim_start(text);
        if (text.empty()) break;
        const auto number = take_number<uint64_t>(text);
        if (!number) return std::nullopt;
        if (field == 0 || field == 4 || field == 11 || field == 15) stat.completed += *number;
        if (field == in_flight) stat.in_flight = *number;
        ++field;
    }
    if (field <= in_flight) return std::nullopt;
    return stat;
}

std::optional<double> parse_hexadecimal(std::string_view text) {
    text = without_prefix(without_prefix(trim_end(text), "0x"), "0X");
    const auto number = parse_number<uint64_t>(text, 16);
    return number ? std::optional(static_cast<double>(*number)) : std::nullopt;
}

Seconds StallClock::update(const BlockStat& stat, Seconds now) {
    if (!last_ || stat.in_flight == 0 || stat.completed != last_->completed ||
        last_->in_flight == 0)
        since_ = now;
    last_ = stat;
    return stat.in_flight == 0 ? 0 : now - since_;
}

}  // namespace lastgood
