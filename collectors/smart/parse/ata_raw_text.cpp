#include "collectors/smart/parse/ata_raw_text.hpp"

#include <cmath>
#include <cstdint>
#include <optional>

#include "core/text.hpp"

namespace lastgood {
namespace {

std::optional<double> take_whole(std::string_view& text) {
    const auto value = take_number<uint64_t>(text);
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

// Seconds of "+35m+00.858s", "+20m" or "", the part after the hours.
std::optional<double> rest_of_duration(std::string_view text) {
    double seconds = 0;
    while (!text.empty()) {
        if (text.front() != '+') return std::nullopt;
        text.remove_prefix(1);
        const auto value = take_whole(text);
        if (!value) return std::nullopt;
        double fraction = 0;
        if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
            text.remove_prefix(1);
            const size_t before = text.size();
            const auto digits = take_whole(text);
            if (!digits) return std::nullopt;
            fraction = *digits / std::pow(10.0, static_cast<double>(before - text.size()));
        }
        if (text.empty() || (text.front() != 'm' && text.front() != 's')) return std::nullopt;
        seconds += (*value + fraction) * (text.front() == 'm' ? 60 : 1);
        text.remove_prefix(1);
    }
    return seconds;
}

}  // namespace

RawText parse_raw_text(std::string_view text) {
    using Form = RawText::Form;
    text = trim(text);
    RawText result;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        const auto value = parse_number<uint64_t>(text.substr(2), 16);
        if (!value) return result;
        return {Form::hexadecimal, {static_cast<double>(*value)}};
    }
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    const auto first = take_whole(text);
    if (!first) return result;
    if (text.empty()) return {Form::plain, {negative ? -*first : *first}};
    if (text.front() == 'h') {
        const auto rest = rest_of_duration(text.substr(1));
        if (!rest) return result;
        return {Form::duration, {*first * 3600 + *rest}};
    }
    if (text.front() == '.') {  // tenths of a degree: "28.5"
        text.remove_prefix(1);
        const auto tenths = take_whole(text);
        if (!tenths || !text.empty()) return result;
        return {Form::annotated, {*first + *tenths / 10}};
    }
    if (text.front() == '/') {
        text.remove_prefix(1);
        const auto second = take_whole(text);
        if (!second) return result;
        return {Form::fraction, {*first, *second}};
    }
    if (text.front() != ' ' && text.front() != '\t') return result;
    text = trim(text);
    if (text.front() == '(' || text.front() == '[') {
        return {Form::annotated, {negative ? -*first : *first}};
    }
    result.numbers.push_back(*first);
    while (!text.empty() && result.numbers.size() < 8) {
        const auto next = take_whole(text);
        if (!next) return {};
        result.numbers.push_back(*next);
        text = trim(text);
    }
    if (!text.empty()) return {};
    result.form = Form::words;
    return result;
}

}  // namespace lastgood
