#include "exporters/prometheus/accepted.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    return trim_end(trim_start(text, blanks), blanks);
}

// The part before `end`, which it removes with `end` from the text. In quotes, `end` does not
// count.
std::string_view take_part(std::string_view& text, char end) {
    bool quoted = false;
    size_t at = 0;
    for (; at < text.size() && (quoted || text[at] != end); ++at) {
        if (text[at] == '"') quoted = !quoted;
        if (quoted && text[at] == '\\') ++at;
    }
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return trimmed(part);
}

// From 0 to 1000; "0.5" is 500. Anything that is no weight is 0: the client gets the plain form.
int weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    int value = text[0] == '1' ? 1000 : 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    for (int worth = 100; const char digit : text.substr(std::min<size_t>(text.size(), 2))) {
        if (!is_digit(digit)) return 0;
        value += (digit - '0') * worth;
        worth /= 10;
    }
    return value > 1000 ? 0 : value;
}

struct Choice {
    std::string name;     // in small letters
    std::string version;  // the parameter; "" if it has none
    int weight = 1000;
};

std::vector<Choice> parse_choices(std::string_view header) {
    std::vector<Choice> choices;
    while (!header.empty()) {
        std::string_view rest = take_part(header, ',');
        Choice choice;
        choice.name = to_lower(take_part(rest, ';'));
        while (!rest.empty()) {
            std::string_view value = take_part(rest, ';');
            const std::string key = to_lower(take_part(value, '='));
            value = trimmed(value);
            if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
                value = value.substr(1, value.size() - 2);
            if (key == "q") choice.weight = weight(value);
            if (key == "version") choice.version = value;
        }
        if (!choice.name.empty()) choices.push_back(std::move(choice));
    }
    return choices;
}

// Of the first of these names that the header has; nullopt: it has none of them.
std::optional<int> weight_of(const std::vector<Choice>& choices,
                             std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        const auto found = std::ranges::find(choices, name, &Choice::name);
        if (found != choices.end()) return found->weight;
    }
    return std::nullopt;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    const auto choices = parse_choices(accept_encoding);
    const int gzip = weight_of(choices, {"gzip", "x-gzip", "*"}).value_or(0);
    return gzip > 0 && gzip >= weight_of(choices, {"identity"}).value_or(0);
}

bool prefers_openmetrics(std::string_view accept) {
    const auto choices = parse_choices(accept);
    int openmetrics = 0;
    for (const Choice& choice : choices)
        if (choice.name == "application/openmetrics-text" &&
            (choice.version.empty() || choice.version == "1.0.0"))
            openmetrics = std::max(openmetrics, choice.weight);
    const auto text = weight_of(choices, {"text/plain", "text/*", "*/*"});
    return openmetrics > 0 && openmetrics >= text.value_or(0);
}

}  // namespace lastgood
