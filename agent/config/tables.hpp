// Reads the tables of a configuration, a function for each kind. Each adds what it reads to
// ConfigReader::config(), and what is wrong to the reader's remarks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/reader.hpp"

namespace lastgood {

// The keys of a section in core/settings.hpp; none: there is no such section.
std::vector<std::string> setting_keys(std::string_view section);
// The names of the sections in core/settings.hpp.
std::vector<std::string> setting_sections();
// Reads a setting of core/settings.hpp; false: this section has no such key.
bool read_setting(ConfigReader& reader, std::string_view section, std::string_view key,
                  const toml::node& node);

// A local date, which means its midnight; one that has passed is no mistake. False: refused.
bool read_date(ConfigReader& reader, const toml::node& node, std::string_view key, Timestamp& date);

void read_backup(ConfigReader& reader, const toml::table& table);       // [[backup]]
void read_spool(ConfigReader& reader, const toml::table& table);        // [[spool]]
void read_probe(ConfigReader& reader, const toml::table& table);        // [[probe]]
void read_acceptance(ConfigReader& reader, const toml::table& table);   // [[accept]]
void read_declaration(ConfigReader& reader, const toml::table& table);  // [[declared_elsewhere]]
void read_external_collector(ConfigReader& reader, const toml::table& table);  // [[collector]]
// What is wrong with a program and its arguments, and that it must be there.
void check_command(ConfigReader& reader, const toml::node& node,
                   const std::vector<std::string>& command);
void read_collectors(ConfigReader& reader, const toml::table& table);  // [collectors.NAME]

}  // namespace lastgood
