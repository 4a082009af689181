#include "collectors/filesystems/past_memory.hpp"

#include <cmath>

#include "core/bytes.hpp"
#include "core/files.hpp"
#include "core/json_value.hpp"

namespace lastgood {

namespace {

using nlohmann::json;

constexpr size_t most_filesystems = 64;
constexpr double unit = 1048576;  // whole mebibytes are enough, and short

}  // namespace

PastByPoint parse_past(const json& document, Timestamp now) {
    PastByPoint known;
    const json& filesystems = value_in(document, "filesystems");
    if (!filesystems.is_object()) return known;
    for (const auto& [point, from] : filesystems.items()) {
        const auto size = number_in(from, "size");
        const json& list = value_in(from, "hours");
        if (!size || *size <= 0 || !list.is_array() || known.size() >= most_filesystems) continue;
        std::deque<UsagePast::Hour> hours;
        for (const json& one : list)
            if (one.is_array() && one.size() == 3 && one[0].is_number() && one[1].is_number() &&
                one[2].is_number())
                hours.push_back({one[0].get<double>(), one[1].get<double>() * unit,
                                 one[2].get<double>() * unit});
        known[point].size = *size;
        known[point].past.restore(hours, now);
    }
    return known;
}

json to_json(const PastByPoint& known) {
    json filesystems = json::object();
    for (const auto& [point, one] : known) {
        if (filesystems.size() >= most_filesystems) break;
        json hours = json::array();
        for (const UsagePast::Hour& hour : one.past.hours())
            hours.push_back(
                {hour.begin, std::round(hour.lowest / unit), std::round(hour.highest / unit)});
        filesystems[point] = {{"size", one.size}, {"hours", hours}};
    }
    return {{"filesystems", filesystems}};
}

PastMemory::PastMemory(const Host& host, const std::string& state_directory) : host_(host) {
    if (host.recorded() || state_directory.empty()) return;
    if (open_own_directory(state_directory)) path_ = state_directory + "/filesystems.json";
}

PastByPoint PastMemory::load() const {
    if (path_.empty()) return {};
    const auto text = host_.read(path_, 4 * mib);
    return text ? parse_past(parse_json(*text), host_.now()) : PastByPoint();
}

Result<void> PastMemory::save(const PastByPoint& known) const {
    if (path_.empty()) return {};
    const std::string text = to_json(known).dump(-1, ' ', false, json::error_handler_t::replace);
    return write_file(path_, text, Synced::yes, 0600);
}

}  // namespace lastgood
