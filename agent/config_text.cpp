// Writes a configuration as TOML, as its readers in agent/config/ take it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "agent/config/backup_plan.hpp"
#include "agent/config_file.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace lastgood {

namespace {

std::string to_toml(const std::string& value) {
    return toml_string(value);
}
std::string to_toml(bool value) {
    return value ? "true" : "false";
}
std::string to_toml(Seconds value) {
    return toml_duration(value);
}
std::string to_toml(const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ", ") + to_toml(value);
    return "[" + list + "]";
}

}  // namespace

std::string toml_string(std::string_view value) {
    std::string quoted = "\"";
    while (!value.empty()) {
        const CodePoint point = decode_utf8(value);
        const std::string_view letter = value.substr(0, std::max<size_t>(point.length, 1));
        value.remove_prefix(letter.size());
        if (point.length != 0 && is_harmful(point.value)) {
            quoted += point.value < 0x10000 ? fmt::format("\\u{:04X}", point.value)
                                            : fmt::format("\\U{:08X}", point.value);
            continue;
        }
        if (letter == "\"" || letter == "\\") quoted += '\\';
        quoted += letter;
    }
    return quoted + '"';
}

std::string toml_duration(Seconds value) {
    const auto is_exact = [&](const std::string& text) {
        const auto same = parse_duration(text);
        return same && *same == value;
    };
    if (const std::string readable = format_duration(value); is_exact(readable))
        return toml_string(readable);
    if (const std::string micro = fmt::format("{:.0f} us", value * 1e6);
        value < 1 && is_exact(micro))
        return toml_string(micro);
    std::string parts;
    double rest = value;
    for (const auto& [size, name] : {std::pair{86400.0, "d"}, {3600.0, "h"}, {60.0, "min"}}) {
        const double count = std::floor(rest / size);
        rest -= count * size;
        if (count > 0) parts += fmt::format("{:.0f} {} ", count, name);
    }
    if (rest > 0) parts += fmt::format("{} s", rest);
    parts = trim(parts);
    return is_exact(parts) ? toml_string(parts) : fmt::format("\"{} s\"", value);
}

std::string toml_size(double bytes) {
    for (const auto& [size, name] : {std::pair{1024.0 * gib, "TiB"},
                                     {1.0 * gib, "GiB"},
                                     {1.0 * mib, "MiB"},
                                     {1.0 * kib, "KiB"}})
        if (bytes >= size && std::fmod(bytes, size) == 0)
            return fmt::format("\"{:.0f} {}\"", bytes / size, name);
    return fmt::format("{:.0f}", bytes);
}

std::string toml_date(Timestamp time) {
    const auto seconds = static_cast<time_t>(time);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return fmt::format("\"{:04}-{:02}-{:02}\"", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday);
}

std::string to_toml(const Spool& spool) {
    std::string text = fmt::format("\n[[spool]]\nname = {}\npath = {}\n", toml_string(spool.name),
                                   toml_string(spool.path));
    if (spool.max_age) text += fmt::format("max_age = {}\n", toml_duration(*spool.max_age));
    if (spool.max_count) text += fmt::format("max_count = {:.0f}\n", *spool.max_count);
    if (spool.max_bytes) text += fmt::format("max_bytes = {}\n", toml_size(*spool.max_bytes));
    return text + fmt::format("max_pause = {}\n", toml_duration(spool.max_pause));
}

std::string to_toml(const Probe& probe) {
    std::string text = fmt::format("\n[[probe]]\nname = {}\n", toml_string(probe.name));
    const auto add = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) text += fmt::format("{} = {}\n", key, toml_string(value));
    };
    add(to_string(probe.kind), probe.target);
    if (!probe.command.empty()) text += fmt::format("command = {}\n", to_toml(probe.command));
    add("user", probe.user);
    add("send", probe.send);
    add("expect", probe.expect);
    if (probe.max_time) text += fmt::format("max_time = {}\n", toml_duration(*probe.max_time));
    return text + fmt::format("interval = {}\ndeadline = {}\n", toml_duration(probe.interval),
                              toml_duration(probe.deadline));
}

