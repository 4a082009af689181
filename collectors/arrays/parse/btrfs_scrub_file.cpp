#include "collectors/arrays/parse/btrfs_scrub_file.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "core/text.hpp"

namespace lastgood {

namespace {

// The value of "key:value" between the bars of a line.
std::optional<uint64_t> field(const std::vector<std::string_view>& fields, std::string_view key) {
    for (const std::string_view one : fields)
        if (one.starts_with(key) && one.substr(key.size()).starts_with(':'))
            return parse_number<uint64_t>(one.substr(key.size() + 1));
    return std::nullopt;
}

}  // namespace

std::optional<Timestamp> btrfs_scrub_end(std::string_view text, size_t devices) {
    if (trim(take_line(text)) != "scrub status:1") return std::nullopt;
    std::set<std::string_view> scrubbed;
    std::optional<Timestamp> oldest;
    while (!text.empty()) {
        const std::vector<std::string_view> fields = split(trim(take_line(text)), "|");
        if (fields.empty()) continue;
        const auto start = field(fields, "t_start"), duration = field(fields, "duration");
        if (!start || *start == 0 || !duration || field(fields, "finished") != 1U ||
            field(fields, "canceled") != 0U)
            return std::nullopt;
        scrubbed.insert(fields[0]);
        // Of one that was resumed this is too early: nobody is told that it is newer than it is.
        const Timestamp end = static_cast<double>(*start) + static_cast<double>(*duration);
        oldest = oldest ? std::min(*oldest, end) : end;
    }
    return scrubbed.size() >= devices ? oldest : std::nullopt;
}

}  // namespace lastgood
