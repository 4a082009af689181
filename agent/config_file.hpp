// Reads the configuration from TOML, whole, before anything acts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

inline constexpr const char* default_config_path = "/etc/lastgood/lastgood.toml";

// Reads `path` and then conf.d/*.toml beside it, in the order of their names; later settings win,
// [[backup]]s add up. With the default path, an absent file is a valid, empty configuration. Errors
// name file, line and column and what to do; unknown keys are errors. `defaults` holds where the
// files say nothing.
Result<Config> read_config(const std::string& path, Config defaults = {});

// One file's text; `name` stands in messages. For tests and for `lastgood config check`.
Result<Config> parse_config(std::string_view text, const std::string& name);

// The configuration in force as TOML, with every default written out.
std::string to_toml(const Config& config);

// A basic string of TOML 1.0, with its quotes. The value must be UTF-8.
std::string toml_string(std::string_view value);

}  // namespace lastgood
