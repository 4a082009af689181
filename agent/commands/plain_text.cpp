#include "agent/commands/plain_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "core/text.hpp"

namespace lastgood {

namespace {

void append_utf8(std::string& text, uint32_t character) {
    const auto byte = [&](uint32_t value) { text += static_cast<char>(value); };
    if (character < 0x80) {
        byte(character);
    } else if (character < 0x800) {
        byte(0xc0 | character >> 6);
        byte(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        byte(0xe0 | character >> 12);
        byte(0x80 | (character >> 6 & 0x3f));
        byte(0x80 | (character & 0x3f));
    } else {
        byte(0xf0 | character >> 18);
        byte(0x80 | (character >> 12 & 0x3f));
        byte(0x80 | (character >> 6 & 0x3f));
        byte(0x80 | (character & 0x3f));
    }
}

std::optional<std::string> from_utf16(std::string_view text) {
    const bool little = text.starts_with("\xff\xfe");
    if (!little && !text.starts_with("\xfe\xff")) return std::nullopt;
    const auto unit = [&](size_t at) {
        const auto first = static_cast<unsigned char>(text[at]);
        const auto second = static_cast<unsigned char>(text[at + 1]);
        return static_cast<uint32_t>(little ? first | second << 8 : first << 8 | second);
    };
    std::string plain;
    plain.reserve(text.size() / 2);
    for (size_t at = 2; at + 1 < text.size(); at += 2) {
        uint32_t character = unit(at);
        const bool high = character >= 0xd800 && character < 0xdc00;
        const uint32_t low = high && at + 3 < text.size() ? unit(at + 2) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
            character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
            at += 2;
        } else if (character >= 0xd800 && character < 0xe000) {
            character = 0xfffd;  // half of a pair
        }
        append_utf8(plain, character);
    }
    return plain;
}

// What a tag does to the text around it.
enum class Layout {
    none,      // it vanishes
    line,      // a new line begins, unless one does anyway
    row,       // as `line`; the next cell is the first one of its row
    cell,      // blanks before it
    cell_end,  // the next cell may stand in another line of the source
};

struct Tag {
    std::string_view name;
    Layout begin, end;
};

constexpr std::array tags = {
    Tag{"a", Layout::none, Layout::none},          Tag{"b", Layout::none, Layout::none},
    Tag{"blockquote", Layout::line, Layout::line}, Tag{"body", Layout::none, Layout::none},
    Tag{"br", Layout::line, Layout::line},         Tag{"code", Layout::none, Layout::none},
    Tag{"div", Layout::line, Layout::line},        Tag{"em", Layout::none, Layout::none},
    Tag{"font", Layout::none, Layout::none},       Tag{"html", Layout::none, Layout::none},
    Tag{"i", Layout::none, Layout::none},          Tag{"kbd", Layout::none, Layout::none},
    Tag{"li", Layout::line, Layout::line},         Tag{"ol", Layout::line, Layout::line},
    Tag{"p", Layout::line, Layout::line},          Tag{"pre", Layout::line, Layout::line},
    Tag{"samp", Layout::none, Layout::none},       Tag{"span", Layout::none, Layout::none},
    Tag{"strong", Layout::none, Layout::none},     Tag{"table", Layout::line, Layout::line},
    Tag{"tbody", Layout::none, Layout::none},      Tag{"td", Layout::cell, Layout::cell_end},
    Tag{"th", Layout::cell, Layout::cell_end},     Tag{"thead", Layout::none, Layout::none},
    Tag{"tr", Layout::row, Layout::line},          Tag{"tt", Layout::none, Layout::none},
    Tag{"u", Layout::none, Layout::none},          Tag{"ul", Layout::line, Layout::line},
};

struct Character {
    std::string_view name;
    std::string_view text;
};

constexpr std::array characters = {
    Character{"nbsp", " "},  Character{"lt", "<"},    Character{"gt", ">"},
    Character{"amp", "&"},   Character{"quot", "\""}, Character{"apos", "'"},
    Character{"ensp", " "},  Character{"emsp", " "},  Character{"thinsp", " "},
    Character{"minus", "-"}, Character{"ndash", "-"}, Character{"mdash", "--"},
};

// Writes the text without its marks.
class Undoing {
  public:
    explicit Undoing(std::string_view text) : text_(text) {}

    std::optional<std::string> undo() {
        std::array<size_t, marks.size()> next{};
        for (size_t i = 0; i < marks.size(); ++i) next[i] = find(marks[i], 0);
        while (true) {
            const auto nearest = std::ranges::min_element(next);
            const size_t at = *nearest;
            if (at == text_.npos) break;
            const size_t length = at < done_ ? 0 : take(at);
            const auto mark = static_cast<size_t>(nearest - next.begin());
            next[mark] = find(marks[mark], at + std::max<size_t>(length, 1));
        }
        if (!any_) return std::nullopt;
        copy_to(text_.size());
        return std::move(plain_);
    }

  private:
    static constexpr std::string_view marks = "<&\xc2\x1b";

    size_t find(char mark, size_t from) const {
        if (from >= text_.size()) return text_.npos;
        const void* const found = std::memchr(text_.data() + from, mark, text_.size() - from);
        if (found == nullptr) return text_.npos;
        return static_cast<size_t>(static_cast<const char*>(found) - text_.data());
    }

