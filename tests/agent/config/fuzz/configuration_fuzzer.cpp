// Bytes as a configuration. What is accepted is usable, and is the same after it was printed and
// read again; what is refused has a place and a text that is safe to print.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "agent/commands/check_config.hpp"
#include "agent/config_file.hpp"
#include "collectors/backups/parse/name_time.hpp"
#include "collectors/collector.hpp"
#include "core/calendar.hpp"
#include "core/glob.hpp"
#include "core/print.hpp"
#include "core/text.hpp"
#include "exporters/prometheus/listen_address.hpp"

using namespace lastgood;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_path(const std::string& path) {
    return path.starts_with('/') && path.size() < 4096 && path.find('\0') == path.npos;
}

bool is_duration(Seconds duration) {
    return std::isfinite(duration) && duration >= 0.001 && duration <= 100 * 365.25 * 86400;
}

void require_usable(const Backup& backup) {
    require(!backup.name.empty() && backup.name != ".." && !contains(backup.name, '/'));
    require(is_duration(backup.max_age) && is_duration(backup.settle_time));
    require(is_duration(backup.plan.grace));
    require(backup.plan.schedule.empty() || Calendar::parse(backup.plan.schedule).has_value());
    require(backup.kind == BackupKind::observed || is_path(backup.location));
    for (const std::string& path : backup.covers) require(is_path(path));
    if (backup.min_size) require(*backup.min_size >= 0 && *backup.min_size < 9.3e18);
    if (!backup.time_pattern.empty()) {
        require(what_is_wrong_with_time_pattern(backup.time_pattern).empty());
        (void)find_time_by_pattern("db-2026-11-21_031500.sql", backup.time_pattern);
    }
    if (backup.kind != BackupKind::files) return;
    require(what_is_wrong_with_path_pattern(backup.location).empty());
    for (const std::string& name : split_path_pattern(backup.location).components)
        (void)matches_component(name, "db-2026-11-21_031500.sql");
}

void require_usable(const Config& config) {
    require(parse_listen_address(config.listen.value).has_value());
    require(is_path(config.state_directory) && is_path(config.runtime_directory));
    for_each_setting(config, [](const auto& setting) {
        if constexpr (std::is_same_v<decltype(setting.value), Seconds>)
            require(is_duration(setting.value));
    });
    for (const Backup& backup : config.backups) require_usable(backup);
    for (const ExternalCollector& one : config.external_collectors) {
        require(!one.name.empty() && !find_collector(one.name));
        require(!one.command.empty() && is_path(one.command[0]));
        require(is_duration(one.interval) && is_duration(one.deadline));
    }
    for (const auto& [name, one] : config.collectors) {
        require(find_collector(name) != nullptr);
        require(is_duration(one.interval.value_or(1)) && is_duration(one.deadline.value_or(1)));
    }
    for (const AcceptSetting& one : config.accepted)
        require(one.until > 0 && std::isfinite(one.up_to.value_or(0)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const ConfigReading reading = read_config_text(text, "x.toml");
    const ConfigCheck check = describe_check(reading, "x.toml");
    require(check.is_good == reading.mistakes.empty());
    for (const auto* remarks : {&reading.mistakes, &reading.warnings})
        for (const ConfigRemark& remark : *remarks) {
            require(!remark.text.empty());
            const std::string shown = to_string(remark);
            require(printable(shown) == shown && !contains(shown, '\n'));
        }
    if (!check.is_good) return 0;
    require_usable(reading.config);
    const std::string printed = to_toml(reading.config);
    const auto again = parse_config(printed, "printed");
    require(again.has_value());
    require(to_toml(*again) == printed);
    require(again->backups == reading.config.backups && again->accepted == reading.config.accepted);
    require(again->external_collectors == reading.config.external_collectors);
    require(again->collectors == reading.config.collectors);
    return 0;
}
