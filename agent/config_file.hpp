// Reads the whole configuration from TOML before anything uses it. Format: lastgood.toml(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/reading.hpp"
#include "core/config.hpp"
#include "core/result.hpp"

namespace lastgood {

// Whether files that others may change may name commands and files to write: not to a caller that
// runs them, but to one that only reads a report.
enum class ConfigTrust { required, not_needed };

// The files that make the configuration: `path`, then conf.d/*.toml beside it in the order of their
// names. The default path is left out if there is no such file. Errors: conf.d cannot be read.
Result<std::vector<std::string>> config_files(const std::string& path);

// Reads config_files(path) completely: later settings win, [[backup]] sections add up. No file is a
// valid empty configuration. `defaults` applies where the files say nothing. A syntax error hides
// the rest of its file, but not the other files. Blocks as long as the filesystem does.
ConfigReading read_whole_config(const std::string& path, Config defaults = {},
                                ConfigTrust trust = ConfigTrust::required);

// The same for a caller that acts on the configuration. Error: the first mistake, with file, line,
// column and what to do, and how many more there are.
Result<Config> read_config(const std::string& path, Config defaults = {},
                           ConfigTrust trust = ConfigTrust::required);

// Both of the text of one file; remarks call it `name`. Pure, but for the clock: acceptances end.
ConfigReading read_config_text(std::string_view text, const std::string& name);
Result<Config> parse_config(std::string_view text, const std::string& name);

// The configuration as TOML with every default written out; parse_config() accepts it.
std::string to_toml(const Config& config);

// The value as a basic string of TOML 1.0, with quotes. It must be valid UTF-8.
std::string toml_string(std::string_view value);
// In the units that people use, if that is exact; a number of seconds always is.
std::string toml_duration(Seconds value);
// In the largest binary unit of which it is a multiple.
std::string toml_size(double bytes);
// The date on which it ends here: the reader takes a date as midnight of the local time.
std::string toml_date(Timestamp time);

}  // namespace lastgood
