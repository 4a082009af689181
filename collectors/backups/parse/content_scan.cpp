#include "collectors/backups/parse/content_scan.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t longest_mark = 200;  // with the versions behind it
constexpr size_t longest_line = 4096;
constexpr size_t block = 512;

struct Marks {
    std::string_view heading, other_heading, closing;
};

// Whole lines, but for those of MySQL, behind which versions and times follow.
constexpr std::array<Marks, 3> marks{{
    {"-- PostgreSQL database dump", "", "-- PostgreSQL database dump complete"},
    {"-- PostgreSQL database cluster dump", "", "-- PostgreSQL database cluster dump complete"},
    {"-- MySQL dump ", "-- MariaDB dump ", "-- Dump completed"},
}};

constexpr size_t mysql = 2;

bool fits(std::string_view line, std::string_view mark) {
    if (mark.empty()) return false;
    return mark.starts_with("-- PostgreSQL") ? line == mark : line.starts_with(mark);
}

}  // namespace

void SqlDumps::take(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string before = std::exchange(before_, {});
    if (line == "--") {
        // The heading of MySQL's second line: what was killed before it may have left half a line.
        counts_[mysql].headings +=
            contains(before, marks[mysql].heading) || contains(before, marks[mysql].other_heading);
        return;
    }
    for (size_t i = 0; i < marks.size() && line.starts_with("-- "); ++i) {
        if (fits(line, marks[i].heading) || fits(line, marks[i].other_heading)) {
            ++counts_[i].headings;
            return;
        }
        counts_[i].closings += fits(line, marks[i].closing);
    }
    before_ = line.substr(line.size() - std::min(line.size(), longest_mark));
}

void SqlDumps::feed(std::string_view content) {
    while (!content.empty()) {
        const size_t end = content.find('\n');
        const std::string_view piece = content.substr(0, end);
        if (line_.empty() && end != std::string_view::npos) {
            take(piece);
        } else {
            line_ += piece;
            if (line_.size() > longest_line)
                line_.erase(longest_mark, line_.size() - 2 * longest_mark);
            if (end == std::string_view::npos) return;
            take(std::exchange(line_, {}));
        }
        content.remove_prefix(end + 1);
    }
}

bool SqlDumps::unfinished() const {
    SqlDumps whole = *this;
    whole.take(line_);  // the last line need not end with a line feed
    return std::ranges::any_of(whole.counts_,
                               [](const Counts& one) { return one.headings > one.closings; });
}

void TarMembers::feed(std::string_view content) {
    while (!decided_ && !content.empty()) {
        if (skip_ > 0) {
            const auto skipped = static_cast<size_t>(std::min<uint64_t>(skip_, content.size()));
            skip_ -= skipped;
            content.remove_prefix(skipped);
            continue;
        }
        const std::string_view part = content.substr(0, block - header_.size());
        header_ += part;
        content.remove_prefix(part.size());
        if (header_.size() == block) take_header();
    }
}

void TarMembers::take_header() {
    const std::string header = std::exchange(header_, {});
    if (std::ranges::all_of(header, [](char one) { return one == '\0'; })) {
        decided_ = true;
        return;
    }
    // Directories, links, and what stands before a member: extended headers, long names, labels.
    constexpr std::string_view without_file = "52xgXLKVD";
    const char type = header[156];
    const std::string_view digits = std::string_view(header).substr(124, 11);
    const bool octal = std::ranges::all_of(
        digits, [](char one) { return (one >= '0' && one <= '7') || one == ' ' || one == '\0'; });
    if (header.compare(257, 5, "ustar") != 0 || !octal || !contains(without_file, type)) {
        decided_ = has_file_ = true;
        return;
    }
    uint64_t size = 0;
    for (const char digit : digits)
        if (digit >= '0' && digit <= '7') size = size * 8 + static_cast<uint64_t>(digit - '0');
    if (type != '5' && type != '2') skip_ = (size + block - 1) / block * block;
}

std::string_view ContentScan::fault() const {
    if (members_.no_file()) return no_file_within;
    if (dumps_.unfinished()) return dump_unfinished;
    return "";
}

}  // namespace lastgood
