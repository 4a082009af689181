#include "core/elsewhere.hpp"

#include <fmt/core.h>

#include "agent/config/tables.hpp"

namespace lastgood {

namespace {

void read_paths(ConfigReader& reader, const toml::node& node, std::vector<std::string>& paths) {
    reader.read(node, "paths", paths);
    for (const std::string& path : paths)
        if (reader.check_path(node, "paths", path))
            reader.rely_on(node.source(), ConfigNeed::existing, path);
}

void read_until(ConfigReader& reader, const toml::node& node, Timestamp& until) {
    if (!read_date(reader, node, "until", until)) return;
    if (reader.is_accepted()) return;  // the clock may have been set since
    if (until > reader.judged_at() + longest_declaration)
        reader.refuse(node.source(),
                      fmt::format("[[declared_elsewhere]] holds for {} at most; write an earlier "
                                  "date",
                                  format_duration(longest_declaration)));
}

}  // namespace

void read_declaration(ConfigReader& reader, const toml::table& table) {
    DeclaredElsewhere one;
    for (const auto& [key, node] : table) {
        if (key == "paths")
            read_paths(reader, node, one.paths);
        else if (key == "owner")
            reader.read(node, "owner", one.owner);
        else if (key == "reason")
            reader.read(node, "reason", one.reason);
        else if (key == "until")
            read_until(reader, node, one.until);
        else
            reader.refuse_key(key, "in [[declared_elsewhere]]",
                              {"paths", "owner", "reason", "until"});
    }
    if (one.paths.empty())
        reader.refuse(table.source(),
                      "[[declared_elsewhere]] needs paths, what is backed up out of this host's "
                      "sight");
    if (one.owner.empty() || one.reason.empty())
        reader.refuse(table.source(),
                      "[[declared_elsewhere]] needs owner and reason: who says that it is backed "
                      "up, and where");
    if (!table.contains("until"))
        reader.refuse(table.source(), "[[declared_elsewhere]] needs until, a date");
    reader.config().elsewhere.push_back(std::move(one));
}

}  // namespace lastgood
