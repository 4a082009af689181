// A cursor over text for hand-written parsers. A step that fails does not move the cursor. Returned
// views point into the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/text.hpp"

namespace lastgood {

class TextScanner {
  public:
    explicit TextScanner(std::string_view text) : rest_(text) {}

    std::string_view rest() const { return rest_; }
    bool at_end() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
    void advance(size_t count) { rest_.remove_prefix(count < rest_.size() ? count : rest_.size()); }

    bool skip(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }

    void skip_spaces() { rest_ = trim_start(rest_, " \t"); }

    // Returns the text before the next `wanted` and moves behind it.
    std::optional<std::string_view> until(std::string_view wanted) {
        const size_t found = rest_.find(wanted);
        if (found == std::string_view::npos) return std::nullopt;
        const std::string_view before = rest_.substr(0, found);
        rest_.remove_prefix(found + wanted.size());
        return before;
    }

    // Takes everything before the next character of `ends`; may be empty.
    std::string_view word(std::string_view ends = " ") {
        const size_t end = rest_.find_first_of(ends);
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(found.size());
        return found;
    }

    // Takes a decimal number; fails if it does not fit into 64 bits.
    std::optional<uint64_t> number() { return take_number<uint64_t>(rest_); }

    // Takes "0x1f" or "1f"; fails if it does not fit into 64 bits.
    std::optional<uint64_t> hexadecimal() {
        std::string_view digits = without_prefix(rest_, "0x");
        const auto value = take_number<uint64_t>(digits, 16);
        if (value) rest_ = digits;
        return value;
    }

  private:
    std::string_view rest_;
};

}  // namespace lastgood
