#include "collectors/backups/parse/copy_name.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

bool is_temporary_name(std::string_view name) {
    for (const std::string_view ending :
         {".part", ".partial", ".tmp", ".temp", ".incomplete", ".inprogress", ".in-progress",
          ".filepart", ".dat.tmp", "~"})
        if (name.ends_with(ending)) return true;
    return name.starts_with('.');
}

CopyTime copy_time(const std::optional<NameTime>& name, Timestamp modified, Timestamp changed) {
    constexpr Seconds widest_offset = 14 * 3600;  // of a time zone from another
    if (!name) return {modified, false};
    const Timestamp time = within_day(*name, modified);
    if (time <= modified) return {time, true};
    if (time - modified > widest_offset && time <= changed) return {time, true};
    return {modified, false};
}

std::optional<int> compare_times(std::string_view name, std::string_view reference,
                                 const NameTime& place) {
    if (name.size() != reference.size()) return std::nullopt;
    for (size_t i = place.begin; i < place.begin + 4; ++i)  // a day may stand before the year
        if (i >= reference.size() || !is_digit(reference[i])) return std::nullopt;
    int order = 0;
    for (size_t i = 0; i < name.size(); ++i) {
        if (name[i] == reference[i]) continue;
        if (!is_digit(name[i]) || !is_digit(reference[i])) return std::nullopt;
        if (order == 0 && i >= place.begin && i < place.end) order = name[i] - reference[i];
    }
    return order;
}

bool is_in_order(std::string_view time_pattern) {
    // Each field is finer than the one before it.
    constexpr std::string_view fields = "YmdHMS";
    size_t last = 0;
    for (size_t i = 0; i < time_pattern.size(); ++i) {
        if (time_pattern[i] != '%') continue;
        if (++i >= time_pattern.size()) return false;
        const size_t field = fields.find(time_pattern[i]);
        if (field == fields.npos || field < last) return false;
        last = field + 1;
    }
    return true;
}

std::string_view stream_of(std::string_view name, const std::optional<NameTime>& time) {
    if (!time || time->end > name.size()) return name;
    constexpr std::string_view separators = "-_. @+:,";
    const auto trim = [&](std::string_view text) {
        const size_t first = text.find_first_not_of(separators);
        if (first == text.npos) return std::string_view();
        return text.substr(first, text.find_last_not_of(separators) + 1 - first);
    };
    if (const auto before = trim(name.substr(0, time->begin)); !before.empty()) return before;
    if (const auto behind = trim(name.substr(time->end)); !behind.empty()) return behind;
    return name;
}

}  // namespace lastgood
