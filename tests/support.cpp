#include "tests/support.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace lastgood::test {

namespace {

[[noreturn]] void give_up(const std::string& message) {
    std::fputs((message + "\n").c_str(), stderr);
    std::exit(2);
}

bool environment_says(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return false;
    const std::string text = value;
    return !text.empty() && text != "0" && text != "false";
}

std::string& skip_reason() {
    static std::string reason;
    return reason;
}

// Describes the first line that differs: "line 3: expected …, got …".
std::string first_difference(const std::string& expected, const std::string& actual) {
    size_t line = 1;
    size_t start = 0;
    while (true) {
        const size_t expected_end = expected.find('\n', start);
        const size_t actual_end = actual.find('\n', start);
        const std::string expected_line = expected.substr(start, expected_end - start);
        const std::string actual_line = actual.substr(start, actual_end - start);
        if (expected_line != actual_line || expected_end == std::string::npos ||
            actual_end == std::string::npos) {
            return "line " + std::to_string(line) + ":\n  expected: " + expected_line +
                   "\n  actual:   " + actual_line;
        }
        start = expected_end + 1;
        ++line;
    }
}

}  // namespace

std::string tests_directory() {
    return std::string(LASTGOOD_SOURCE) + "/tests";
}

std::optional<std::string> corpora_directory() {
    const std::string directory = std::string(LASTGOOD_SOURCE) + "/../shared/corpora";
    std::error_code error;
    if (std::filesystem::is_regular_file(directory + "/INDEX.tsv", error)) return directory;
    skip("there is no recorded data in ../shared/corpora beside this checkout");
    return std::nullopt;
}

void skip(const std::string& reason) {
    if (environment_says("CI")) give_up("CI is set and a test cannot run: " + reason);
    std::fputs(("SKIP: " + reason + "\n").c_str(), stderr);
    skip_reason() = reason;
}

std::string take_skip_reason() {
    return std::exchange(skip_reason(), "");
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) give_up("cannot open " + path);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (file.bad()) give_up("cannot read " + path);
    return content;
}

bool matches_golden(const std::string& path, const std::string& actual) {
    const std::filesystem::path golden = tests_directory() + "/" + path;
    if (environment_says("LASTGOOD_ACCEPT")) {
        std::error_code error;
        std::filesystem::create_directories(golden.parent_path(), error);
        std::ofstream file(golden, std::ios::binary | std::ios::trunc);
        file << actual;
        file.close();
        if (!file) give_up("cannot write " + golden.string());
        return true;
    }
    std::error_code error;
    if (!std::filesystem::exists(golden, error)) {
        MESSAGE("there is no " << golden.string() << "; run with LASTGOOD_ACCEPT=1 to write it");
        return false;
    }
    const std::string expected = read_file(golden.string());
    if (expected == actual) return true;
    MESSAGE("differs from " << golden.string() << " in " << first_difference(expected, actual)
                            << "\nrun with LASTGOOD_ACCEPT=1 to accept it");
    return false;
}

}  // namespace lastgood::test
