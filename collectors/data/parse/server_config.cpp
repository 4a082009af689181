#include "collectors/data/parse/server_config.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.hpp"

namespace lastgood {

namespace {

struct Options {
    std::array<std::string_view, 4> programs;
    std::array<std::string_view, 3> directory, config;  // empty: unused
};

constexpr std::array<Options, 4> known_options = {{
    {{"postgres"}, {"-D", "--data_directory"}, {"--config_file"}},
    {{"mysqld", "mariadbd"}, {"--datadir", "-h"}, {"--defaults-file", "--defaults-extra-file"}},
    {{"mongod"}, {"--dbpath"}, {"--config", "-f"}},
    {{"redis-server", "valkey-server"}, {"--dir"}, {}},
}};

const Options* options_of(std::string_view program) {
    for (const Options& options : known_options)
        if (contains(options.programs, program)) return &options;
    return nullptr;
}

void keep(std::string& value, std::string_view path) {
    if (path.starts_with('/')) value = path;
}

// "--name=value" of "-c name=value", as PostgreSQL takes both.
std::vector<std::string> arguments_in(std::string_view program, std::string_view command_line) {
    std::vector<std::string> arguments;
    while (!command_line.empty()) {
        std::string argument(take_until(command_line, '\0'));
        const bool set = program == "postgres" && !arguments.empty() && arguments.back() == "-c";
        if (set) {
            arguments.pop_back();
            argument.insert(0, "--");
        }
        if (program == "postgres" && argument.starts_with("--"))
            std::replace(argument.begin() + 2, std::find(argument.begin(), argument.end(), '='),
                         '-', '_');
        arguments.push_back(std::move(argument));
    }
    return arguments;
}

// Takes the value of the option "NAME VALUE", "--NAME=VALUE" or "-NVALUE".
void take_option(std::string& value, std::string_view name,
                 const std::vector<std::string>& arguments, size_t index) {
    const std::string_view argument = arguments[index];
    if (name.empty() || !argument.starts_with(name)) return;
    const std::string_view rest = argument.substr(name.size());
    if (rest.empty()) {
        if (index + 1 < arguments.size()) keep(value, arguments[index + 1]);
    } else if (rest.starts_with('=')) {
        keep(value, rest.substr(1));
    } else if (name.size() == 2) {
        keep(value, rest);
    }
}

std::string without_quotes(std::string_view value) {
    value = trim(value);
    if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"')) {
        const size_t end = value.find(value.front(), 1);
        return std::string(end == value.npos ? std::string_view() : value.substr(1, end - 1));
    }
    const size_t comment = value.find(" #");
    return std::string(trim(value.substr(0, comment)));
}

// The last value of the key wins, as with the servers.
class Lines {
  public:
    Lines(ServerConfig form, std::string_view text) : form_(form), text_(text) {}

    std::string directory() {
        std::string found;
        while (!text_.empty()) {
            const std::string_view line = take_line(text_);
            const std::string_view words = trim(line);
            if (words.empty() || words.starts_with('#') || words.starts_with(';')) continue;
            keep(found, without_quotes(value_in(line, words)));
        }
        return found;
    }

  private:
    static std::string_view value_of(std::string_view words, std::string_view key,
                                     std::string_view separators) {
        if (!words.starts_with(key) || words.size() == key.size() ||
            !contains(separators, words[key.size()]))
            return {};
        return trim_start(words.substr(key.size()), separators);
    }

    std::string_view value_in(std::string_view line, std::string_view words) {
        switch (form_) {
            case ServerConfig::none:
                break;
            case ServerConfig::postgresql:
                return value_of(words, "data_directory", " \t=");
            case ServerConfig::mysql:
                if (words.starts_with('[')) inside_ = is_of_server(words);
                return inside_ ? value_of(words, "datadir", " \t=") : std::string_view();
            case ServerConfig::mongodb:
                if (!is_space(line.front())) inside_ = words.starts_with("storage:");
                if (inside_ && words.starts_with("dbPath"))
                    return value_of(words, "dbPath", " \t:");
                if (words.starts_with("dbpath")) return value_of(words, "dbpath", " \t=");
                return value_of(words, "storage.dbPath", " \t:");
            case ServerConfig::redis:
                return value_of(words, "dir", " \t");
            case ServerConfig::elasticsearch:
                if (!is_space(line.front())) inside_ = words.starts_with("path:");
                return inside_ ? value_of(words, "data", " \t:")
                               : value_of(words, "path.data", " \t:");
        }
        return {};
    }

    // "[mysqld]", "[mariadb-10.11]", "[server]"
    static bool is_of_server(std::string_view header) {
        header = header.substr(1, header.find(']') - 1);
        return header == "server" || header.starts_with("mysqld") || header == "mariadb" ||
               header.starts_with("mariadb-") || header.starts_with("mariadbd");
    }

    ServerConfig form_;
    std::string_view text_;
    bool inside_ = false;
};

}  // namespace

ServerArguments parse_server_arguments(std::string_view program, std::string_view command_line) {
    ServerArguments found;
    const Options* options = options_of(program);
    if (options == nullptr) return found;
    const auto arguments = arguments_in(program, command_line);
    found.is_helper =
        program == "postgres" && !arguments.empty() && arguments.front().starts_with("postgres: ");
    for (size_t index = 1; index < arguments.size(); ++index) {
        for (const std::string_view name : options->directory)
            take_option(found.directory, name, arguments, index);
        for (const std::string_view name : options->config)
            take_option(found.config, name, arguments, index);
    }
    // Redis takes the file without a name.
    if (options->config.front().empty() && arguments.size() > 1) keep(found.config, arguments[1]);
    return found;
}

std::optional<long> effective_user(std::string_view status) {
    constexpr std::string_view key = "Uid:\t";  // real, effective, saved, of the filesystem
    while (!status.empty()) {
        const std::string_view line = take_line(status);
        if (!line.starts_with(key)) continue;
        const auto users = split(line.substr(key.size()), "\t");
        return users.size() < 2 ? std::nullopt : parse_number<long>(users[1]);
    }
    return std::nullopt;
}

std::string data_directory_in(ServerConfig form, std::string_view text) {
    return Lines(form, text).directory();
}

}  // namespace lastgood
