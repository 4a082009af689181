// What several test programs need: where recorded data lies, and fixtures.
#pragma once

#include <optional>
#include <string>

namespace lastgood::test {

// The project's own tests/ directory.
std::string tests_directory();

// Says why the rest of this test case cannot run on this machine; the caller returns from the case.
// It is counted as skipped, with the reason. With CI=true ends the test program with an error.
void skip(const std::string& reason);

// The reason that skip() was given since the last call, or "". For tests/doctest_main.cpp.
std::string take_skip_reason();

// The recorded data beside the checkout (../shared/corpora). In a stranger's clone: nothing, and
// the test case is skipped.
std::optional<std::string> corpora_directory();

std::string read_file(const std::string& path);  // ends the test program when it cannot

// Compares with the golden file tests/PATH; with LASTGOOD_ACCEPT=1 in the environment, (re)writes
// it.
bool matches_golden(const std::string& path, const std::string& actual);

}  // namespace lastgood::test
