// What several test programs need: where recorded data lies, and fixtures.
#pragma once

#include <optional>
#include <string>

namespace lastgood::test {

// The project's own tests/ directory.
std::string tests_directory();

// The recorded data beside the checkout (../shared/corpora), or nothing in a stranger's clone. With
// CI=true its absence ends the test program with an error.
std::optional<std::string> corpora_directory();

std::string read_file(const std::string& path);  // ends the test program when it cannot

// Compares with the golden file tests/PATH; with LASTGOOD_ACCEPT=1 in the environment, (re)writes
// it.
bool matches_golden(const std::string& path, const std::string& actual);

}  // namespace lastgood::test
