// Splits a pasted text into the outputs of commands that it holds and the rest. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/explainer.hpp"

namespace lastgood {

struct TextSection {
    const Explainer* explainer = nullptr;
    std::string_view text;  // whole lines; with the command line above the output if it has one
};

struct SplitText {
    static constexpr size_t most_sections = 1000;
    std::vector<TextSection> sections;   // in the order of the text, not overlapping
    bool too_many = false;               // outputs behind the last section were not looked for
    std::vector<std::string_view> rest;  // what lies between them, in order; may have prose
    // The number of newlines before each of some offsets, in ascending order: so that the numbers
    // of lines far behind need no second pass over the text.
    struct Mark {
        size_t offset = 0;
        uint64_t newlines = 0;
    };
    std::vector<Mark> marks;
};

// One pass over the lines. A section ends where another one begins, at a line with a log's prefix
// and at a shell's prompt.
SplitText split_text(std::string_view text, std::span<const Explainer* const> explainers);

// The numbers of lines of `text`, counted from 1. Each line lies in `text`; any order. `marks` are
// those of split_text(), or empty.
std::vector<uint64_t> line_numbers(std::string_view text, std::span<const std::string_view> lines,
                                   std::span<const SplitText::Mark> marks = {});

}  // namespace lastgood
