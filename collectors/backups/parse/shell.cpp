#include "collectors/backups/parse/shell.hpp"

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_words = 20000;
constexpr size_t longest_command = 2000;  // words
constexpr size_t longest_word = 4096;
constexpr size_t most_variables = 1000;
constexpr std::string_view blanks = " \t\r";
constexpr std::string_view ends_command = "\n;&|()";

constexpr bool is_name_character(char c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

struct Word {
    std::string text;
    bool splits = false;  // it is one variable outside quotes: its blanks separate words
};

class Script {
  public:
    Script(std::string_view text, ShellVariables variables, const ShellVisitor& visit)
        : rest_(text), variables_(std::move(variables)), visit_(visit) {}
    void read();
    ShellVariables take_variables() { return std::move(variables_); }

  private:
    bool at(std::string_view characters) const {
        return !rest_.empty() && contains(characters, rest_.front());
    }
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    void skip_blanks();
    void skip_redirection();
    Word read_word();
    void read_quoted(std::string& word);
    void expand(std::string& word);
    void skip_substitution();
    void append_value(std::string& word, std::string_view name) const;
    void add(Word word);
    void end_command();

    std::string_view rest_;
    ShellVariables variables_;
    const ShellVisitor& visit_;
    ShellWords words_;
    size_t count_ = 0;
};

void Script::skip_blanks() {
    for (;;) {
        rest_ = trim_start(rest_, blanks);
        if (!rest_.starts_with("\\\n")) return;
        rest_.remove_prefix(2);
    }
}

// "2>&1", "> /dev/null"
void Script::skip_redirection() {
    if (!words_.empty() && words_.back().size() == 1 && is_digit(words_.back()[0]))
        words_.pop_back();
    while (at("<>&|")) take();
    skip_blanks();
    read_word();
}

// After '$(': to the parenthesis that closes it.
void Script::skip_substitution() {
    for (int open = 1; open > 0 && !rest_.empty();) {
        const char c = take();
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
}

void Script::append_value(std::string& word, std::string_view name) const {
    if (word.size() > longest_word) return;
    const auto found = variables_.find(name);
    if (found == variables_.end())
        word += untold;
    else
        word += found->second;
}

// After '$'.
void Script::expand(std::string& word) {
    if (rest_.starts_with("(")) {
        take();
        skip_substitution();
        word += untold;
    } else if (rest_.starts_with("{")) {
        take();
        append_value(word, take_until(rest_, '}'));
    } else {
        size_t length = 0;
        while (length < rest_.size() && is_name_character(rest_[length])) ++length;
        if (length == 0 || is_digit(rest_.front())) length = rest_.empty() ? 0 : 1;
        append_value(word, rest_.substr(0, length));
        rest_.remove_prefix(length);
    }
}

// After '"'.
void Script::read_quoted(std::string& word) {
    while (!rest_.empty()) {
        const char c = take();
        if (c == '"') return;
        if (c == '\\' && at("$`\"\\\n")) {
            const char escaped = take();
            if (escaped != '\n') word += escaped;
        } else if (c == '$') {
            expand(word);
        } else if (c == '`') {
            take_until(rest_, '`');
            word += untold;
        } else {
            word += c;
        }
    }
}

Word Script::read_word() {
    Word word;
    size_t parts = 0;  // an expansion, or text
    bool expanded = false;
    while (!rest_.empty() && !at(blanks) && !at(ends_command) && !at("<>")) {
        ++parts;
        const char c = take();
        if (c == '\'') {
            word.text += take_until(rest_, '\'');
        } else if (c == '"') {
            read_quoted(word.text);
        } else if (c == '\\') {
            const char escaped = rest_.empty() ? '\n' : take();
            if (escaped != '\n') word.text += escaped;
        } else if (c == '$') {
            expand(word.text);
            expanded = true;
        } else if (c == '`') {
            take_until(rest_, '`');
            word.text += untold;
        } else {
            word.text += c;
        }
    }
    if (word.text.size() > longest_word) word.text.assign(1, untold);
    word.splits = expanded && parts == 1;
    return word;
}

void Script::add(Word word) {
    if (words_.size() >= longest_command) return;
    if (word.splits) {
        for (const std::string_view part : split(word.text, " \t\n")) words_.emplace_back(part);
        return;
    }
    if (words_.empty() && set_variable(word.text, variables_)) return;
    words_.push_back(std::move(word.text));
}

void Script::end_command() {
    if (words_.empty()) return;
    if (words_.front() == "export")
        for (const std::string& word : words_) set_variable(word, variables_);
    visit_(words_, variables_);
    words_.clear();
}

void Script::read() {
    while (count_ < most_words) {
        skip_blanks();
        if (rest_.empty()) break;
        if (at("#")) {
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        } else if (at(ends_command)) {
            take();
            end_command();
        } else if (at("<>")) {
            skip_redirection();
        } else {
            ++count_;
            add(read_word());
        }
    }
    end_command();
}

}  // namespace

bool set_variable(std::string_view word, ShellVariables& variables) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == word.npos || is_digit(word.front())) return false;
    const std::string_view name = word.substr(0, equals);
    for (const char c : name)
        if (!is_name_character(c)) return false;
    if (variables.size() < most_variables || variables.contains(name))
        variables.insert_or_assign(std::string(name), std::string(word.substr(equals + 1)));
    return true;
}

void for_each_command(std::string_view text, const ShellVariables& variables,
                      const ShellVisitor& visit) {
    Script(text, variables, visit).read();
}

ShellVariables variables_in(std::string_view text) {
    const ShellVisitor ignore = [](const ShellWords&, const ShellVariables&) {};
    Script script(text, {}, ignore);
    script.read();
    return script.take_variables();
}

}  // namespace lastgood
