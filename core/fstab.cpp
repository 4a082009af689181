#include "core/fstab.hpp"

#include <algorithm>

namespace lastgood {

namespace {

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

std::string unescape(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
            is_octal(text[i + 2]) && is_octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                       (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view without_slash(std::string_view point) {
    while (point.size() > 1 && point.back() == '/') point.remove_suffix(1);
    return point;
}

}  // namespace

bool FstabEntry::read_only() const {
    bool result = false;
    for (const std::string& option : options) {
        if (option == "ro") result = true;
        if (option == "rw") result = false;
    }
    return result;
}

std::vector<FstabEntry> parse_fstab(std::string_view text) {
    std::vector<FstabEntry> entries;
    for (std::string_view line : split(text, "\n")) {
        const auto fields = split(line, " \t\r");
        if (fields.size() < 2 || fields[0].front() == '#') continue;
        FstabEntry entry;
        entry.source = unescape(fields[0]);
        const std::string point = unescape(fields[1]);
        entry.point = without_slash(point);
        if (fields.size() > 2) entry.type = fields[2];
        if (fields.size() > 3)
            for (std::string_view option : split(fields[3], ","))
                entry.options.push_back(unescape(option));
        entries.push_back(std::move(entry));
    }
    return entries;
}

const FstabEntry* find_fstab_entry(const std::vector<FstabEntry>& entries, std::string_view point) {
    point = without_slash(point);
    const FstabEntry* found = nullptr;
    for (const FstabEntry& entry : entries)
        if (entry.point == point) found = &entry;
    return found;
}

std::vector<std::string> parse_fstab_mount_points(std::string_view text) {
    std::vector<std::string> points;
    for (FstabEntry& entry : parse_fstab(text))
        if (entry.point.starts_with('/')) points.push_back(std::move(entry.point));
    return points;
}

}  // namespace lastgood
