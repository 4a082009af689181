#include "tools/documents.hpp"

#include "rules/rule.hpp"
#include "tools/command_manual.hpp"
#include "tools/manual.hpp"

namespace lastgood {

std::vector<Document> generated_documents() {
    return {
        {"docs/config.md", settings_to_markdown()},
        {"docs/metrics.md", metrics_to_markdown()},
        {"docs/rules.md", rules_to_markdown(all_rules())},
        {"packaging/bash-completion/lastgood", command_line_to_completion()},
        {"packaging/lastgood.toml", settings_to_example()},
        {"packaging/man/lastgood.1", command_line_to_man()},
        {"packaging/man/lastgood.toml.5", settings_to_man()},
        {"rules/lastgood.rules.yml", to_prometheus_yaml(all_rules())},
    };
}

}  // namespace lastgood
