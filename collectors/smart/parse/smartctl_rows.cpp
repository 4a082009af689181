#include "collectors/smart/parse/smartctl_rows.hpp"

#include <array>

#include "core/text.hpp"

namespace lastgood {
namespace {

// Decimal, or hexadecimal after 0x.
std::optional<int> to_int(std::string_view word) {
    int base = 10;
    if (word.size() > 2 && (word.starts_with("0x") || word.starts_with("0X"))) {
        base = 16;
        word.remove_prefix(2);
    }
    return parse_number<int>(word, base);
}

std::optional<double> to_number(std::string_view word) {
    const auto value = parse_number<uint64_t>(word);
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

// Reads an attribute's flags, "0x0033" or "PO--CK" (ACS-3, table 60).
bool read_flags(std::string_view word, AtaAttribute& attribute) {
    if (word.starts_with("0x") && word.size() == 6) {
        const auto bits = to_int(word);
        if (!bits) return false;
        attribute.prefail = (*bits & 1) != 0;
        attribute.error_rate = (*bits & 8) != 0;
        attribute.event_count = (*bits & 16) != 0;
        return true;
    }
    if (word.size() < 6 || word.size() > 8) return false;
    static constexpr std::string_view letters = "POSRCK";
    for (size_t i = 0; i < letters.size(); ++i) {
        if (word[i] != '-' && word[i] != letters[i]) return false;
    }
    if (!consists_of(word.substr(letters.size()), "-+")) return false;
    attribute.prefail = word[0] == 'P';
    attribute.error_rate = word[3] == 'R';
    attribute.event_count = word[4] == 'C';
    return true;
}

// Removes and returns the first word; empty if there is none.
std::string_view take_word(std::string_view& text) {
    text = trim_start(text);
    const std::string_view word = text.substr(0, text.find_first_of(white_space));
    text.remove_prefix(word.size());
    return word;
}

struct Outcome {
    std::string_view words;
    SelfTestOutcome outcome;
};

// Beginnings of the status column; the first match wins.
constexpr std::array outcomes = {
    Outcome{"Completed without error", SelfTestOutcome::passed},
    Outcome{"Completed, segment failed", SelfTestOutcome::failed},
    Outcome{"Completed: ", SelfTestOutcome::failed},
    Outcome{"Completed [", SelfTestOutcome::unfinished},
    Outcome{"Completed", SelfTestOutcome::passed},
    Outcome{"Failed in ", SelfTestOutcome::failed},
    Outcome{"Fatal or unknown", SelfTestOutcome::failed},
    Outcome{"Unknown error, incomplete", SelfTestOutcome::failed},
    Outcome{"Aborted", SelfTestOutcome::unfinished},
    Outcome{"Interrupted", SelfTestOutcome::unfinished},
    Outcome{"Self-test routine in progress", SelfTestOutcome::unfinished},
    Outcome{"Self test in progress", SelfTestOutcome::unfinished},
    Outcome{"Unknown status", SelfTestOutcome::unfinished},
    Outcome{"Unknown/reserved", SelfTestOutcome::unfinished},
};

const Outcome* take_outcome(std::string_view& text) {
    text = trim(text);
    for (const Outcome& outcome : outcomes) {
        if (text.starts_with(outcome.words)) {
            text.remove_prefix(outcome.words.size());
            return &outcome;
        }
    }
    return nullptr;
}

struct Kind {
    std::string_view words;
    SelfTestKind kind;
};

// Beginnings of the description column of ATA and SCSI drives.
constexpr std::array kinds = {
    Kind{"Short offline", SelfTestKind::brief},
    Kind{"Short captive", SelfTestKind::brief},
    Kind{"Extended offline", SelfTestKind::extended},
    Kind{"Extended captive", SelfTestKind::extended},
    Kind{"Background short", SelfTestKind::brief},
    Kind{"Background long", SelfTestKind::extended},
    Kind{"Foreground short", SelfTestKind::brief},
    Kind{"Foreground long", SelfTestKind::extended},
    Kind{"Conveyance offline", SelfTestKind::other},
    Kind{"Conveyance captive", SelfTestKind::other},
    Kind{"Selective offline", SelfTestKind::other},
    Kind{"Selective captive", SelfTestKind::other},
};

}  // namespace

std::optional<double> grouped_number(std::string_view text) {
    text = trim(text);
    size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == 0) return std::nullopt;
    std::string digits(text.substr(0, end));
    const auto is_separator = [](char c) {
        return c == ',' || c == '.' || c == '\'' || c == ' ' || static_cast<unsigned char>(c) > 127;
    };
    while (end < text.size()) {
        // A separator has one to three bytes (UTF-8); two or three digits follow it.
        size_t next = end;
        while (next < text.size() && next < end + 3 && is_separator(text[next])) ++next;
        size_t group = next;
        while (group < text.size() && is_digit(text[group])) ++group;
        if (next == end || group - next < 2 || group - next > 3) break;
        digits += text.substr(next, group - next);
        end = group;
    }
    if (digits.size() > 30) return std::nullopt;
    double value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
}

AttributeRow parse_attribute_row(std::string_view line) {
    AttributeRow row;
    AtaAttribute& attribute = row.attribute;
    std::string_view rest = line;
    const auto id = to_int(take_word(rest));
    const std::string_view name = take_word(rest);
    if (!id || *id < 1 || *id > 255 || name.size() < 3 || name.size() > 64) return row;
    const char first = name.front();
    const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
    if (!letter || !read_flags(take_word(rest), attribute)) return row;
    attribute.id = *id;
    attribute.name = std::string(name);
    row.state = AttributeRow::State::incomplete;

    for (std::optional<int>* column :
         {&attribute.normalized, &attribute.worst, &attribute.threshold}) {
        const std::string_view word = take_word(rest);
        if (word.empty()) return row;
        *column = to_int(word);
        if (!*column && !consists_of(word, "-")) {
            row.state = AttributeRow::State::none;
            return row;
        }
    }
    std::string_view failed = take_word(rest);
    if (failed == "Pre-fail" || failed == "Old_age") {
        take_word(rest);  // UPDATED
        failed = take_word(rest);
    }
    attribute.reported_failing_now = failed == "FAILING_NOW" || failed == "NOW";
    attribute.reported_failed_in_past = failed == "In_the_past" || failed == "Past";
    attribute.raw_text = std::string(trim(rest));
    if (failed.empty() || attribute.raw_text.empty()) return row;
    const std::string_view text = attribute.raw_text;
    const bool hexadecimal = text.starts_with("0x");
    if (const auto raw = parse_number<uint64_t>(without_prefix(text, "0x"), hexadecimal ? 16 : 10))
        attribute.raw = *raw;
    row.state = AttributeRow::State::complete;
    return row;
}

std::optional<SelfTestRow> parse_self_test_row(std::string_view line) {
    line = trim(line);
    if (line.empty() || line.front() != '#') return std::nullopt;
    line.remove_prefix(1);
    SelfTestRow row;
    const auto index = to_int(take_word(line));
    if (!index || *index < 1) return std::nullopt;
    row.index = *index;
    line = trim(line);
    for (const Kind& kind : kinds) {
        if (!line.starts_with(kind.words)) continue;
        row.test.kind = kind.kind;
        row.counted = true;
        line.remove_prefix(kind.words.size());
        break;
    }
    if (!row.counted) return row;
    const Outcome* outcome = take_outcome(line);
    if (outcome == nullptr) {
        row.counted = false;
        return row;
    }
    row.test.outcome = outcome->outcome;
    // The hours follow the percentage (ATA) or the number of the segment (SCSI).
    const size_t percent = line.find('%');
    if (percent != std::string_view::npos) {
        line.remove_prefix(percent + 1);
    } else {
        while (!line.empty() && !is_space(line.front())) line.remove_prefix(1);
        take_word(line);
    }
    row.test.at_hours = to_number(take_word(line));
    return row;
}

bool is_medium_error(std::string_view description) {
    constexpr std::string_view mark = "Error: ";
    const size_t at = description.find(mark);
    if (at == std::string_view::npos) return false;
    description.remove_prefix(at + mark.size());
    description = description.substr(0, description.find(" at LBA"));
    const auto words = split(description, ", \t");
    for (const std::string_view kind : {"UNC", "AMNF", "IDNF"})
        if (contains(words, kind)) return true;
    return false;
}

std::optional<double> parse_error_heading(std::string_view line) {
    constexpr std::string_view mark = " occurred at disk power-on lifetime: ";
    const size_t at = line.find(mark);
    if (!line.starts_with("Error ") || at == std::string_view::npos) return std::nullopt;
    return grouped_number(line.substr(at + mark.size()));
}

std::optional<std::string_view> parse_unrepaired_sector(std::string_view line) {
    bool unrepaired = false;
    for (const std::string_view status :
         {"Require Write or Reassign", "Reassignment by disk failed", "Unsuccessfully reassigned"})
        unrepaired = unrepaired || contains(line, status);
    if (!unrepaired) return std::nullopt;
    for (const std::string_view word : split(line))
        if (word.size() == 16 && consists_of(word, hexadecimal_digits)) return word;
    return std::nullopt;
}

std::optional<SelfTestRow> parse_nvme_self_test_row(std::string_view line) {
    SelfTestRow row;
    const auto index = to_int(take_word(line));
    if (!index || *index < 0 || *index > 19) return std::nullopt;
    row.index = *index + 1;
    const std::string_view kind = take_word(line);
    if (kind == "Short") {
        row.test.kind = SelfTestKind::brief;
    } else if (kind == "Extended") {
        row.test.kind = SelfTestKind::extended;
    } else {
        return std::nullopt;
    }
    const Outcome* outcome = take_outcome(line);
    if (outcome == nullptr) return std::nullopt;
    row.counted = true;
    row.test.outcome = outcome->outcome;
    for (const std::string_view word : split(line)) {
        if (!is_digit(word.front())) continue;
        row.test.at_hours = grouped_number(word);
        break;
    }
    return row;
}

}  // namespace lastgood
