#include "collectors/witnesses/parse/counters.hpp"

#include <algorithm>
#include <cstdint>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr double largest = 9e15;  // every whole number below is exact

// The only number of a line.
std::optional<double> number_of(std::string_view text) {
    text = trim(text);
    const auto number = take_number<uint64_t>(text);
    if (!number || !text.empty() || static_cast<double>(*number) > largest) return std::nullopt;
    return static_cast<double>(*number);
}

}  // namespace

std::optional<Sighting> ext4_sighting(std::string_view lifetime, std::string_view session) {
    const auto all = number_of(lifetime), since_mount = number_of(session);
    if (!all || !since_mount) return std::nullopt;
    return Sighting{.at = 0, .count = *all, .saved = std::max(*all - *since_mount, 0.0)};
}

std::optional<Sighting> xfs_sighting(std::string_view log_head) {
    constexpr double block_limit = 1 << 28;  // more than the largest log has, 2 GiB
    constexpr double cycle_limit = 1 << 24;
    constexpr double in_buffers = 8 * 256 * 2 * 2;  // 8 buffers of 256 KiB, doubled, in blocks
    const size_t colon = log_head.find(':');
    if (colon == log_head.npos) return std::nullopt;
    const auto cycle = number_of(log_head.substr(0, colon));
    const auto block = number_of(log_head.substr(colon + 1));
    if (!cycle || !block || *cycle >= cycle_limit || *block >= block_limit) return std::nullopt;
    // Near its beginning a cycle may lose all of itself and the end of the one before.
    const double saved = *block > in_buffers ? *cycle * block_limit + *block - in_buffers
                                             : std::max(*cycle - 1, 0.0) * block_limit;
    return Sighting{.at = 0, .count = *cycle * block_limit + *block, .saved = saved};
}

std::optional<Sighting> btrfs_sighting(std::string_view generation) {
    constexpr double slack = 8;
    const auto number = number_of(generation);
    if (!number) return std::nullopt;
    return Sighting{.at = 0, .count = *number, .saved = std::max(*number - slack, 0.0)};
}

}  // namespace lastgood
