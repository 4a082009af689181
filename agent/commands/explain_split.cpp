#include "agent/commands/explain_split.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "collectors/kernel_log/parse/line.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// An output of one command is never longer; and at most so many beginnings that turn out to be none
// are tried. Both bound the time that a hostile text can cost.
constexpr size_t longest_output = 16 * mib;
constexpr int most_failures = 64;

constexpr uint64_t lines_of_mark = 4096;

uint64_t newlines_in(std::string_view text) {
    return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Without a mail program's quote marks, blanks at the start and the line break.
std::string_view bare(std::string_view line) {
    line = trim_end(line, "\r\n");
    line = without_prefix(line, "\xef\xbb\xbf");
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t' || line.front() == '>'))
        line.remove_prefix(1);
    return line;
}

// Whether the line may have a log's prefix: quick, for the many lines of a long log.
bool may_have_prefix(std::string_view line) {
    if (line.size() < 8) return false;
    switch (line[0]) {
        case '[':
            return line[1] == ' ' || is_digit(line[1]) || is_letter(line[1]) || line[1] == '+';
        case '<':
            return is_digit(line[1]);
        default:
            return is_digit(line[0]) || (is_letter(line[0]) && (line[3] == ' ' || line[6] == ':'));
    }
}

bool has_prefix(std::string_view line) {
    if (!may_have_prefix(line)) return false;
    const KernelLogLine parsed = parse_kernel_log_line(line);
    return !parsed.uptime.empty() || !parsed.civil_time.empty();
}

// "# smartctl -a /dev/sda", "root@host:~# cat /proc/mdstat", "[root@host ~]$ dmesg"
bool is_prompt(std::string_view line) {
    const size_t mark = line.find_first_of("#$%");
    if (mark == line.npos || mark + 2 >= line.size() || line[mark + 1] != ' ') return false;
    if (!is_letter(line[mark + 2]) && line[mark + 2] != '/') return false;
    const std::string_view before = line.substr(0, mark);
    if (before.empty()) return true;
    return contains(before, '@') && !contains(trim_end(before), "  ") && before.size() < 80;
}

class Splitter {
  public:
    Splitter(std::string_view text, std::span<const Explainer* const> explainers)
        : text_(text), explainers_(explainers) {}

    SplitText split() {
        while (at_ < text_.size()) {
            const char* const start = text_.data() + at_;
            const void* const found = std::memchr(start, '\n', text_.size() - at_);
            next_ = found == nullptr
                        ? text_.size()
                        : static_cast<size_t>(static_cast<const char*>(found) - text_.data()) + 1;
            const size_t line_end = next_;
            take(text_.substr(at_, next_ - at_));
            newlines_ += text_[line_end - 1] == '\n' ? 1 : 0;
            if (next_ > line_end)
                newlines_ += newlines_in(text_.substr(line_end, next_ - line_end));
            if (newlines_ >= next_mark_) {
                split_.marks.push_back({next_, newlines_});
                next_mark_ = newlines_ + lines_of_mark;
            }
            at_ = next_;
        }
        close(text_.size());
        if (rest_begin_ < text_.size()) split_.rest.push_back(text_.substr(rest_begin_));
        return std::move(split_);
    }

  private:
    void take(std::string_view whole) {
        // Most lines of a long log end here.
        if (whole[0] == '[' && open_ == nullptr && whole.size() > 2 &&
            (whole[1] == ' ' || is_digit(whole[1]))) {
            line_above_ = text_.npos;
            return;
        }
        const std::string_view line = bare(whole);
        if (line.empty()) return;
        if (has_prefix(line)) {
            close(at_);
            line_above_ = text_.npos;
            return;
        }
        if (is_prompt(line)) close(at_);
        for (const Explainer* explainer : explainers_) {
            if (explainer->begins == nullptr) continue;
            const Begin begin = explainer->begins(line);
            if (begin == Begin::no) continue;
            if (begin == Begin::part && explainer == open_) break;
            if (open(*explainer)) return;
        }
        if (open_ != nullptr) last_ = next_;
        line_above_ = at_;
    }

    // Begins a section at the present line; false if it is none.
    bool open(const Explainer& explainer) {
        if (split_.sections.size() >= SplitText::most_sections) {
            split_.too_many = true;
            return false;
        }
        size_t length = 0;
        if (explainer.extent != nullptr) {
            if (failures_ >= most_failures) return false;
            length = explainer.extent(text_.substr(at_, longest_output));
            if (length == 0) {
                ++failures_;
                return false;
            }
        }
        const size_t begin = begin_of(explainer);
        close(begin);
        if (begin > rest_begin_)
            split_.rest.push_back(text_.substr(rest_begin_, begin - rest_begin_));
        open_ = &explainer;
        open_begin_ = rest_begin_ = begin;
        last_ = next_;
        line_above_ = at_;
        if (length > 0) {
            next_ = last_ = std::max(next_, std::min(text_.size(), at_ + length));
            close(next_);
        }
        return true;
    }

    // The present line, or the command line above it.
    size_t begin_of(const Explainer& explainer) const {
        if (explainer.command.empty() || line_above_ == text_.npos || line_above_ < rest_begin_ ||
            (open_ != nullptr && line_above_ <= open_begin_))
            return at_;
        std::string_view above = text_.substr(line_above_, at_ - line_above_);
        above = above.substr(0, above.find('\n'));
        return contains(above, explainer.command) ? line_above_ : at_;
    }

    // Ends the open section, at `end` or where its last line that is not blank ends.
    void close(size_t end) {
        if (open_ == nullptr) return;
        last_ = std::min(last_, end);
        split_.sections.push_back({open_, text_.substr(open_begin_, last_ - open_begin_)});
        rest_begin_ = last_;
        open_ = nullptr;
    }

    std::string_view text_;
    std::span<const Explainer* const> explainers_;
    SplitText split_;
    size_t at_ = 0, next_ = 0;                    // the present line and the one behind it
    size_t rest_begin_ = 0;                       // behind the last section
    size_t line_above_ = std::string_view::npos;  // the last line without a prefix, not blank
    const Explainer* open_ = nullptr;
    size_t open_begin_ = 0, last_ = 0;
    int failures_ = 0;
    uint64_t newlines_ = 0;  // before at_
    uint64_t next_mark_ = lines_of_mark;
};

}  // namespace

SplitText split_text(std::string_view text, std::span<const Explainer* const> explainers) {
    return Splitter(text, explainers).split();
}

std::vector<uint64_t> line_numbers(std::string_view text, std::span<const std::string_view> lines,
                                   std::span<const SplitText::Mark> marks) {
    std::vector<size_t> order(lines.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t i) { return lines[i].data(); });
    std::vector<uint64_t> numbers(lines.size());
    SplitText::Mark at;
    for (const size_t i : order) {
        const auto offset = static_cast<size_t>(lines[i].data() - text.data());
        const auto behind = std::ranges::upper_bound(marks, offset, {}, &SplitText::Mark::offset);
        if (behind != marks.begin() && std::prev(behind)->offset > at.offset)
            at = *std::prev(behind);
        at.newlines += newlines_in(text.substr(at.offset, offset - at.offset));
        at.offset = offset;
        numbers[i] = at.newlines + 1;
    }
    return numbers;
}

}  // namespace lastgood
