#include "agent/command_manual.hpp"

#include <doctest/doctest.h>

#include "tests/support.hpp"

using namespace lastgood;
using lastgood::test::matches_golden;

TEST_CASE("manual page and completion in the repository are up to date") {
    CHECK(matches_golden("../packaging/man/lastgood.1", command_line_to_man()));
    CHECK(matches_golden("../packaging/bash-completion/lastgood", command_line_to_completion()));
}
