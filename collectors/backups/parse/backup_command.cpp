// Command lines of backup tools. Sources: restic's doc/manual, `borg create --help` (1.2, 1.4),
// duplicity(1).
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <span>

#include "collectors/backups/parse/tool_job.hpp"
#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr int most_shells = 3;  // sh -c within each other
constexpr std::string_view starters[] = {
    "if",      "then",    "else", "do",    "while",           "until",       "!",
    "{",       "time",    "exec", "nohup", "command",         "chronic",     "nice",
    "ionice",  "env",     "sudo", "flock", "systemd-inhibit", "systemd-cat", "timeout",
    "runuser", "setpriv", "chrt", "eval",  "cpulimit",        "caffeinate",  "systemd-run",
};

// Options that take a value: letters, and long names.
struct Options {
    std::string_view letters;
    std::span<const std::string_view> names;
};

constexpr std::string_view restic_names[] = {
    "repo",
    "repository-file",
    "password-file",
    "password-command",
    "key-hint",
    "option",
    "cacert",
    "cache-dir",
    "limit-upload",
    "limit-download",
    "tls-client-cert",
    "exclude",
    "iexclude",
    "exclude-file",
    "iexclude-file",
    "exclude-if-present",
    "files-from",
    "files-from-raw",
    "files-from-verbatim",
    "exclude-larger-than",
    "tag",
    "host",
    "parent",
    "group-by",
    "time",
    "stdin-filename",
    "compression",
    "pack-size",
    "retry-lock",
    "read-concurrency",
    "http-user-agent",
    "stuck-request-timeout",
};
constexpr std::string_view borg_names[] = {
    "exclude",
    "exclude-from",
    "pattern",
    "patterns-from",
    "exclude-if-present",
    "comment",
    "timestamp",
    "checkpoint-interval",
    "chunker-params",
    "compression",
    "stdin-name",
    "stdin-user",
    "stdin-group",
    "stdin-mode",
    "files-cache",
    "filter",
    "paths-delimiter",
    "checkpoint-volume",
    "lock-wait",
    "rsh",
    "remote-path",
    "umask",
    "upload-ratelimit",
    "upload-buffer",
    "remote-ratelimit",
    "remote-buffer",
    "debug-topic",
    "debug-profile",
    "repo",
};
constexpr Options restic_options{"rpoeHg", restic_names};
constexpr Options borg_options{"eCcr", borg_names};

struct Option {
    std::string name;  // "one-file-system", "x"
    std::string value;
};
struct Arguments {
    std::vector<Option> options;
    std::vector<std::string> others;
};

class Reader {
  public:
    Reader(std::span<const std::string> words, const Options& options)
        : words_(words), options_(options) {}
    Arguments read();

  private:
    std::string next_word() { return at_ < words_.size() ? words_[at_++] : std::string(); }
    void read_long(std::string_view word);
    void read_letters(std::string_view letters);

    std::span<const std::string> words_;
    const Options& options_;
    size_t at_ = 0;
    Arguments found_;
};

void Reader::read_long(std::string_view word) {
    const size_t equals = word.find('=');
    if (equals != word.npos)
        found_.options.push_back(
            {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))});
    else
        found_.options.push_back(
            {std::string(word), contains(options_.names, word) ? next_word() : std::string()});
}

// "-xv", "-rREPOSITORY", "-r REPOSITORY"
void Reader::read_letters(std::string_view letters) {
    while (!letters.empty()) {
        Option option{std::string(letters.substr(0, 1)), ""};
        letters.remove_prefix(1);
        if (contains(options_.letters, option.name[0])) {
            option.value = letters.empty() ? next_word() : std::string(letters);
            letters = {};
        }
        found_.options.push_back(std::move(option));
    }
}

Arguments Reader::read() {
    bool only_others = false;
    while (at_ < words_.size()) {
        const std::string& word = words_[at_++];
        if (only_others || !word.starts_with('-') || word == "-")
            found_.others.push_back(word);
        else if (word == "--")
            only_others = true;
        else if (word.starts_with("--"))
            read_long(std::string_view(word).substr(2));
        else
            read_letters(std::string_view(word).substr(1));
    }
    return std::move(found_);
}

std::string variable(const ShellVariables& variables, std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
}

// A relative path, or one that only the running shell knows, is not told.
std::string place(std::string_view text) {
    if (!is_told(text)) return {};
    text = without_prefix(text, "file://");
    const bool elsewhere = contains(text, ':');
    return text.starts_with('/') || elsewhere ? std::string(text) : std::string();
}

void add_sources(ToolJob& job, std::span<const std::string> sources) {
    size_t left_out = 0;
    for (const std::string& source : sources) {
        if (is_told(source) && source.starts_with('/') &&
            source.find_first_of("*?[") == source.npos)
            job.covers.emplace_back(without_trailing_slashes(source));
        else
            ++left_out;
    }
    if (left_out > 0)
        job.remarks.emplace_back(
            "It reads more than covers names: patterns, variables or relative paths.");
}

