#include "collectors/backups/discover_name.hpp"

#include <fmt/core.h>

#include <array>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t longest_name = 100;

}  // namespace

std::string plain_name(std::string_view text) {
    std::string name;
    for (const char c : text) {
        if (is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '@')
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    if (name.size() > longest_name) name.resize(longest_name);
    return std::string(trim(name, "-_."));
}

std::string name_of_directory(std::string_view directory) {
    constexpr std::array<std::string_view, 20> says_nothing = {
        "backup", "backups", "dump",   "dumps",      "restic", "borg",  "pgbackrest",
        "repo",   "data",    "daily",  "repository", "weekly", "mysql", "postgresql",
        "hourly", "archive", "images", "db",         "files",  "sql"};
    std::string name = plain_name(last_component(directory));
    if (!name.empty() && !contains(says_nothing, name)) return name;
    const std::string above = plain_name(last_component(parent_directory(directory)));
    if (above.empty()) return name.empty() ? "backup" : name;
    return name.empty() ? above : above + "-" + name;
}

std::string unused_name(const std::string& wanted, std::set<std::string>& taken) {
    std::string name = wanted;
    for (int number = 2; !taken.insert(name).second; ++number)
        name = fmt::format("{}-{}", wanted, number);
    return name;
}

}  // namespace lastgood
