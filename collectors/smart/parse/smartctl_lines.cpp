#include "collectors/smart/parse/smartctl_lines.hpp"

#include "core/text.hpp"

namespace lastgood {

bool SmartctlLines::next(std::string& line) {
    if (rest_.empty()) return false;
    raw_ = take_line(rest_);
    std::string_view raw = raw_;
    if (raw.ends_with('\r')) raw.remove_suffix(1);
    while (raw.starts_with('>')) raw = without_prefix(raw.substr(1), " ");
    line.clear();
    for (size_t i = 0; i < raw.size(); ++i) {
        const bool no_break_space = raw[i] == '\xc2' && i + 1 < raw.size() && raw[i + 1] == '\xa0';
        line += no_break_space ? ' ' : raw[i];
        if (no_break_space) ++i;
    }
    return true;
}

bool read_version(std::string_view line, int& major, int& minor) {
    line = trim(line);
    if (!line.starts_with("smartctl ")) return false;
    line.remove_prefix(9);
    line = without_prefix(without_prefix(line, "version "), "pre-");
    const auto first = take_number<int>(line);
    if (!first || !line.starts_with('.')) return false;
    line.remove_prefix(1);
    const auto second = take_number<int>(line);
    if (!second) return false;
    major = *first;
    minor = *second;
    return true;
}

std::string device_in(std::string_view line) {
    const size_t start = line.rfind("/dev/");
    if (start == std::string_view::npos) return {};
    line.remove_prefix(start + 5);
    const size_t end =
        line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-");
    return std::string(line.substr(0, end));
}

std::string identity(std::string_view text) {
    text = trim(text);
    const bool covered = consists_of(text, "-*xX.");
    if (covered || text == "REDACTED" || contains(text, "[No Information Found]")) return {};
    return std::string(text);
}

std::string wwn_of(std::string_view text) {
    std::string digits;
    for (const std::string_view word : split(text)) {
        if (!consists_of(word, "0123456789abcdef")) return {};
        digits += word;
    }
    return digits.size() == 16 ? "0x" + digits : std::string();
}

std::string unit_id_of(std::string_view text) {
    text = trim(text);
    const bool hexadecimal = text.starts_with("0x") && text.size() >= 18 &&
                             consists_of(text.substr(2), "0123456789abcdef");
    return hexadecimal ? std::string(text) : std::string();
}

}  // namespace lastgood
