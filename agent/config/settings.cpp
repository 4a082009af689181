// The settings of core/settings.hpp: each occurs once, and has a default.
#include <fmt/core.h>

#include <algorithm>
#include <type_traits>

#include "agent/config/tables.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/listen_address.hpp"

namespace lastgood {

namespace {

ConfigNeed need_of(const Setting<std::string>& setting, const Config& config) {
    // The program makes these itself.
    for (const auto* made : {&config.state_directory, &config.runtime_directory,
                             &config.inbox_directory, &config.textfile_path})
        if (&setting == made) return ConfigNeed::parent;
    if (&setting == &config.tls_certificate) return ConfigNeed::certificate;
    if (&setting == &config.tls_key) return ConfigNeed::key;
    if (&setting == &config.password_file) return ConfigNeed::passwords;
    return &setting == &config.journal_directory ? ConfigNeed::directory : ConfigNeed::existing;
}

void check_path_setting(ConfigReader& reader, const toml::node& node,
                        const Setting<std::string>& setting) {
    const Config& config = reader.config();
    const bool unset = setting.value.empty() && setting.path == PathRule::optional;
    const bool good = !unset && reader.check_path(node, setting.key, setting.value);
    reader.rely_on(node.source(), need_of(setting, config), good ? setting.value : "",
                   fmt::format("{} {}", setting.section, setting.key));
    if (!good) return;
    if (&setting == &config.textfile_path && !setting.value.ends_with(".prom"))
        reader.refuse(node.source(),
                      "[textfile] path must end in .prom; node_exporter reads no other files");
    for (const auto* written :
         {&config.state_directory, &config.runtime_directory, &config.textfile_path})
        if (&setting == written)
            reader.require_trust(node.source(), "says where lastgood writes files");
}

void check(ConfigReader& reader, const toml::node& node, const Setting<std::string>& setting) {
    const Config& config = reader.config();
    if (setting.path != PathRule::no_path) check_path_setting(reader, node, setting);
    if (&setting == &config.listen) {
        if (const auto address = parse_listen_address(setting.value); !address)
            reader.refuse(node.source(), address.error().message);
    } else if (&setting == &config.serve_user) {
        if (setting.value.empty())
            reader.refuse(node.source(), "user must be the name of a user, like \"nobody\"");
        reader.require_trust(node.source(), "says which rights the listener has");
        reader.rely_on(node.source(), ConfigNeed::user, setting.value, "serve user");
    }
}

void check(ConfigReader& reader, const toml::node& node,
           const Setting<std::vector<std::string>>& setting) {
    const Config& config = reader.config();
    if (&setting == &config.precious)
        for (const std::string& path : setting.value)
            if (reader.check_path(node, setting.key, path))
                reader.rely_on(node.source(), ConfigNeed::existing, path);
    if (&setting != &config.not_backed_up) return;
    for (const std::string& entry : setting.value)
        reader.check_path(node, setting.key, entry.substr(0, entry.find(": ")));
}

template <class T>
void check(ConfigReader&, const toml::node&, const Setting<T>&) {}

}  // namespace

std::vector<std::string> setting_keys(std::string_view section) {
    std::vector<std::string> keys;
    for_each_setting(Config(), [&](const auto& setting) {
        if (setting.section == section) keys.emplace_back(setting.key);
    });
    return keys;
}

std::vector<std::string> setting_sections() {
    std::vector<std::string> sections;
    for_each_setting(Config(), [&](const auto& setting) {
        if (!setting.section.empty() && (sections.empty() || sections.back() != setting.section))
            sections.emplace_back(setting.section);
    });
    return sections;
}

bool read_setting(ConfigReader& reader, std::string_view section, std::string_view key,
                  const toml::node& node) {
    bool found = false;
    for_each_setting(static_cast<Settings&>(reader.config()), [&](auto& setting) {
        if (setting.section != section || setting.key != key) return;
        found = true;
        if (reader.read(node, key, setting.value)) check(reader, node, setting);
    });
    return found;
}

}  // namespace lastgood
