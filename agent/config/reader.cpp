#include "agent/config/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <iterator>
#include <tuple>

#include "core/clock.hpp"
#include "core/similar.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

// A file may hold as many mistakes as letters; nobody reads more than these.
constexpr size_t most_remarks = 1000;
constexpr size_t longest_remark = 600;  // bytes

template <class Iterator>
void sort_by_place(Iterator begin, Iterator end) {
    std::stable_sort(begin, end, [](const ConfigRemark& a, const ConfigRemark& b) {
        return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
    });
}

void add(std::vector<ConfigRemark>& remarks, ConfigRemark one) {
    if (remarks.size() >= most_remarks) return;
    if (one.text.size() > longest_remark) one.text = one.text.substr(0, longest_remark) + "…";
    remarks.push_back(std::move(one));
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 200 && name != "." && name != ".." &&
           std::ranges::all_of(
               name, [](char c) { return is_letter(c) || is_digit(c) || contains("-_.@", c); });
}

}  // namespace

std::string to_string(const ConfigPlace& place) {
    return place.line == 0 ? place.file : fmt::format("{}:{}", place.file, place.line);
}

ConfigPlace ConfigReader::place(const toml::source_region& where) const {
    return {file_, where.begin.line, where.begin.column};
}

void ConfigReader::begin_file(const std::string& name, const ConfigSource& source) {
    file_ = name;
    source_ = source;
    source_.text.clear();
    distrust_told_ = false;
    first_mistake_ = reading_.mistakes.size();
    first_warning_ = reading_.warnings.size();
}

void ConfigReader::end_file() {
    if (!source_.distrust.empty() && !distrust_told_)
        add(reading_.warnings, {{file_}, source_.distrust});
    sort_by_place(reading_.mistakes.begin() + static_cast<std::ptrdiff_t>(first_mistake_),
                  reading_.mistakes.end());
    sort_by_place(reading_.warnings.begin() + static_cast<std::ptrdiff_t>(first_warning_),
                  reading_.warnings.end());
}

Timestamp ConfigReader::judged_at() const {
    return std::max(wall_clock(), source_.modified);
}

void ConfigReader::refuse(const toml::source_region& where, std::string text) {
    add(reading_.mistakes, {place(where), std::move(text)});
}

void ConfigReader::refuse_file(ErrorKind kind, std::string text) {
    add(reading_.mistakes, {{file_}, std::move(text), kind});
}

void ConfigReader::refuse_line(size_t line, std::string text) {
    add(reading_.mistakes, {{file_, line}, std::move(text)});
}

void ConfigReader::warn(const toml::source_region& where, std::string text) {
    add(reading_.warnings, {place(where), std::move(text)});
}

void ConfigReader::refuse_key(const toml::key& key, std::string_view section,
                              const std::vector<std::string>& known) {
    constexpr size_t most_listed = 16;
    refuse_word(key, fmt::format("unknown key \"{}\" {}", key.str(), section), known,
                known.size() > most_listed
                    ? std::string("man lastgood.toml explains the known keys")
                    : fmt::format("the known keys are {}", fmt::join(known, ", ")));
}

void ConfigReader::refuse_word(const toml::key& key, std::string_view text,
                               const std::vector<std::string>& known, std::string_view known_are) {
    const auto meant = most_similar(key.str(), known);
    refuse(key.source(), meant.empty() ? fmt::format("{}; {}", text, known_are)
                                       : fmt::format("{}; did you mean {}?", text, meant));
}

void ConfigReader::require_trust(const toml::source_region& where, std::string_view what) {
    if (source_.distrust.empty() || distrust_told_) return;
    distrust_told_ = true;
    refuse(where, fmt::format("this {}, but {}", what, source_.distrust));
}

void ConfigReader::rely_on(const toml::source_region& where, ConfigNeed need, std::string value,
                           std::string_view key) {
    ConfigUse use{place(where), need, std::move(value), reading_.config.backups.size()};
    if (!key.empty()) {
        const auto [known, is_new] = uses_.emplace(key, reading_.uses.size());
        if (!is_new) {
            reading_.uses[known->second] = std::move(use);
            return;
        }
    }
    reading_.uses.push_back(std::move(use));
}

void ConfigReader::note_hop(const toml::source_region& where, const Backup& hop, bool has_limit) {
    reading_.hops.push_back({place(where), hop.name, has_limit});
}

