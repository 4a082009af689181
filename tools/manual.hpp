// The generated references of the manual: docs/rules.md, docs/metrics.md,
// docs/config.md, lastgood.toml(5) and the configuration that the package ships.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/rule.hpp"

namespace lastgood {

inline constexpr std::string_view generated_note =
    "Generated from the code by tools/generate; do not edit.\n";

std::string rules_to_markdown(std::span<const Rule> rules);
std::string metrics_to_markdown();  // from core/metrics/

// From core/settings.hpp, and the tables that config files may hold.
std::string settings_to_markdown();
std::string settings_to_man();      // lastgood.toml(5)
std::string settings_to_example();  // a configuration with every setting, commented out

// A cell of a table, or running text: nothing in it is markup.
std::string markdown_text(std::string_view text);
// Running text of a manual page (roff), likewise; `quoted`: an argument of a macro, in quotation
// marks.
std::string man_text(std::string_view text, bool quoted = false);

}  // namespace lastgood
