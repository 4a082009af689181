#include "collectors/data/parse/container_config.hpp"

#include <algorithm>

#include "core/json_value.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_binds = 1000;  // of one container

nlohmann::json parse(std::string_view text) {
    return parse_json(text);
}

std::string absolute(const std::string& path) {
    return path.starts_with('/') && path.find('\0') == path.npos ? path : std::string();
}

void add(std::vector<std::string>& binds, const std::string& path) {
    if (!absolute(path).empty() && binds.size() < most_binds) binds.push_back(path);
}

bool is_bind(const nlohmann::json& mount) {
    const std::string type = text_in(mount, "Type");
    // Old containers have no type: a volume has a name.
    return type.empty() ? text_in(mount, "Name").empty() : type == "bind";
}

// The text in quotes behind "KEY =" in [TABLE]. Podman's files have no more of TOML in their paths,
// and tomlplusplus 3.3 asserts on some malformed text.
std::string value_of(std::string_view text, std::string_view table, std::string_view key) {
    bool inside = false;
    while (!text.empty()) {
        std::string_view line = trim(take_line(text));
        if (line.starts_with('[')) {
            line.remove_prefix(1);
            inside = trim(take_until(line, ']')) == table;
        }
        if (!inside || trim(take_until(line, '=')) != key) continue;
        line = trim(line);
        const char quote = line.empty() ? '\0' : line.front();
        if (quote != '"' && quote != '\'') return {};
        line.remove_prefix(1);
        const size_t end = line.find(quote);
        if (end == line.npos || contains(line.substr(0, end), '\\')) return {};
        return absolute(std::string(line.substr(0, end)));
    }
    return {};
}

}  // namespace

std::string docker_data_root(std::string_view daemon_json) {
    const nlohmann::json file = parse(daemon_json);
    const std::string root = absolute(text_in(file, "data-root"));
    return root.empty() ? absolute(text_in(file, "graph")) : root;  // its name until 17.05
}

std::vector<std::string> docker_binds(std::string_view config_v2_json) {
    std::vector<std::string> binds;
    const nlohmann::json file = parse(config_v2_json);
    const auto& mounts = value_in(file, "MountPoints");
    if (!mounts.is_object()) return binds;
    for (const auto& mount : mounts)
        if (is_bind(mount) && flag_in(mount, "RW")) add(binds, text_in(mount, "Source"));
    return binds;
}

std::string docker_volume_device(std::string_view opts_json) {
    const nlohmann::json file = parse(opts_json);
    const std::string options = text_in(file, "MountOpts");
    const auto words = split(options, ",");
    if (!contains(words, "bind") && !contains(words, "rbind")) return {};
    return absolute(text_in(file, "MountDevice"));
}

std::string podman_graph_root(std::string_view storage_conf) {
    return value_of(storage_conf, "storage", "graphroot");
}

std::string podman_volume_path(std::string_view containers_conf) {
    return value_of(containers_conf, "engine", "volume_path");
}

std::vector<std::string> oci_binds(std::string_view config_json) {
    std::vector<std::string> binds;
    const nlohmann::json file = parse(config_json);
    const auto& mounts = value_in(file, "mounts");
    if (!mounts.is_array()) return binds;
    for (const auto& mount : mounts) {
        const auto& options = value_in(mount, "options");
        const auto has = [&](std::string_view word) {
            return options.is_array() && std::ranges::any_of(options, [&](const auto& option) {
                       return option.is_string() &&
                              option.template get_ref<const std::string&>() == word;
                   });
        };
        const bool bound = text_in(mount, "type") == "bind" || has("bind") || has("rbind");
        if (bound && !has("ro")) add(binds, text_in(mount, "source"));
    }
    return binds;
}

}  // namespace lastgood