// What its options say of the sources.
void add_options(ToolJob& job, const Arguments& arguments) {
    bool excludes = false;
    bool lists = false;
    for (const Option& option : arguments.options) {
        const std::string& name = option.name;
        if (name == "x" || name == "one-file-system" || name == "exclude-other-filesystems")
            job.crosses_mounts = false;
        excludes |= name == "e" || name.starts_with("exclude") || name.starts_with("iexclude") ||
                    name.starts_with("pattern");
        lists |= name.starts_with("files-from") || name.starts_with("paths-from") ||
                 name.starts_with("include") || name.starts_with("patterns-from");
    }
    if (excludes) job.remarks.emplace_back("It excludes a part of that.");
    if (lists) job.remarks.emplace_back("A list in a file names more of what it reads.");
}

std::optional<ToolJob> restic_job(std::span<const std::string> words,
                                  const ShellVariables& variables) {
    const Arguments arguments = Reader(words, restic_options).read();
    if (arguments.others.empty() || arguments.others[0] != "backup") return std::nullopt;
    ToolJob job{.kind = BackupKind::restic, .tool = "restic", .crosses_mounts = true};
    job.location = place(variable(variables, "RESTIC_REPOSITORY"));
    for (const Option& option : arguments.options) {
        if (option.name == "r" || option.name == "repo") job.location = place(option.value);
        if (option.name == "repository-file") job.location.clear();
        if (option.name.starts_with("stdin")) return std::nullopt;
    }
    job.location = without_prefix(job.location, "local:");
    add_sources(job, std::span(arguments.others).subspan(1));
    add_options(job, arguments);
    return job;
}

std::optional<ToolJob> borg_job(std::span<const std::string> words,
                                const ShellVariables& variables) {
    const Arguments arguments = Reader(words, borg_options).read();
    const auto& others = arguments.others;
    if (others.size() < 2 || others[0] != "create") return std::nullopt;
    ToolJob job{.kind = BackupKind::borg, .tool = "borg", .crosses_mounts = true};
    const std::string_view archive = others[1];
    const size_t colons = archive.find("::");
    if (colons == 0 || colons == archive.npos)
        job.location = place(variable(variables, "BORG_REPO"));
    else
        job.location = place(archive.substr(0, colons));
    for (const Option& option : arguments.options)
        if (option.name == "r" || option.name == "repo") job.location = place(option.value);
    add_sources(job, std::span(others).subspan(2));
    add_options(job, arguments);
    return job;
}

// Its options are many, and source and target stand at the end.
std::optional<ToolJob> duplicity_job(std::span<const std::string> words) {
    const size_t count = words.size();
    if (count < 2) return std::nullopt;
    const std::string& source = words[count - 2];
    const std::string& target = words[count - 1];
    if (!source.starts_with('/') || !contains(target, "://")) return std::nullopt;
    ToolJob job{.kind = BackupKind::duplicity, .tool = "duplicity", .crosses_mounts = true};
    job.location = place(target);
    add_sources(job, words.subspan(count - 2, 1));
    add_options(job, Reader(words.first(count - 2), Options{}).read());
    return job;
}

std::optional<ToolJob> job_of(std::string_view program, std::span<const std::string> words,
                              const ShellVariables& variables) {
    if (program == "restic") return restic_job(words, variables);
    if (program == "borg") return borg_job(words, variables);
    if (program == "duplicity") return duplicity_job(words);
    return std::nullopt;
}

bool is_shell(std::string_view program) {
    return program == "sh" || program == "bash" || program == "dash";
}

void find_jobs(const ShellWords& words, const ShellVariables& outer, int shells,
               std::vector<ToolJob>& found) {
    bool started = false;               // by a program that starts another one
    std::optional<ShellVariables> own;  // env NAME=value
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string_view program = last_component(words[i]);
        const ShellVariables& variables = own ? *own : outer;
        const std::span<const std::string> after = std::span(words).subspan(i + 1);
        if (auto job = job_of(program, after, variables)) {
            found.push_back(std::move(*job));
            return;
        }
        if (is_shell(program) && after.size() >= 2 && after[0].starts_with('-') &&
            after[0].ends_with('c') && shells < most_shells)
            return for_each_command(after[1], variables,
                                    [&](const ShellWords& inner, const ShellVariables& set) {
                                        find_jobs(inner, set, shells + 1, found);
                                    });
        started = started || contains(starters, program);
        if (!started) return;
        if (!contains(words[i], '=')) continue;
        if (!own) own = outer;
        set_variable(words[i], *own);
    }
}

}  // namespace

std::vector<ToolJob> parse_backup_command(const ShellWords& words,
                                          const ShellVariables& variables) {
    std::vector<ToolJob> found;
    find_jobs(words, variables, 0, found);
    return found;
}

// A password may hold any character: the last '@' ends it, even where that is one of the path.
std::string without_password(std::string_view text) {
    const size_t scheme = text.find("://");
    const size_t at = text.rfind('@');
    if (scheme == text.npos || at == text.npos) return std::string(text);
    const size_t colon = text.find(':', scheme + 3);
    if (colon > at) return std::string(text);
    return std::string(text.substr(0, colon)) + std::string(text.substr(at));
}

}  // namespace lastgood
