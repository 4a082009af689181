#include "agent/config_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <set>
#include <type_traits>

#include "agent/requests.hpp"
#include "collectors/collector.hpp"
#include "core/acceptance.hpp"
#include "core/clock.hpp"
#include "core/text.hpp"
#include "rules/accept.hpp"

namespace lastgood {

namespace {

// Reads the values of one file and keeps the first error; later reads do nothing.
class Reader {
  public:
    // `before`: what earlier files have set.
    Reader(std::string name, const Config& before) : name_(std::move(name)) {
        for (const Backup& backup : before.backups) backup_names_.insert(backup.name);
    }

    // False if there is a backup of this name already.
    bool take_backup_name(const std::string& name) { return backup_names_.insert(name).second; }

    const std::optional<Error>& error() const { return error_; }

    void refuse(const toml::source_region& where, std::string_view message) {
        if (error_) return;
        error_ = Error{ErrorKind::malformed, fmt::format("{}:{}:{}: {}", name_, where.begin.line,
                                                         where.begin.column, message)};
    }

    void read(const toml::node& node, std::string_view key, std::string& value) {
        const auto* text = node.as_string();
        if (!text) return refuse(node.source(), fmt::format("{} must be a string", key));
        if (text->get().find('\0') != std::string::npos)  // would end a path or an argument early
            return refuse(node.source(), fmt::format("{} must not contain \\u0000", key));
        value = text->get();
    }
    void read(const toml::node& node, std::string_view key, bool& value) {
        if (const auto* flag = node.as_boolean())
            value = flag->get();
        else
            refuse(node.source(), fmt::format("{} must be true or false", key));
    }
    // A duration with its unit, converted to seconds.
    void read(const toml::node& node, std::string_view key, Seconds& value) {
        const auto* text = node.as_string();
        const auto duration =
            text ? parse_duration(text->get())
                 : Result<Seconds>(
                       fail(ErrorKind::malformed, "write a duration with its unit, like \"26h\""));
        if (!duration)
            refuse(node.source(), fmt::format("{}: {}", key, duration.error().message));
        else if (*duration <= 0)
            refuse(node.source(), fmt::format("{} must be greater than zero", key));
        else
            value = *duration;
    }
    void read(const toml::node& node, std::string_view key, std::vector<std::string>& value) {
        value.clear();
        if (const auto* one = node.as_string()) {
            value.push_back(one->get());
            return;
        }
        const auto* list = node.as_array();
        if (!list) return refuse(node.source(), fmt::format("{} must be a list of strings", key));
        for (const toml::node& item : *list) {
            std::string text;
            read(item, key, text);
            value.push_back(std::move(text));
        }
    }

