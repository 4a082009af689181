#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "agent/config/tables.hpp"
#include "core/glob.hpp"

namespace lastgood {

namespace {

bool is_pattern(const std::string& path) {
    return std::ranges::any_of(split_path_pattern(path).components, has_wildcard);
}

void read_spool_path(ConfigReader& reader, const toml::node& node, Spool& spool) {
    if (!reader.read_path(node, "path", spool.path)) return;
    const auto wrong = what_is_wrong_with_path_pattern(spool.path);
    if (!wrong.empty()) return reader.refuse(node.source(), fmt::format("path: {}", wrong));
    reader.rely_on(node.source(),
                   is_pattern(spool.path) ? ConfigNeed::pattern : ConfigNeed::directory,
                   spool.path);
}

void read_count(ConfigReader& reader, const toml::node& node, std::optional<double>& count) {
    constexpr int64_t largest = 1'000'000'000'000;
    if (const auto* number = node.as_integer();
        number && number->get() >= 0 && number->get() <= largest)
        count = static_cast<double>(number->get());
    else
        reader.refuse(node.source(), "max_count is a number of entries: write max_count = 1000");
}

}  // namespace

void read_spool(ConfigReader& reader, const toml::table& table) {
    Spool spool;
    for (const auto& [key, node] : table) {
        if (key == "name")
            reader.read_name(node, spool.name);
        else if (key == "path")
            read_spool_path(reader, node, spool);
        else if (key == "max_age")
            reader.read(node, "max_age", spool.max_age.emplace());
        else if (key == "max_count")
            read_count(reader, node, spool.max_count);
        else if (key == "max_bytes")
            reader.read_size(node, "max_bytes", spool.max_bytes);
        else if (key == "max_pause")
            reader.read(node, "max_pause", spool.max_pause);
        else
            reader.refuse_key(key, "in [[spool]]",
                              {"name", "path", "max_age", "max_count", "max_bytes", "max_pause"});
    }
    if (!table.contains("name")) reader.refuse(table.source(), "[[spool]] needs a name");
    if (!table.contains("path"))
        reader.refuse(table.source(),
                      "[[spool]] needs a path: the directory that must keep draining");
    if (!spool.name.empty())
        if (const auto before = reader.take("spool " + spool.name, table.source()))
            reader.refuse(table.source(),
                          fmt::format("two spools are named \"{}\", the other in {}; rename one of "
                                      "them",
                                      spool.name, to_string(*before)));
    reader.config().spools.push_back(std::move(spool));
}

}  // namespace lastgood