std::optional<ConfigPlace> ConfigReader::take(const std::string& name,
                                              const toml::source_region& where) {
    const auto [known, is_new] = taken_.emplace(name, place(where));
    if (is_new) return std::nullopt;
    return known->second;
}

bool ConfigReader::read(const toml::node& node, std::string_view key, std::string& value) {
    const auto* text = node.as_string();
    if (!text) {
        refuse(node.source(), fmt::format("{} must be a string", key));
        return false;
    }
    if (text->get().find('\0') != std::string::npos) {  // would end a path or an argument early
        refuse(node.source(), fmt::format("{} must not contain \\u0000", key));
        return false;
    }
    value = text->get();
    return true;
}

bool ConfigReader::read(const toml::node& node, std::string_view key, bool& value) {
    const auto* flag = node.as_boolean();
    if (flag)
        value = flag->get();
    else
        refuse(node.source(), fmt::format("write {0} = true, or {0} = false", key));
    return flag != nullptr;
}

bool ConfigReader::read(const toml::node& node, std::string_view key, Seconds& value,
                        Seconds shortest) {
    const auto* text = node.as_string();
    const auto duration = text ? parse_duration(text->get())
                               : Result<Seconds>(fail(ErrorKind::malformed,
                                                      "write a duration with its unit, like "
                                                      "\"26h\""));
    std::string wrong;
    if (!duration)
        wrong = fmt::format("{}: {}", key, duration.error().message);
    else if (*duration <= 0)
        wrong = fmt::format("{} must be greater than zero", key);
    else if (*duration < shortest)
        wrong = fmt::format("{} must be at least {}", key, format_duration(shortest));
    else if (*duration > longest_duration)
        wrong = fmt::format("{} must be at most 100 years", key);
    else
        value = *duration;
    if (wrong.empty()) return true;
    refuse(node.source(), std::move(wrong));
    return false;
}

bool ConfigReader::read(const toml::node& node, std::string_view key,
                        std::vector<std::string>& value) {
    const auto* list = node.as_array();
    if (!list && !node.is_string()) {
        refuse(node.source(), fmt::format("{} must be a list of strings", key));
        return false;
    }
    value.clear();
    const auto read_one = [&](const toml::node& item) {
        std::string text;
        const bool good = read(item, key, text);
        if (good) value.push_back(std::move(text));
        return good;
    };
    if (!list) return read_one(node);
    bool good = true;
    for (const toml::node& item : *list) good = read_one(item) && good;
    return good;
}

bool ConfigReader::read_size(const toml::node& node, std::string_view key,
                             std::optional<double>& value) {
    const auto* bytes = node.as_integer();
    const auto* text = node.as_string();
    Result<double> size = fail(ErrorKind::malformed, "write a size like \"1GiB\"");
    if (bytes && bytes->get() >= 0) size = static_cast<double>(bytes->get());
    if (text) size = parse_size(text->get());
    if (size && *size > largest_size)
        size = fail(ErrorKind::malformed, "no copy is that large; write a size like \"1GiB\"");
    if (size)
        value = std::ceil(*size);
    else
        refuse(node.source(), fmt::format("{}: {}", key, size.error().message));
    return size.has_value();
}

bool ConfigReader::check_path(const toml::node& node, std::string_view key, std::string_view path) {
    std::string wrong;
    if (!path.starts_with('/'))
        wrong = fmt::format("{} must be an absolute path: \"{}\" does not begin with /", key, path);
    else if (path.size() >= PATH_MAX || std::ranges::any_of(split(path, "/"), [](auto name) {
                 return name.size() > NAME_MAX;
             }))
        wrong = fmt::format("{} is longer than a path may be", key);
    if (wrong.empty()) return true;
    refuse(node.source(), std::move(wrong));
    return false;
}

bool ConfigReader::read_path(const toml::node& node, std::string_view key, std::string& value) {
    return read(node, key, value) && check_path(node, key, value);
}

bool ConfigReader::read_name(const toml::node& node, std::string& value) {
    if (!read(node, "name", value)) return false;
    if (is_plain_name(value)) return true;
    refuse(node.source(), "name must consist of letters, digits and - _ . @, at most 200");
    return false;
}

}  // namespace lastgood
