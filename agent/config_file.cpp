#include "agent/config_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

#include "agent/config/hops.hpp"
#include "agent/config/reader.hpp"
#include "agent/config/source_file.hpp"
#include "agent/config/syntax.hpp"
#include "agent/config/tables.hpp"
#include "core/host.hpp"
#include "core/similar.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_files = 1000;

void read_section(ConfigReader& reader, const toml::key& section, const toml::table& table) {
    for (const auto& [key, node] : table)
        if (key == "covers")
            reader.refuse(key.source(), "covers belongs below a line [[backup]]");
        else if (!read_setting(reader, section.str(), key.str(), node))
            reader.refuse_key(key, fmt::format("in [{}]", section.str()),
                              setting_keys(section.str()));
}

template <class Read>
void read_tables(ConfigReader& reader, std::string_view key, const toml::node& node,
                 Read read_one) {
    const auto refuse = [&](const toml::node& wrong) {
        reader.refuse(wrong.source(), fmt::format("write [[{}]], with two brackets", key));
    };
    const toml::array* tables = node.as_array();
    if (!tables) return refuse(node);
    for (const toml::node& item : *tables)
        if (const toml::table* table = item.as_table())
            read_one(reader, *table);
        else
            refuse(item);
}

void refuse_at_top(ConfigReader& reader, const toml::key& key) {
    for (const std::string& section : setting_sections())
        if (contains(setting_keys(section), key.str()))
            return reader.refuse(key.source(),
                                 fmt::format("{0} belongs below a line [{1}]", key.str(), section));
    std::vector<std::string> known = setting_keys(""), written = known;
    const auto add = [&](std::string_view name, std::string as_written) {
        known.emplace_back(name);
        written.push_back(std::move(as_written));
    };
    for (const std::string& section : setting_sections())
        add(section, fmt::format("[{}]", section));
    add("collectors", "[collectors.NAME]");
    for (const char* table :
         {"backup", "spool", "probe", "collector", "accept", "declared_elsewhere"})
        add(table, fmt::format("[[{}]]", table));
    const std::string_view meant = most_similar(key.str(), known);
    const auto at = std::ranges::find(known, meant) - known.begin();
    reader.refuse(key.source(),
                  meant.empty()
                      ? fmt::format("unknown key \"{}\" at the top level; the known keys are {}",
                                    key.str(), fmt::join(written, ", "))
                      : fmt::format("unknown key \"{}\" at the top level; did you mean {}?",
                                    key.str(), written[static_cast<size_t>(at)]));
}

void read_table(ConfigReader& reader, const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    const bool is_section = contains(setting_sections(), name) || name == "collectors";
    const toml::table* table = node.as_table();
    if (name == "backup")
        read_tables(reader, name, node, read_backup);
    else if (name == "spool")
        read_tables(reader, name, node, read_spool);
    else if (name == "probe")
        read_tables(reader, name, node, read_probe);
    else if (name == "accept")
        read_tables(reader, name, node, read_acceptance);
    else if (name == "declared_elsewhere")
        read_tables(reader, name, node, read_declaration);
    else if (name == "collector")
        read_tables(reader, name, node, read_external_collector);
    else if (is_section && !table)
        reader.refuse(node.source(), fmt::format("write [{}], and its keys below", name));
    else if (name == "collectors")
        read_collectors(reader, *table);
    else if (is_section)
        read_section(reader, key, *table);
    else if (!read_setting(reader, "", name, node))
        refuse_at_top(reader, key);
}

// Debian 12's toml++ recurses for each part of a dotted key and limits them nowhere, so a long one
// overflows the stack. Returns the line of a key with too many parts; 0: there is none. What it
// takes for a key may be a value: no value has this many dots outside quotes.
size_t line_of_deep_key(std::string_view text) {
    constexpr size_t most_parts = 32;
    size_t dots = 0, line = 1;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            const std::string_view three = text.substr(at, 3);
            const bool long_string = three == "\"\"\"" || three == "'''";
            const std::string_view end = long_string ? three : text.substr(at, 1);
            at += end.size();
            while (at < text.size() && !text.substr(at).starts_with(end)) {
                if (text[at] == '\n' && !long_string) break;
                line += text[at] == '\n' ? 1 : 0;
                at += text[at] == '\\' && c == '"' ? 2 : 1;
            }
            at += at < text.size() && text[at] == '\n' ? 0 : end.size();
            --at;
        } else if (c == '#') {
            at = std::min(text.find('\n', at), text.size()) - 1;
        } else if (c == '.') {
            if (++dots >= most_parts) return line;
        } else if (c == '\n' || c == '=' || c == ',') {
            dots = 0;
            line += c == '\n' ? 1 : 0;
        }
    }
    return 0;
}