    // Undoes the mark at `at`; returns its length, or 0 if it is none.
    size_t take(size_t at) {
        if (text_[at] == '<') return take_tag(at);
        if (text_[at] == '&') return take_character(at);
        if (text_[at] == '\x1b') return take_colour(at);
        constexpr std::string_view no_break_space = "\xc2\xa0";
        if (!text_.substr(at).starts_with(no_break_space)) return 0;
        replace(at, no_break_space.size(), " ");
        return no_break_space.size();
    }

    // "\x1b[1;31m"
    size_t take_colour(size_t at) {
        constexpr size_t longest = 32;
        const std::string_view rest = text_.substr(at + 1, longest);
        if (!rest.starts_with('[')) return 0;
        const size_t end = rest.find_first_not_of("0123456789;", 1);
        if (end == rest.npos || (rest[end] != 'm' && rest[end] != 'K')) return 0;
        replace(at, end + 2, {});
        return end + 2;
    }

    // "<br>", "</td>", "<span class=x>"
    size_t take_tag(size_t at) {
        constexpr size_t longest = 1024;
        std::string_view rest = text_.substr(at + 1, longest);
        const bool ends = rest.starts_with('/');
        if (ends) rest.remove_prefix(1);
        size_t length = 0;
        while (length < rest.size() && is_letter(rest[length])) ++length;
        const std::string name = to_lower(rest.substr(0, std::min<size_t>(length, 16)));
        const auto tag = std::ranges::find(tags, name, &Tag::name);
        if (tag == tags.end()) return 0;
        const std::string_view behind = rest.substr(length);
        const size_t end = behind.find_first_of("<>");
        const bool closed = end != behind.npos && behind[end] == '>' &&
                            (end == 0 || behind[0] == '/' || is_space(behind[0]));
        if (!closed) return 0;
        const size_t size = (ends ? 2 : 1) + length + end + 1;
        replace(at, size, {});
        lay_out(ends ? tag->end : tag->begin);
        return size;
    }

    void lay_out(Layout layout) {
        switch (layout) {
            case Layout::none:
                return;
            case Layout::line:
            case Layout::row:
                break_line();
                between_cells_ = layout == Layout::row;
                break;
            case Layout::cell:
                if (between_cells_ && trim(std::string_view(plain_).substr(cell_end_)).empty())
                    plain_.resize(cell_end_);
                if (!plain_.empty() && plain_.back() != '\n') plain_ += "  ";
                between_cells_ = false;
                break;
            case Layout::cell_end:
                between_cells_ = true;
                break;
        }
        cell_end_ = plain_.size();
    }

    // Unless a line begins here or behind the next blanks: then the numbers of the lines stay.
    void break_line() {
        const std::string_view behind = trim_start(text_.substr(done_, 256), " \t\r");
        const bool breaks = behind.starts_with('\n');
        if (!breaks && !plain_.empty() && plain_.back() != '\n') plain_ += '\n';
    }

    // "&nbsp;", "&#160;", "&#xa0;"
    size_t take_character(size_t at) {
        constexpr size_t longest = 12;
        const std::string_view rest = text_.substr(at + 1, longest);
        const size_t end = rest.find(';');
        if (end == rest.npos) return 0;
        const std::string_view name = rest.substr(0, end);
        if (name.starts_with('#')) {
            const bool hexadecimal = name.starts_with("#x") || name.starts_with("#X");
            const auto number =
                parse_number<uint32_t>(name.substr(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
            constexpr uint32_t no_break_space = 160;
            if (number == no_break_space) {
                replace(at, end + 2, " ");
            } else if (number && *number >= ' ' && *number < 127) {
                replace(at, end + 2, std::string(1, static_cast<char>(*number)));
            } else {
                return 0;
            }
            return end + 2;
        }
        const auto character = std::ranges::find(characters, name, &Character::name);
        if (character == characters.end()) return 0;
        replace(at, end + 2, character->text);
        return end + 2;
    }

    void copy_to(size_t at) {
        plain_ += text_.substr(done_, at - done_);
        done_ = at;
    }

    void replace(size_t at, size_t length, std::string_view with) {
        any_ = true;
        copy_to(at);
        plain_ += with;
        done_ = at + length;
    }

    std::string_view text_;
    std::string plain_;
    size_t done_ = 0;  // text_ is copied up to here
    bool any_ = false;
    bool between_cells_ = false;  // behind <tr> or </td>, at cell_end_ of plain_
    size_t cell_end_ = 0;
};

}  // namespace

std::optional<std::string> plain_text(std::string_view text) {
    if (contains(text.substr(0, 65536), '\r') && text.find('\n') == text.npos) {
        std::string lines(text);
        std::ranges::replace(lines, '\r', '\n');
        std::optional<std::string> undone = Undoing(lines).undo();
        return undone ? std::move(undone) : std::move(lines);
    }
    std::optional<std::string> decoded = from_utf16(text);
    std::optional<std::string> undone = Undoing(decoded ? std::string_view(*decoded) : text).undo();
    return undone ? std::move(undone) : std::move(decoded);
}

}  // namespace lastgood
