// A cursor over text for hand-written parsers. A step that fails does not move the cursor. Returned
// views point into the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lastgood {

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

inline bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

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

    void skip_spaces() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }

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
    std::optional<uint64_t> number() {
        size_t length = 0;
        uint64_t value = 0;
        while (length < rest_.size() && is_digit(rest_[length])) {
            const auto digit = static_cast<uint64_t>(rest_[length] - '0');
            if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
            value = value * 10 + digit;
            ++length;
        }
        if (length == 0) return std::nullopt;
        rest_.remove_prefix(length);
        return value;
    }

    // Takes "0x1f" or "1f"; at most 16 digits.
    std::optional<uint64_t> hexadecimal() {
        TextScanner copy = *this;
        copy.skip("0x");
        uint64_t value = 0;
        size_t length = 0;
        for (char c : copy.rest_) {
            uint64_t digit = 0;
            if (is_digit(c)) {
                digit = static_cast<uint64_t>(c - '0');
            } else if (c >= 'a' && c <= 'f') {
                digit = static_cast<uint64_t>(c - 'a') + 10;
            } else if (c >= 'A' && c <= 'F') {
                digit = static_cast<uint64_t>(c - 'A') + 10;
            } else {
                break;
            }
            if (length == 16) return std::nullopt;
            value = value * 16 + digit;
            ++length;
        }
        if (length == 0) return std::nullopt;
        copy.advance(length);
        *this = copy;
        return value;
    }

  private:
    std::string_view rest_;
};

}  // namespace lastgood
