#include "agent/commands/explain_quote.hpp"

#include <algorithm>
#include <iterator>

#include "core/text.hpp"

namespace lastgood {

Unquoted::Unquoted(std::string_view section) {
    while (!section.empty()) {
        const std::string_view line = take_line(section);
        lines_.push_back({text_.size(), line});
        std::string_view bare = line;
        while (bare.starts_with('>')) bare = without_prefix(bare.substr(1), " ");
        text_ += bare;
        text_ += '\n';
    }
}

std::string_view Unquoted::original(std::string_view line) const {
    if (line.data() < text_.data() || line.data() >= text_.data() + text_.size()) return line;
    const auto offset = static_cast<size_t>(line.data() - text_.data());
    const auto behind = std::ranges::upper_bound(lines_, offset, {}, &Line::offset);
    return behind == lines_.begin() ? line : std::prev(behind)->original;
}

void Unquoted::restore_lines(ExplainSink& sink) const {
    for (auto& [key, list] : sink.evidence) {
        for (Evidence& evidence : list.first) evidence.line = original(evidence.line);
        list.last.line = original(list.last.line);
    }
    for (std::string_view& line : sink.strange_lines) line = original(line);
}

}  // namespace lastgood
