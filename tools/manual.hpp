// Generates the references of the manual: docs/rules.md, docs/metrics.md, docs/config.md,
// lastgood.toml(5) and the configuration that the package ships. Pure.
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

// The settings of core/settings.hpp, and the tables that configuration files may hold.
std::string settings_to_markdown();
std::string settings_to_man();      // lastgood.toml(5)
std::string settings_to_example();  // a configuration with every setting, commented out

// Escapes text for markdown, in a cell of a table or in running text, so that nothing is markup.
std::string markdown_text(std::string_view text);
// Escapes text for a manual page (roff). `quoted`: the text is an argument of a macro, in quotation
// marks.
std::string man_text(std::string_view text, bool quoted = false);

}  // namespace lastgood
