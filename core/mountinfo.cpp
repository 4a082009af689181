#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/topology.hpp"

namespace lastgood {

namespace {

// mountinfo writes blank, tab, newline and backslash as \040 and so on (fs/proc_namespace.c,
// mangle()).
std::string unescape(std::string_view text) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
            octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                       (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find(separator), text.size());
        if (end > 0) parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

bool contains(const std::vector<std::string>& options, std::string_view option) {
    for (const std::string& one : options)
        if (one == option) return true;
    return false;
}

}  // namespace

// Documentation/filesystems/proc.rst, 3.5:
// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    for (const std::string& line : split(text, '\n')) {
        const std::vector<std::string> fields = split(line, ' ');
        size_t dash = 6;
        while (dash < fields.size() && fields[dash] != "-") ++dash;
        if (dash + 2 >= fields.size()) continue;
        Mount mount;
        std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), mount.id);
        mount.number = fields[2];
        mount.root = unescape(fields[3]);
        mount.point = unescape(fields[4]);
        mount.options = split(fields[5], ',');
        mount.type = fields[dash + 1];
        mount.source = unescape(fields[dash + 2]);
        if (dash + 3 < fields.size()) mount.super_options = split(fields[dash + 3], ',');
        mount.read_only =
            contains(mount.super_options.empty() ? mount.options : mount.super_options, "ro");
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

}  // namespace lastgood
