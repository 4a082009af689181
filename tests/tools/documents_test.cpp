// What is generated from the code and kept in the repository.
#include <doctest/doctest.h>

#include "rules/rule.hpp"
#include "tests/support.hpp"
#include "tools/command_manual.hpp"
#include "tools/manual.hpp"

using namespace lastgood;
using lastgood::test::matches_golden;

TEST_CASE("the copies in the repository are up to date") {
    CHECK(matches_golden("../rules/lastgood.rules.yml", to_prometheus_yaml(all_rules())));
    CHECK(matches_golden("../docs/rules.md", rules_to_markdown(all_rules())));
    CHECK(matches_golden("../docs/metrics.md", metrics_to_markdown()));
    CHECK(matches_golden("../docs/config.md", settings_to_markdown()));
    CHECK(matches_golden("../packaging/man/lastgood.toml.5", settings_to_man()));
    CHECK(matches_golden("../packaging/lastgood.toml", settings_to_example()));
    CHECK(matches_golden("../packaging/man/lastgood.1", command_line_to_man()));
    CHECK(matches_golden("../packaging/bash-completion/lastgood", command_line_to_completion()));
}
