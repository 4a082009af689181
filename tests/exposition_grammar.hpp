// Checks a text of metrics against the grammar of its format, independently of what wrote it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood::test {

class ExpositionGrammar {
  public:
    explicit ExpositionGrammar(bool openmetrics) : openmetrics_(openmetrics) {}

    // What is wrong with the text, with the line; "" if nothing.
    std::string complaint_about(std::string_view text) {
        if (openmetrics_ && !text.ends_with("# EOF\n")) return "it does not end with # EOF";
        while (!text.empty()) {
            const size_t end = text.find('\n');
            if (end == text.npos) return "the last line does not end";
            const std::string_view line = text.substr(0, end);
            text.remove_prefix(end + 1);
            if (openmetrics_ && line == "# EOF") return text.empty() ? "" : "# EOF is not last";
            std::string wrong = complaint_about_line(line);
            if (!wrong.empty()) return wrong + ": " + std::string(line);
        }
        return "";
    }

  private:
    std::string complaint_about_line(std::string_view line) {
        for (std::string_view rest = line; !rest.empty();) {
            const size_t length = decode_utf8(rest).length;
            if (length == 0) return "no UTF-8";
            rest.remove_prefix(length);
        }
        return line.starts_with("# ") ? about_descriptor(line.substr(2)) : about_sample(line);
    }

    std::string about_descriptor(std::string_view line) {
        const std::string_view word = take_until(line, ' '), name = take_until(line, ' ');
        if (!is_name(name)) return "no name of a family";
        if (word == "HELP") return is_escaped(line, openmetrics_) ? "" : "a wrong escape";
        if (word == "UNIT" && openmetrics_)
            return name.ends_with("_" + std::string(line)) && name == family_ && type_ != "info"
                       ? ""
                       : "a wrong unit";
        if (word != "TYPE") return "no descriptor";
        family_ = name;
        type_ = line;
        if (!families_.insert(family_).second) return "a family twice";
        const std::vector<std::string_view> types =
            openmetrics_ ? std::vector<std::string_view>{"counter", "gauge", "info", "unknown"}
                         : std::vector<std::string_view>{"counter", "gauge", "untyped"};
        return contains(types, type_) ? "" : "no type";
    }

    std::string about_sample(std::string_view line) {
        const size_t end = std::min(line.find_first_of("{ "), line.size());
        const std::string_view name = line.substr(0, end);
        line.remove_prefix(end);
        std::string wanted = family_;
        if (openmetrics_ && type_ == "counter") wanted += "_total";
        if (openmetrics_ && type_ == "info") wanted += "_info";
        if (!is_name(name) || name != wanted) return "not of its family";
        std::set<std::pair<std::string_view, std::string_view>> labels;
        if (line.starts_with("{") && !take_labels(line, labels)) return "wrong labels";
        if (!line.starts_with(" ")) return "no value";
        const std::string number(line.substr(1));
        char* stop = nullptr;
        const double value = std::strtod(number.c_str(), &stop);
        if (number.empty() || *stop != '\0' || is_space(number[0])) return "no number";
        if (!std::isfinite(value)) return "not finite";
        if (openmetrics_ && type_ == "counter" && value < 0) return "a counter below zero";
        if (openmetrics_ && type_ == "info" && value != 1) return "an info that is not 1";
        std::string series(name);
        for (const auto& [key, text] : labels)
            if (!text.empty()) ((series += '\0') += key) += '\0', series += text;
        return series_.insert(series).second ? "" : "a series twice";
    }

    static bool take_labels(std::string_view& line,
                            std::set<std::pair<std::string_view, std::string_view>>& labels) {
        std::set<std::string_view> names;
        do {
            line.remove_prefix(1);
            const std::string_view name = take_until(line, '=');
            if (!is_name(name) || contains(name, ':') || name.starts_with("__")) return false;
            if (!names.insert(name).second || !line.starts_with("\"")) return false;
            line.remove_prefix(1);
            size_t end = 0;
            while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
            if (end >= line.size() || !is_escaped(line.substr(0, end), true)) return false;
            labels.emplace(name, line.substr(0, end));
            line.remove_prefix(end + 1);
        } while (line.starts_with(","));
        if (!line.starts_with("}")) return false;
        line.remove_prefix(1);
        return true;
    }

    static std::string_view take_until(std::string_view& text, char end) {
        const size_t at = std::min(text.find(end), text.size());
        const std::string_view part = text.substr(0, at);
        text.remove_prefix(std::min(at + 1, text.size()));
        return part;
    }

    static bool is_name(std::string_view name) {
        return !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, [](char c) {
            return is_letter(c) || is_digit(c) || c == '_' || c == ':';
        });
    }

    static bool is_escaped(std::string_view text, bool quotes) {
        for (size_t i = 0; i < text.size(); ++i) {
            if (quotes && text[i] == '"') return false;
            if (text[i] != '\\') continue;
            if (++i == text.size()) return false;
            if (text[i] != 'n' && text[i] != '\\' && !(quotes && text[i] == '"')) return false;
        }
        return true;
    }

    bool openmetrics_;
    std::string family_, type_;
    std::set<std::string> families_, series_;
};

}  // namespace lastgood::test