std::string to_toml(const Config& config) {
    std::string text;
    std::string_view section;
    for_each_setting(config, [&](const auto& setting) {
        if (section != setting.section) text += fmt::format("\n[{}]\n", setting.section);
        section = setting.section;
        text += fmt::format("{} = {}\n", setting.key, to_toml(setting.value));
    });
    for (const auto& [name, settings] : config.collectors) {
        text += fmt::format("\n[collectors.{}]\nenabled = {}\n", name, to_toml(settings.enabled));
        if (settings.interval) text += fmt::format("interval = {}\n", to_toml(*settings.interval));
        if (settings.deadline) text += fmt::format("deadline = {}\n", to_toml(*settings.deadline));
    }
    for (const Backup& backup : config.backups) {
        text += fmt::format("\n[[backup]]\nname = {}\n", to_toml(backup.name));
        if (backup.kind != BackupKind::observed)
            text += fmt::format("{} = {}\n", to_string(backup.kind), to_toml(backup.location));
        if (!backup.unit.empty() && backup.kind != BackupKind::systemd)
            text += fmt::format("systemd = {}\n", to_toml(backup.unit));
        if (!backup.success_exit_status.empty())
            text += fmt::format("success_exit_status = [{}]\n",
                                fmt::join(backup.success_exit_status, ", "));
        if (!backup.covers.empty()) text += fmt::format("covers = {}\n", to_toml(backup.covers));
        if (backup.plan.schedule.empty())
            text += fmt::format("max_age = {}\n", to_toml(backup.max_age));
        text += to_toml(backup.plan);
        if (backup.min_size) text += fmt::format("min_size = {}\n", toml_size(*backup.min_size));
        if (!backup.copy_of.empty()) text += fmt::format("copy_of = {}\n", to_toml(backup.copy_of));
        if (backup.max_lag) text += fmt::format("max_lag = {}\n", to_toml(*backup.max_lag));
        if (!backup.covers.empty() || backup.crosses_mounts)
            text += fmt::format("crosses_mounts = {}\n", backup.crosses_mounts);
        if (!backup.stanza.empty()) text += fmt::format("stanza = {}\n", to_toml(backup.stanza));
        if (!backup.time_pattern.empty())
            text += fmt::format("time_pattern = {}\n", to_toml(backup.time_pattern));
        if (backup.kind == BackupKind::files)
            text += fmt::format("settle_time = {}\n", to_toml(backup.settle_time));
        if (backup.each != Streams::none)
            text += fmt::format("each = {}\n", to_toml(std::string(to_string(backup.each))));
        if (!backup.complete_if.empty())
            text += fmt::format("complete_if = {}\n", to_toml(backup.complete_if));
        if (backup.max_wal_age)
            text += fmt::format("max_wal_age = {}\n", toml_duration(*backup.max_wal_age));
        if (!backup.cache_directory.empty())
            text += fmt::format("cache_directory = {}\n", to_toml(backup.cache_directory));
        if (!backup.log.empty()) text += fmt::format("log = {}\n", to_toml(backup.log));
    }
    for (const Spool& spool : config.spools) text += to_toml(spool);
    for (const Probe& probe : config.probes) text += to_toml(probe);
    for (const DeclaredElsewhere& one : config.elsewhere)
        text += fmt::format(
            "\n[[declared_elsewhere]]\npaths = {}\nowner = {}\nreason = {}\nuntil = {}\n",
            to_toml(one.paths), to_toml(one.owner), to_toml(one.reason), toml_date(one.until));
    for (const AcceptSetting& one : config.accepted) {
        text += fmt::format("\n[[accept]]\nrule = {}\nsubject = {}\nuntil = {}\nreason = {}\n",
                            to_toml(one.rule), to_toml(one.subject), toml_date(one.until),
                            to_toml(one.reason));
        if (one.up_to) text += fmt::format("up_to = {}\n", *one.up_to);
    }
    for (const ExternalCollector& collector : config.external_collectors)
        text +=
            fmt::format("\n[[collector]]\nname = {}\ncommand = {}\ninterval = {}\ndeadline = {}\n",
                        to_toml(collector.name), to_toml(collector.command),
                        to_toml(collector.interval), to_toml(collector.deadline));
    return text;
}

}  // namespace lastgood
