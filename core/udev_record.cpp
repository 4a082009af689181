#include "core/udev_record.hpp"

#include <fmt/core.h>

#include <cstdint>

#include "core/text.hpp"

namespace lastgood {

std::string UdevRecord::property(std::string_view name) const {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string() : found->second;
}

UdevRecord parse_udev_record(std::string_view text) {
    UdevRecord record;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const size_t equals = line.find('=');
        if (line.starts_with("E:") && equals != line.npos)
            record.properties.emplace(line.substr(2, equals - 2), line.substr(equals + 1));
        else if (line.starts_with("S:"))
            record.links.emplace_back(line.substr(2));
        else if (line.starts_with("I:"))
            record.initialized =
                static_cast<double>(parse_number<uint64_t>(line.substr(2)).value_or(0)) * 1e-6;
    }
    return record;
}

UdevRecord read_udev_record(const Host& host, std::string_view number) {
    return parse_udev_record(host.read(fmt::format("/run/udev/data/b{}", number)).value_or(""));
}

}  // namespace lastgood
