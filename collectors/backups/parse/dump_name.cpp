#include "collectors/backups/parse/dump_name.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "collectors/backups/parse/name_time.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

constexpr size_t longest_name = 255;  // NAME_MAX
constexpr size_t newest_copies = 8;   // most tools remove some of the older copies
constexpr Seconds shortest_gap =
    300;  // closer copies are files of one run, or have lost their times in a copy

template <size_t size>
bool remove_ending(std::string_view& name, const std::array<std::string_view, size>& endings) {
    for (const std::string_view ending : endings)
        if (name.size() > ending.size() && name.ends_with(ending)) {
            name.remove_suffix(ending.size());
            return true;
        }
    return false;
}

bool same_time(const std::optional<NameTime>& one, const NameTime& other) {
    return one && one->time == other.time && one->whole_day == other.whole_day;
}

// Length of ":00" or similar at the beginning: seconds that do not change the time.
size_t zero_seconds(std::string_view text) {
    const size_t digits = !text.empty() && contains(":-_.", text[0]);
    if (text.substr(digits, 2) != "00") return 0;
    return digits + 2 < text.size() && is_digit(text[digits + 2]) ? 0 : digits + 2;
}

Seconds median(std::vector<Seconds> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

}  // namespace

bool is_dump_name(std::string_view name) {
    constexpr std::array<std::string_view, 2> encrypted = {".gpg", ".age"};
    constexpr std::array<std::string_view, 6> compressed = {".gz",  ".zst", ".xz",
                                                            ".bz2", ".lz4", ".lzo"};
    constexpr std::array<std::string_view, 4> plain = {".sql", ".dump", ".tar", ".vma"};
    if (name.empty() || name.front() == '.') return false;
    remove_ending(name, encrypted);
    if (name.size() > 4 && name.ends_with(".tgz")) return true;
    remove_ending(name, compressed);
    return remove_ending(name, plain);
}

std::optional<DatedName> split_dated_name(std::string_view name) {
    if (name.size() > longest_name) return std::nullopt;
    const auto whole = find_time_in_name(name);
    if (!whole) return std::nullopt;
    // find_time_in_name() does not return the place: shorten the name at runs of digits for as long
    // as it finds the same time.
    size_t start = std::string_view::npos;
    for (size_t i = 0; i < name.size(); ++i) {
        if (!is_digit(name[i]) || (i > 0 && is_digit(name[i - 1]))) continue;
        if (same_time(find_time_in_name(name.substr(i)), *whole)) start = i;
    }
    if (start == std::string_view::npos) return std::nullopt;
    size_t end = name.size();
    for (size_t i = name.size(); i > start; --i) {
        const bool run_ends = is_digit(name[i - 1]) && (i == name.size() || !is_digit(name[i]));
        if (!run_ends && name[i - 1] != 'Z') continue;
        if (same_time(find_time_in_name(name.substr(start, i - start)), *whole)) end = i;
    }
    end += zero_seconds(name.substr(end));
    if (end < name.size() && name[end] == 'Z') ++end;  // no effect where local time is UTC
    return DatedName{std::string(name.substr(0, start)), std::string(name.substr(end)), whole->time,
                     whole->whole_day};
}

std::string glob_literal(std::string_view text) {
    std::string glob;
    while (!text.empty()) {
        const size_t length = decode_utf8(text).length;
        if (length == 0) {
            glob += '?';
            text.remove_prefix(1);
            continue;
        }
        if (contains("*?[]\\", text.front())) glob += '\\';
        glob += text.substr(0, length);
        text.remove_prefix(length);
    }
    return glob;
}

std::string dated_glob(std::string_view directory, const DatedName& name) {
    std::string glob;
    bool special = false;  // components before the first wildcard are literal
    for (const std::string_view part : split(directory, "/")) {
        special = special || has_wildcard(part) || !is_utf8(part);
        glob += '/';
        glob += special ? glob_literal(part) : std::string(part);
    }
    return glob + '/' + glob_literal(name.before) + "[0-9]*" + glob_literal(name.after);
}

bool matches_path(std::string_view glob, std::string_view path) {
    const PathPattern whole = split_path_pattern(glob);
    const auto fixed = split(whole.fixed, "/");
    auto parts = split(path, "/");
    if (parts.size() < fixed.size() || !std::equal(fixed.begin(), fixed.end(), parts.begin()))
        return false;
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(fixed.size()));
    auto pattern = whole.components;
    if (pattern.back() == "**") pattern.emplace_back("*");
    // fits[i]: the pattern's components so far match the first i components of the path.
    std::vector<bool> fits(parts.size() + 1, false);
    fits[0] = true;
    for (const std::string& part : pattern) {
        std::vector<bool> next(parts.size() + 1, false);
        if (part == "**") {
            bool open = false;
            for (size_t i = 0; i <= parts.size(); ++i) {
                open = fits[i] || (open && !parts[i - 1].starts_with('.'));
                next[i] = open;
            }
        } else {
            for (size_t i = 0; i < parts.size(); ++i)
                next[i + 1] = fits[i] && matches_component(part, std::string(parts[i]));
        }
        fits = std::move(next);
    }
    return fits.back();
}

std::optional<Seconds> usual_gap(std::vector<Timestamp> copies) {
    std::ranges::sort(copies, std::greater{});
    if (copies.size() > newest_copies) copies.resize(newest_copies);
    if (copies.size() < 3) return std::nullopt;
    std::vector<Seconds> gaps;  // newest first
    for (size_t i = 1; i < copies.size(); ++i) gaps.push_back(copies[i - 1] - copies[i]);
    const Seconds middle = median(gaps);
    const auto is_long = [&](Seconds gap) { return gap > 1.5 * middle; };
    while (!gaps.empty() && is_long(gaps.back())) gaps.pop_back();  // left by a retention policy
    std::vector<Seconds> rounds;
    std::ranges::copy_if(gaps, std::back_inserter(rounds), is_long);
    // One long gap is a missed night; several are the pauses between rounds.
    const Seconds gap = rounds.size() >= 2 ? median(rounds) : middle;
    if (gap < shortest_gap) return std::nullopt;
    return gap;
}

Seconds limit_for_gap(Seconds gap) {
    // 5 min of grace: copies that are 24 h and a few seconds apart must give 36 h, too.
    return std::max(1.0, std::ceil((1.5 * gap - 300) / 3600)) * 3600;
}

}  // namespace lastgood
