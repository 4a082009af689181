#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/text.hpp"
#include "core/topology.hpp"

namespace lastgood {

namespace {

std::vector<std::string> options_of(std::string_view field) {
    const auto options = split(field, ",");
    return {options.begin(), options.end()};
}

}  // namespace

// Documentation/filesystems/proc.rst, 3.5:
// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    for (const std::string_view line : split(text, "\n")) {
        const auto fields = split(line, " ");
        size_t dash = 6;
        while (dash < fields.size() && fields[dash] != "-") ++dash;
        if (dash + 2 >= fields.size()) continue;
        Mount mount;
        mount.id = parse_number<int>(fields[0]).value_or(0);
        mount.number = fields[2];
        mount.root = unescape_octal(fields[3]);
        mount.point = unescape_octal(fields[4]);
        mount.options = options_of(fields[5]);
        mount.type = fields[dash + 1];
        mount.source = unescape_octal(fields[dash + 2]);
        if (dash + 3 < fields.size()) mount.super_options = options_of(fields[dash + 3]);
        mount.read_only =
            contains(mount.super_options.empty() ? mount.options : mount.super_options, "ro");
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

}  // namespace lastgood
