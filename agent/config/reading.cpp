#include "agent/config/reading.hpp"

#include <fmt/format.h>

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