void read_text(ConfigReader& reader, std::string_view text, const std::string& name) {
    if (const size_t line = line_of_deep_key(text); line != 0)
        return reader.refuse_line(line, "this key has too many parts");
    try {  // Debian's toml++ throws exceptions; catch them here
        const toml::table file = toml::parse(text, name);
        for (const auto& [key, node] : file) read_table(reader, key, node);
    } catch (const toml::parse_error& error) {
        // The parser stops at the first one.
        const auto number = error.source().begin.line;
        const auto line = line_of(text, number);
        const auto before = number > 1 ? line_of(text, number - 1) : std::string_view();
        reader.refuse(error.source(),
                      fmt::format("{}; lastgood read nothing of this file: correct this, then "
                                  "check again",
                                  explain_syntax_error(line, error.description(), before)));
    }
}

void read_file(ConfigReader& reader, const std::string& name, ConfigTrust trust) {
    auto source = read_config_source(name);
    if (source && trust == ConfigTrust::not_needed) source->distrust.clear();
    reader.begin_file(name, source ? *source : ConfigSource{});
    if (source)
        read_text(reader, source->text, name);
    else
        reader.refuse_file(source.error().kind,
                           "cannot read the configuration: " + source.error().message);
    reader.end_file();
}

// One may be in one file, and the other in another.
void check_pair_of_tls(ConfigReading& reading) {
    const Config& config = reading.config;
    for (const auto& [set, missing, need] :
         {std::tuple(&config.tls_certificate, &config.tls_key, ConfigNeed::certificate),
          std::tuple(&config.tls_key, &config.tls_certificate, ConfigNeed::key)}) {
        if (set->value.empty() || !missing->value.empty()) continue;
        const ConfigUse* const use = find_use(reading, need);
        insert_remark(
            reading, reading.mistakes,
            {use ? use->place : ConfigPlace{default_config_path},
             fmt::format("TLS needs {0}, too: write {0} = \"/…\" in [serve]", missing->key)});
    }
}

Result<Config> result_of(ConfigReading reading, const std::string& path) {
    if (!reading.mistakes.empty()) return Failure(first_mistake(reading, path));
    return std::move(reading.config);
}

}  // namespace

ConfigReading read_config_text(std::string_view text, const std::string& name) {
    ConfigReading reading;
    reading.files.push_back(name);
    ConfigReader reader(reading);
    reader.begin_file(name, ConfigSource{});
    read_text(reader, text, name);
    reader.end_file();
    settle_hops(reading);
    return reading;
}

Result<Config> parse_config(std::string_view text, const std::string& name) {
    return result_of(read_config_text(text, name), name);
}

Result<std::vector<std::string>> config_files(const std::string& path) {
    const Host host;
    std::vector<std::string> files;
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    const auto main_file = host.read(path);
    // Nothing there is fine; a link that leads nowhere is not.
    const auto is_there = [&](const std::string& at) { return host.status(at, false).has_value(); };
    if (path != default_config_path || main_file || main_file.error().kind != ErrorKind::absent ||
        is_there(path))
        files.push_back(path);
    const auto names = host.list(directory + "conf.d");
    if (!names && (names.error().kind != ErrorKind::absent || is_there(directory + "conf.d")))
        return fail(names.error().kind,
                    fmt::format("cannot read the configuration: {}", names.error().message));
    for (const std::string& name : names ? *names : std::vector<std::string>())
        if (name.ends_with(".toml") && !name.starts_with('.'))
            files.push_back(directory + "conf.d/" + name);
    if (files.size() > most_files)
        return fail(ErrorKind::failed, fmt::format("{}conf.d has {} files; at most {} are read",
                                                   directory, files.size(), most_files));
    return files;
}

ConfigReading read_whole_config(const std::string& path, Config defaults, ConfigTrust trust) {
    ConfigReading reading;
    reading.config = std::move(defaults);
    ConfigReader reader(reading);
    auto files = config_files(path);
    if (!files) {
        // The main file is checked all the same.
        reader.begin_file(std::string(parent_directory(path)) + "/conf.d", ConfigSource{});
        reader.refuse_file(files.error().kind, files.error().message);
        reader.end_file();
        files = std::vector{path};
    }
    reading.files = std::move(*files);
    for (const std::string& file : reading.files) read_file(reader, file, trust);
    check_pair_of_tls(reading);
    settle_hops(reading);
    return reading;
}

Result<Config> read_config(const std::string& path, Config defaults, ConfigTrust trust) {
    return result_of(read_whole_config(path, std::move(defaults), trust), path);
}

}  // namespace lastgood
