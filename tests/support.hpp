// Helpers for several test programs: recorded data and golden files. The functions block only for
// file access.
#pragma once

#include <optional>
#include <string>

namespace lastgood::test {

// Path of the project's tests/ directory.
std::string tests_directory();

// Skips the rest of a test case; the caller must return from it. The case counts as skipped with
// this reason. With CI=true, ends the test program with an error.
void skip(const std::string& reason);

// Returns and clears the reason given to skip(), or "". For tests/doctest_main.cpp.
std::string take_skip_reason();

// Path of the recorded data beside the checkout (../shared/corpora). nullopt: a clone without it;
// skip() has been called.
std::optional<std::string> corpora_directory();

std::string read_file(const std::string& path);  // Ends the test program if it cannot.

// Compares with the golden file tests/PATH. With LASTGOOD_ACCEPT=1 in the environment, writes the
// file instead.
bool matches_golden(const std::string& path, const std::string& actual);

}  // namespace lastgood::test