  private:
    std::string name_;
    std::optional<Error> error_;
    std::set<std::string> backup_names_;
};

void read_size(Reader& reader, const toml::node& node, std::string_view key,
               std::optional<double>& value) {
    if (const auto* bytes = node.as_integer(); bytes && bytes->get() >= 0) {
        value = static_cast<double>(bytes->get());
        return;
    }
    const auto* text = node.as_string();
    const auto size =
        text ? parse_size(text->get())
             : Result<double>(fail(ErrorKind::malformed, "write a size like \"1GiB\""));
    if (size)
        value = *size;
    else
        reader.refuse(node.source(), fmt::format("{}: {}", key, size.error().message));
}

std::string unknown_key(std::string_view key, std::string_view where, std::string_view known) {
    return fmt::format("unknown key \"{}\" {}; the known keys are {}", key, where, known);
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 200 && std::ranges::all_of(name, [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '@';
    });
}

void read_backup(Reader& reader, const toml::table& table, Config& config) {
    Backup backup;
    bool has_kind = false;
    for (const auto& [key, node] : table) {
        bool is_kind = false;
        for (const BackupKind kind : {BackupKind::files, BackupKind::restic, BackupKind::borg,
                                      BackupKind::pgbackrest, BackupKind::stamp}) {
            if (key.str() != to_string(kind)) continue;
            if (has_kind)
                return reader.refuse(key.source(),
                                     "a backup has one place: set only one of files, restic, borg, "
                                     "pgbackrest, stamp");
            is_kind = has_kind = true;
            backup.kind = kind;
            reader.read(node, key.str(), backup.location);
            if (!backup.location.starts_with('/'))
                reader.refuse(node.source(), fmt::format("{} must be an absolute path", key.str()));
        }
        if (is_kind) continue;
        if (key == "name") {
            reader.read(node, "name", backup.name);
            if (!is_plain_name(backup.name))
                reader.refuse(node.source(), "name must consist of letters, digits and - _ . @");
        } else if (key == "covers") {
            reader.read(node, "covers", backup.covers);
            for (const std::string& path : backup.covers)
                if (!path.starts_with('/'))
                    reader.refuse(node.source(), "covers must hold absolute paths");
        } else if (key == "max_age") {
            reader.read(node, "max_age", backup.max_age);
        } else if (key == "min_size") {
            read_size(reader, node, "min_size", backup.min_size);
        } else if (key == "stanza") {
            reader.read(node, "stanza", backup.stanza);
        } else if (key == "time_pattern") {
            reader.read(node, "time_pattern", backup.time_pattern);
        } else if (key == "settle_time") {
            reader.read(node, "settle_time", backup.settle_time);
        } else if (key == "cache_directory") {
            reader.read(node, "cache_directory", backup.cache_directory);
        } else {
            reader.refuse(
                key.source(),
                unknown_key(
                    key.str(), "in [[backup]]",
                    "name, files, restic, borg, pgbackrest, stamp, covers, max_age, min_size, "
                    "stanza, time_pattern, settle_time, cache_directory"));
        }
    }
    if (backup.name.empty()) reader.refuse(table.source(), "[[backup]] needs a name");
    if (!reader.take_backup_name(backup.name))
        reader.refuse(table.source(),
                      fmt::format("two backups are named \"{}\"; rename one of them", backup.name));
    config.backups.push_back(std::move(backup));
}

void read_external_collector(Reader& reader, const toml::table& table, Config& config) {
    ExternalCollector collector;
    for (const auto& [key, node] : table) {
        if (key == "name")
            reader.read(node, "name", collector.name);
        else if (key == "command")
            reader.read(node, "command", collector.command);
        else if (key == "interval")
            reader.read(node, "interval", collector.interval);
        else if (key == "deadline")
            reader.read(node, "deadline", collector.deadline);
        else
            reader.refuse(key.source(), unknown_key(key.str(), "in [[collector]]",
                                                    "name, command, interval, deadline"));
    }
    if (!is_plain_name(collector.name))
        reader.refuse(table.source(), "[[collector]] needs a name of letters, digits and - _ . @");
    if (collector.command.empty() || collector.command[0].empty())
        reader.refuse(table.source(),
                      "[[collector]] needs a command: a list of a program and its arguments, like "
                      "[\"/usr/local/bin/tape-age\"]");
    if (find_collector(collector.name))
        reader.refuse(table.source(),
                      fmt::format("\"{}\" is the name of a built-in collector; choose another name",
                                  collector.name));
    for (const ExternalCollector& other : config.external_collectors)
        if (other.name == collector.name)
            reader.refuse(
                table.source(),
                fmt::format("two collectors are named \"{}\"; rename one of them", collector.name));
    config.external_collectors.push_back(std::move(collector));
}

void read_collectors(Reader& reader, const toml::table& table, Config& config) {
    for (const auto& [name, node] : table) {
        const toml::table* settings = node.as_table();
        if (!find_collector(name.str())) {
            std::string known;
            for (const Collector* collector : all_collectors())
                known += fmt::format("{}{}", known.empty() ? "" : ", ", collector->name);
            return reader.refuse(
                name.source(),
                fmt::format("there is no built-in collector \"{}\"; the built-in collectors are {}",
                            name.str(), known));
        }
        if (!settings)
            return reader.refuse(node.source(), "write a table, like [collectors.smart]");
        CollectorSettings& collector = config.collectors[std::string(name.str())];
        for (const auto& [key, value] : *settings) {
            Seconds duration = 0;
            if (key == "enabled") {
                reader.read(value, "enabled", collector.enabled);
            } else if (key == "interval") {
                reader.read(value, "interval", duration);
                collector.interval = duration;
            } else if (key == "deadline") {
                reader.read(value, "deadline", duration);
                collector.deadline = duration;
            } else {
                reader.refuse(key.source(),
                              unknown_key(key.str(), fmt::format("in [collectors.{}]", name.str()),
                                          "enabled, interval, deadline"));
            }
        }
    }
}

void read_until(Reader& reader, const toml::node& node, Timestamp& until) {
    std::string text;
    if (const auto* date = node.as_date())
        text =
            fmt::format("{:04}-{:02}-{:02}", date->get().year, date->get().month, date->get().day);
    else
        reader.read(node, "until", text);
    // A date that has passed is no mistake: the acceptance has ended.
    const auto read = parse_until(text, 0);
    if (read && text.find('-') != text.npos)
        until = *read;
    else
        reader.refuse(node.source(), "until must be a date, like 2027-03-01");
}

// Whether the kernel may give this name to another drive or array at the next boot: "sda",
// "/dev/nvme0n1", "md127", "dm-3".
bool is_name_of_the_moment(std::string_view name) {
    name = without_prefix(name, "/dev/");
    for (const std::string_view prefix : {"sd", "hd", "vd", "xvd"})
        if (name.starts_with(prefix) && name.size() > prefix.size() &&
            std::ranges::all_of(name.substr(prefix.size()),
                                [](char c) { return c >= 'a' && c <= 'z'; }))
            return true;
    return std::ranges::any_of(std::array{"nvme", "md", "dm-", "mmcblk"}, [&](const char* prefix) {
        const std::string_view rest = without_prefix(name, prefix);
        return rest.size() < name.size() && !rest.empty() &&
               rest.find_first_not_of("0123456789n") == rest.npos;
    });
}

void read_accepted(Reader& reader, const toml::table& table, Config& config) {
    AcceptSetting one;
    for (const auto& [key, node] : table) {
        if (key == "rule")
            reader.read(node, "rule", one.rule);
        else if (key == "subject")
            reader.read(node, "subject", one.subject);
        else if (key == "reason")
            reader.read(node, "reason", one.reason);
        else if (key == "until")
            read_until(reader, node, one.until);
        else if (key == "up_to" && node.is_number())
            one.up_to = node.value<double>();
        else if (key == "up_to")
            reader.refuse(node.source(), "up_to must be a number");
        else
            reader.refuse(key.source(), unknown_key(key.str(), "in [[accept]]",
                                                    "rule, subject, up_to, until, reason"));
    }
    if (one.until == 0) reader.refuse(table.source(), "[[accept]] needs until, a date");
    if (is_name_of_the_moment(one.subject))
        reader.refuse(table.source(),
                      fmt::format("[[accept]]: after the next boot {0} may be another one; name "
                                  "the id or serial number that lastgood status {0} shows",
                                  one.subject));
    const Timestamp now = wall_clock();
    if (const Rule* rule = find_rule(one.rule); one.until > now || !rule) {
        const Acceptance meant{one.rule,
                               rule ? rule->subject : SubjectKind::host,
                               one.subject,
                               one.up_to,
                               std::max(one.until, now + 1),
                               "",
                               one.reason};
        if (const std::string why = why_not_acceptable(meant, now); !why.empty())
            reader.refuse(table.source(), fmt::format("[[accept]]: {}", why));
    }
    config.accepted.push_back(std::move(one));
}

// Reads a setting of core/settings.hpp; false: this section has no such key.
bool read_setting(Reader& reader, std::string_view section, std::string_view key,
                  const toml::node& node, Config& config) {
    bool found = false;
    for_each_setting(config, [&](auto& setting) {
        if (setting.section != section || setting.key != key) return;
        reader.read(node, key, setting.value);
        found = true;
        if constexpr (std::is_same_v<decltype(setting.value), std::string>) {
            const bool may_be_empty = setting.path != PathRule::required;
            if (setting.path == PathRule::no_path || (setting.value.empty() && may_be_empty))
                return;
            if (!setting.value.starts_with('/'))
                reader.refuse(node.source(), fmt::format("{} must be an absolute path", key));
        }
    });
    return found;
}

std::string known_keys(std::string_view section) {
    std::string known;
    for_each_setting(Config(), [&](const auto& setting) {
        if (setting.section == section)
            known += fmt::format("{}{}", known.empty() ? "" : ", ", setting.key);
    });
    return known;
}

void read_section(Reader& reader, std::string_view section, const toml::table& table,
                  Config& config) {
    for (const auto& [key, node] : table)
        if (!read_setting(reader, section, key.str(), node, config))
            reader.refuse(key.source(), unknown_key(key.str(), fmt::format("in [{}]", section),
                                                    known_keys(section)));
}

template <class Read>
void read_tables(Reader& reader, std::string_view key, const toml::node& node, Config& config,
                 Read read_one) {
    const toml::array* tables = node.as_array();
    if (!tables)
        return reader.refuse(node.source(), fmt::format("write [[{}]], with two brackets", key));
    for (const toml::node& item : *tables)
        if (const toml::table* table = item.as_table())
            read_one(reader, *table, config);
        else
            reader.refuse(item.source(), fmt::format("write [[{}]], with two brackets", key));
}

void read_file(Reader& reader, const toml::table& file, Config& config) {
    for (const auto& [key, node] : file) {
        if (key == "backup") {
            read_tables(reader, "backup", node, config, read_backup);
        } else if (key == "accept") {
            read_tables(reader, "accept", node, config, read_accepted);
        } else if (key == "collector") {
            read_tables(reader, "collector", node, config, read_external_collector);
        } else if (key == "collectors" && node.is_table()) {
            read_collectors(reader, *node.as_table(), config);
        } else if (node.is_table() && !known_keys(key.str()).empty()) {
            read_section(reader, key.str(), *node.as_table(), config);
        } else if (!read_setting(reader, "", key.str(), node, config)) {
            reader.refuse(
                key.source(),
                unknown_key(
                    key.str(), "at the top level",
                    known_keys("") +
                        ", [serve], [textfile], [drives], [kernel_log], [journal], [filesystems], "
                        "[collectors.NAME], [[backup]], [[collector]], [[accept]]"));
        }
    }
}

// Debian 12's toml++ recurses for each part of a dotted key and limits them nowhere, so a long one
// overflows the stack. Returns the line of a key with too many parts; 0: there is none. What it
// takes for a key may be a value: no value has this many dots outside quotes.
size_t line_of_deep_key(std::string_view text) {
    constexpr size_t most_parts = 32;
    size_t dots = 0, line = 1;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            const std::string_view three = text.substr(at, 3);
            const bool long_string = three == "\"\"\"" || three == "'''";
            const std::string_view end = long_string ? three : text.substr(at, 1);
            at += end.size();
            while (at < text.size() && !text.substr(at).starts_with(end)) {
                if (text[at] == '\n' && !long_string) break;
                line += text[at] == '\n' ? 1 : 0;
                at += text[at] == '\\' && c == '"' ? 2 : 1;
            }
            at += at < text.size() && text[at] == '\n' ? 0 : end.size();
            --at;
        } else if (c == '#') {
            at = std::min(text.find('\n', at), text.size()) - 1;
        } else if (c == '.') {
            if (++dots >= most_parts) return line;
        } else if (c == '\n' || c == '=' || c == ',') {
            dots = 0;
            line += c == '\n' ? 1 : 0;
        }
    }
    return 0;
}

