// Takes a mail program's quote marks off a section, so that parsers need not know them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/explainer.hpp"

namespace lastgood {

// A section without quote marks.
class Unquoted {
  public:
    // Most sections are not quoted; these are not copied.
    static bool is_quoted(std::string_view section) { return section.starts_with('>'); }

    explicit Unquoted(std::string_view section);

    std::string_view text() const { return text_; }
    // Makes all lines in the sink, which lie in text(), the lines of the section.
    void restore_lines(ExplainSink& sink) const;

  private:
    std::string_view original(std::string_view line) const;

    struct Line {
        size_t offset = 0;  // in text_
        std::string_view original;
    };
    std::string text_;
    std::vector<Line> lines_;
};

}  // namespace lastgood
