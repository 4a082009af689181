#include "collectors/backups/parse/yaml_values.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_values = 20000;
constexpr size_t most_levels = 32;
constexpr size_t longest_flow = 65536;

// Where a plain scalar, or the quoted one at the start, ends; a comment begins after a blank.
size_t end_of_scalar(std::string_view text, std::string_view ends) {
    const char quote = text.empty() ? '\0' : text.front();
    if (quote == '"' || quote == '\'') {
        for (size_t i = 1; i < text.size(); ++i) {
            if (quote == '"' && text[i] == '\\')
                ++i;
            else if (text[i] == quote)
                return i + 1;
        }
        return text.size();
    }
    for (size_t i = 0; i < text.size(); ++i) {
        if (contains(ends, text[i])) return i;
        if (text[i] == '#' && i > 0 && is_space(text[i - 1])) return i;
    }
    return text.size();
}

std::string unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text.front() != text.back()) return std::string(text);
    if (text.front() != '"' && text.front() != '\'') return std::string(text);
    return std::string(text.substr(1, text.size() - 2));
}

// Where the ':' of "key: value" is; npos: it is no mapping.
size_t colon_of(std::string_view text) {
    const bool quoted = text.starts_with('"') || text.starts_with('\'');
    size_t i = quoted ? end_of_scalar(text, "") : 0;
    for (; i < text.size(); ++i) {
        if (text[i] == '#' && i > 0 && is_space(text[i - 1])) return text.npos;
        if (text[i] == ':' && (i + 1 == text.size() || is_space(text[i + 1]))) return i;
        if (quoted && !is_space(text[i])) return text.npos;
    }
    return text.npos;
}

struct Level {
    size_t indent;
    size_t path_length;  // of the path above it
    bool is_item;
};

class Document {
  public:
    explicit Document(std::string_view text) : rest_(text) {}
    std::vector<YamlValue> read();

  private:
    void read_line(std::string_view line);
    void read_entry(std::string_view text, size_t indent);
    void leave(size_t indent, bool is_item);
    void enter(size_t indent, std::string_view name);
    void read_value(std::string_view text, size_t indent);
    void read_flow(std::string_view& text, const std::string& path, size_t depth);
    void read_flow_mapping_entry(std::string_view& text, const std::string& path, size_t depth);
    std::string whole_flow(std::string_view text);
    void add(const std::string& path, std::string_view raw);

    std::string_view rest_;
    std::string path_;
    std::vector<Level> levels_;
    std::vector<YamlValue> values_;
};

void Document::add(const std::string& path, std::string_view raw) {
    raw = trim(raw);
    const bool told = raw.empty() || !contains("!&*|>%@`", raw.front());
    if (values_.size() < most_values)
        values_.push_back({path, told ? unquoted(raw) : std::string(), told});
}

// Levels that a line of this indentation ends. An item of a list may stand as far left as its key.
void Document::leave(size_t indent, bool is_item) {
    while (!levels_.empty()) {
        const Level& last = levels_.back();
        const bool stays =
            last.indent < indent || (last.indent == indent && is_item && !last.is_item);
        if (stays) return;
        path_.resize(last.path_length);
        levels_.pop_back();
    }
}

void Document::enter(size_t indent, std::string_view name) {
    levels_.push_back({indent, path_.size(), name == "-"});
    if (!path_.empty()) path_ += '/';
    path_ += name;
}

