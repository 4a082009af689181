// Reads the whole configuration from TOML before anything uses it. Format: lastgood.toml(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

inline constexpr const char* default_config_path = "/etc/lastgood/lastgood.toml";

// The files that make the configuration: `path`, then conf.d/*.toml beside it in the order of their
// names. The default path is left out if there is no such file. Errors: conf.d cannot be read.
Result<std::vector<std::string>> config_files(const std::string& path);

// Reads config_files(path): later settings win, [[backup]] sections add up. No file is a valid
// empty configuration. `defaults` applies where the files say nothing. Blocks as long as the
// filesystem does. Errors: malformed (also for unknown keys), with file, line, column and what to
// do; or the file cannot be read.
Result<Config> read_config(const std::string& path, Config defaults = {});

// Parses the text of one file; messages call it `name`. Error: malformed. Pure.
Result<Config> parse_config(std::string_view text, const std::string& name);

// The configuration as TOML with every default written out; parse_config() accepts it.
std::string to_toml(const Config& config);

// The value as a basic string of TOML 1.0, with quotes. It must be valid UTF-8.
std::string toml_string(std::string_view value);

}  // namespace lastgood
