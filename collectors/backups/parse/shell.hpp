// Splits scripts and command lines into commands, as sh(1) does. Runs nothing, and expands only
// variables that the text itself sets to plain text. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lastgood {

// Stands in a word for what only a running shell knows.
inline constexpr char untold = '\0';
inline bool is_told(std::string_view word) {
    return word.find(untold) == word.npos;
}

using ShellWords = std::vector<std::string>;
using ShellVariables = std::map<std::string, std::string, std::less<>>;
// Gets each command that has words, without redirections and variables that are set before it.
using ShellVisitor = std::function<void(const ShellWords&, const ShellVariables&)>;

// Reads at most 20,000 words. Text that is no script gives some commands, or none.
void for_each_command(std::string_view text, const ShellVariables& variables,
                      const ShellVisitor& visit);

// What the variables are after the whole text: of a file of assignments.
ShellVariables variables_in(std::string_view text);

// "NAME=value"; false for other words.
bool set_variable(std::string_view word, ShellVariables& variables);

}  // namespace lastgood