// The flow list or mapping that begins here, with the lines that belong to it.
std::string Document::whole_flow(std::string_view text) {
    std::string flow;
    int open = 0;
    for (;;) {
        char quote = '\0';
        for (size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (quote == '\0' && c == '#' && (i == 0 || is_space(text[i - 1]))) break;
            flow += c;
            if (quote != '\0') {
                if (c == quote) quote = '\0';
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else {
                open += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
            }
        }
        if (open <= 0 || rest_.empty() || flow.size() > longest_flow) return flow;
        flow += ' ';
        text = take_line(rest_);
    }
}

void Document::read_flow_mapping_entry(std::string_view& text, const std::string& path,
                                       size_t depth) {
    const size_t end = end_of_scalar(text, ":,}");
    const std::string key = unquoted(text.substr(0, end));
    text.remove_prefix(end);
    const std::string below = path.empty() ? key : path + "/" + key;
    if (!text.starts_with(':')) return add(below, "");
    text.remove_prefix(1);
    read_flow(text, below, depth);
}

void Document::read_flow(std::string_view& text, const std::string& path, size_t depth) {
    text = trim_start(text);
    const char opening = text.empty() ? '\0' : text.front();
    if (opening != '[' && opening != '{') {
        const size_t end = end_of_scalar(text, ",]}");
        add(path, text.substr(0, end));
        text.remove_prefix(end);
        return;
    }
    const char closing = opening == '[' ? ']' : '}';
    text.remove_prefix(1);
    while (depth < most_levels && values_.size() < most_values) {
        text = trim_start(text, " \t\n\r,");
        if (text.empty()) return;
        if (text.front() == closing) {
            text.remove_prefix(1);
            return;
        }
        const size_t before = text.size();
        if (opening == '[')
            read_flow(text, path + "/-", depth + 1);
        else
            read_flow_mapping_entry(text, path, depth + 1);
        if (text.size() == before) text.remove_prefix(1);
    }
    text = {};
}

void Document::read_value(std::string_view text, size_t indent) {
    if (text.starts_with('[') || text.starts_with('{')) {
        const std::string flow = whole_flow(text);
        std::string_view rest = flow;
        read_flow(rest, path_, 0);
        return;
    }
    if (text.starts_with('|') || text.starts_with('>')) {  // a block: lines further right
        while (!rest_.empty()) {
            std::string_view after = rest_;
            const std::string_view line = take_line(after);
            const size_t blanks = std::min(line.find_first_not_of(' '), line.size());
            if (!trim(line).empty() && blanks <= indent) return;
            rest_ = after;
        }
        return;
    }
    add(path_, text.substr(0, end_of_scalar(text, "")));
}

// "key: value", "key:", "- value", "- key: value"
void Document::read_entry(std::string_view text, size_t indent) {
    if (levels_.size() >= most_levels) return;
    const bool is_item = text == "-" || text.starts_with("- ");
    leave(indent, is_item);
    if (is_item) {
        enter(indent, "-");
        const std::string_view value = trim_start(text.substr(1));
        if (value.empty() || value.starts_with('#')) return;
        const size_t deeper = indent + static_cast<size_t>(value.data() - text.data());
        const bool is_flow = value.starts_with('[') || value.starts_with('{');
        const bool is_list = value == "-" || value.starts_with("- ");
        if (!is_flow && (is_list || colon_of(value) != value.npos))
            read_entry(value, deeper);
        else
            read_value(value, indent);
        return;
    }
    const size_t colon = colon_of(text);
    if (colon == text.npos) return;  // goes on with a scalar: its first line alone is read
    enter(indent, unquoted(text.substr(0, colon)));
    const std::string_view value = trim_start(text.substr(colon + 1));
    if (value.starts_with('#'))
        add(path_, "");
    else
        read_value(value, indent);
}

void Document::read_line(std::string_view line) {
    line = trim_end(line);
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const std::string_view text = line.substr(indent);
    if (text.empty() || text.starts_with('#') || text.starts_with('%')) return;
    read_entry(text, indent);
}

std::vector<YamlValue> Document::read() {
    rest_ = without_prefix(rest_, "\xef\xbb\xbf");
    bool began = false;
    while (!rest_.empty() && values_.size() < most_values) {
        const std::string_view line = take_line(rest_);
        if (line.starts_with("---") || line.starts_with("...")) {
            if (began) break;
            continue;
        }
        read_line(line);
        began = began || !levels_.empty();
    }
    return std::move(values_);
}

}  // namespace

std::vector<YamlValue> parse_yaml_values(std::string_view text) {
    return Document(text).read();
}

}  // namespace lastgood
