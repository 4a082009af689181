#include "agent/config/reading.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "core/utf8.hpp"
#include "core/words.hpp"

namespace lastgood {

std::string to_string(const ConfigRemark& remark) {
    const auto& [file, line, column] = remark.place;
    std::string place = file;
    if (line != 0) place += fmt::format(":{}", line);
    if (column != 0) place += fmt::format(":{}", column);
    return harmless(fmt::format("{}: {}", place, remark.text));
}

void insert_remark(const ConfigReading& reading, std::vector<ConfigRemark>& to, ConfigRemark one) {
    const auto key = [&](const ConfigPlace& place) {
        const auto file = std::ranges::find(reading.files, place.file) - reading.files.begin();
        return std::tuple(file, place.line, place.column);
    };
    const auto behind = std::upper_bound(
        to.begin(), to.end(), key(one.place),
        [&](const auto& at, const ConfigRemark& other) { return at < key(other.place); });
    to.insert(behind, std::move(one));
}

const ConfigUse* find_use(const ConfigReading& reading, ConfigNeed need) {
    const auto found = std::ranges::find(reading.uses, need, &ConfigUse::need);
    return found == reading.uses.end() || found->value.empty() ? nullptr : &*found;
}

Error first_mistake(const ConfigReading& reading, const std::string& path) {
    const ConfigRemark& first = reading.mistakes.front();
    std::string text = to_string(first);
    const size_t more = reading.mistakes.size() - 1;
    if (more > 0)
        text += harmless(fmt::format("; {}: lastgood config check{}",
                                     counted(more, "more mistake", "more mistakes"),
                                     path == default_config_path ? "" : " --config " + path));
    return Error{first.kind, std::move(text)};
}

}  // namespace lastgood
