#include "agent/config/surroundings.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "collectors/backups/parse/glob.hpp"
#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

std::string why_unreachable(const Error& error, const std::string& path) {
    switch (error.kind) {
        case ErrorKind::absent:
            return fmt::format("there is no {}", path);
        case ErrorKind::denied:
            return fmt::format("not checked, you may not look at {}; check again as root", path);
        case ErrorKind::failed:
        case ErrorKind::malformed:
        case ErrorKind::timed_out:
            return error.message;
    }
    return error.message;
}

std::string check_path(const Host& host, const std::string& path, bool as_directory) {
    const auto status = host.status(path);
    if (!status) return why_unreachable(status.error(), path);
    if (as_directory && status->kind != FileKind::directory)
        return fmt::format("{} is not a directory", path);
    return {};
}

std::string check_program(const Host& host, const std::string& path) {
    const auto opened = host.open(path, O_PATH);
    if (!opened) return why_unreachable(opened.error(), path);
    const Descriptor program(*opened);
    struct stat status {};
    if (::fstat(program.get(), &status) != 0) return errno_text(errno);
    if (!S_ISREG(status.st_mode)) return fmt::format("{} is not a program", path);
    if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
        return fmt::format("{0} cannot be executed; mend it: chmod +x {0}", path);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("others may change {0}, which lastgood runs; mend it: chmod go-w {0}",
                           path);
    return {};
}

bool is_user(const std::string& name) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr;
}

std::string what_is_wrong(const Host& host, const ConfigUse& use) {
    switch (use.need) {
        case ConfigNeed::existing:
            return check_path(host, use.value, false);
        case ConfigNeed::directory:
            return check_path(host, use.value, true);
        case ConfigNeed::parent:
            return check_path(host, std::string(parent_directory(use.value)), true);
        case ConfigNeed::pattern:
            return check_path(host, split_path_pattern(use.value).fixed, true);
        case ConfigNeed::program:
            return check_program(host, use.value);
        case ConfigNeed::user:
            return {};
    }
    return {};
}

}  // namespace

void look_around(const Host& host, ConfigReading& reading) {
    const auto add = [&](std::vector<ConfigRemark>& remarks, const ConfigUse& use,
                         std::string text) {
        // Behind the others of its place and those before it.
        const auto file = [&](const std::string& name) {
            return std::ranges::find(reading.files, name) - reading.files.begin();
        };
        const auto key = [&](const ConfigPlace& place) {
            return std::tuple(file(place.file), place.line, place.column);
        };
        const auto behind = std::upper_bound(
            remarks.begin(), remarks.end(), key(use.place),
            [&](const auto& at, const ConfigRemark& one) { return at < key(one.place); });
        remarks.insert(behind, {use.place, std::move(text)});
    };
    for (const ConfigUse& use : reading.uses) {
        if (use.value.empty()) continue;
        if (use.need == ConfigNeed::user && !is_user(use.value))
            add(reading.mistakes, use,
                fmt::format("there is no user \"{}\"; create it or name another one", use.value));
        if (std::string wrong = what_is_wrong(host, use); !wrong.empty())
            add(reading.warnings, use, std::move(wrong));
    }
}

}  // namespace lastgood
