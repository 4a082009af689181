// Writes to standard output and standard error. Every command and the log write through here: what
// a device, a file or a caller named must never reach a terminal as a command to it, whichever
// message forgot to clean it. tests/run lint forbids other ways.
//
// All block while the reader of a pipe does. None throws: a full disk is a result.
#pragma once

#include <string>
#include <string_view>

namespace lastgood {

// Writes text for people and flushes it. Characters that control a terminal, hide or reorder text
// become '?', except newlines and tabs; with `colours` also the sequences of coloured() stay. False
// if not all of it was written.
[[nodiscard]] bool print_text(std::string_view text, bool colours = false);

// The same for JSON, where such characters become \u escapes: nothing is lost.
[[nodiscard]] bool print_json(std::string_view text);

// Writes "TEXT\n" to standard error, like print_text(). What cannot be written is lost.
void print_error(std::string_view text);

// Writes `text` as it is to standard error. Allocates nothing and is async-signal-safe
// (signal-safety(7)), so it works when memory has run out and in a signal handler. For literals of
// ours only.
void print_last_words(const char* text) noexcept;

// Moves the cursor of the terminal on standard output to the top left and clears the screen.
void clear_screen();

// What the functions above write. Pure.
std::string printable(std::string_view text, bool colours = false);
std::string printable_json(std::string_view json);

}  // namespace lastgood