Result<void> add_file(std::string_view text, const std::string& name, Config& config) {
    if (const size_t line = line_of_deep_key(text); line != 0)
        return fail(ErrorKind::malformed,
                    fmt::format("{}:{}: this key has too many parts", name, line));
    Reader reader(name, config);
    try {  // Debian's toml++ throws exceptions; catch them here
        read_file(reader, toml::parse(text, name), config);
    } catch (const toml::parse_error& error) {
        reader.refuse(error.source(), error.description());
    }
    if (reader.error()) return Failure(*reader.error());
    return {};
}

Result<void> check(const Config& config, const std::string& name) {
    if (!config.textfile_path.value.empty() && !config.textfile_path.value.ends_with(".prom"))
        return fail(
            ErrorKind::malformed,
            name + ": [textfile] path must end in .prom; node_exporter reads no other files");
    return {};
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& name) {
    Config config;
    if (const auto added = add_file(text, name, config); !added) return Failure(added.error());
    if (const auto checked = check(config, name); !checked) return Failure(checked.error());
    return config;
}

Result<std::vector<std::string>> config_files(const std::string& path) {
    const Host host;
    std::vector<std::string> files;
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    const auto main_file = host.read(path);
    // Nothing there is fine; a link that leads nowhere is not.
    const auto is_there = [&](const std::string& at) { return host.status(at, false).has_value(); };
    if (path != default_config_path || main_file || main_file.error().kind != ErrorKind::absent ||
        is_there(path))
        files.push_back(path);
    const auto names = host.list(directory + "conf.d");
    if (!names && (names.error().kind != ErrorKind::absent || is_there(directory + "conf.d")))
        return fail(names.error().kind,
                    fmt::format("cannot read the configuration: {}", names.error().message));
    for (const std::string& name : names ? *names : std::vector<std::string>())
        if (name.ends_with(".toml") && !name.starts_with('.'))
            files.push_back(directory + "conf.d/" + name);
    return files;
}

Result<Config> read_config(const std::string& path, Config defaults) {
    const Host host;
    Config config = std::move(defaults);
    const auto files = config_files(path);
    if (!files) return Failure(files.error());
    for (const std::string& file : *files) {
        const auto text = host.read(file);
        if (!text)
            return fail(text.error().kind,
                        fmt::format("cannot read the configuration: {}", text.error().message));
        if (const auto added = add_file(*text, file, config); !added) return Failure(added.error());
    }
    if (const auto checked = check(config, path); !checked) return Failure(checked.error());
    return config;
}

}  // namespace lastgood
