#include "agent/commands/discover.hpp"

#include <fmt/core.h>

#include "agent/config_file.hpp"
#include "core/print.hpp"
#include "core/words.hpp"
#include "exporters/status/text.hpp"

namespace lastgood {

namespace {

constexpr size_t comment_width = 98;

void add_comment(std::string& text, std::string_view comment) {
    for (const std::string& line : wrap(harmless(comment), comment_width))
        text += fmt::format("# {}\n", line);
}

std::string listed(const std::vector<std::string>& paths) {
    std::string text;
    for (const std::string& path : paths)
        text += fmt::format("{}{}", text.empty() ? "" : ", ", toml_string(path));
    return text;
}

void add_backup(std::string& text, const SuggestedBackup& suggestion) {
    const Backup& backup = suggestion.backup;
    text += '\n';
    for (const std::string& remark : suggestion.remarks) add_comment(text, remark);
    text += fmt::format("[[backup]]\nname = {}\n", toml_string(backup.name));
    if (!backup.location.empty())
        text += fmt::format("{} = {}\n", to_string(backup.kind), toml_string(backup.location));
    const auto add = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) text += fmt::format("{} = {}\n", key, toml_string(value));
    };
    add("systemd", backup.unit);
    add("stanza", backup.stanza);
    add("log", backup.log);
    if (!backup.covers.empty())
        text += fmt::format("covers = [{}]\n", listed(backup.covers));
    else if (backup.kind != BackupKind::vzdump)  // its guests are no paths
        text += "# covers = [\"/var/lib/…\"]\n";
    if (backup.crosses_mounts) text += "crosses_mounts = true\n";
    text += fmt::format("max_age = \"{:.0f}h\"\n", backup.max_age / 3600);
}

}  // namespace

std::string to_toml(const Discovery& discovery) {
    std::string text;
    std::string places;
    for (const std::string& place : discovery.places)
        places += fmt::format("{}{}", places.empty() ? "" : ", ", place);
    const std::string searched = counted(discovery.directories, "directory", "directories");
    const size_t count = discovery.suggestions.size();
    if (discovery.places.empty())
        add_comment(text, "Nothing was found: no local filesystem is mounted.");
    else if (count == 0)
        add_comment(text, fmt::format("Nothing{} was found in {} of {}.",
                                      discovery.configured > 0 ? " new" : "", searched, places));
    else
        add_comment(
            text,
            fmt::format(
                "{} found in {} of {}. Check each entry, set covers to what it "
                "holds, and delete entries of backups that are no longer made. Save the rest as "
                "/etc/lastgood/conf.d/backups.toml, then run: lastgood config check",
                count == 1 ? "One backup was" : fmt::format("{} backups were", count), searched,
                places));
    if (discovery.configured > 0)
        add_comment(text, fmt::format("{} more {} configured already.", discovery.configured,
                                      discovery.configured == 1 ? "is" : "are"));
    for (const std::string& note : discovery.notes) add_comment(text, note);
    if (count == 0)
        add_comment(text,
                    "Configure a backup that lies elsewhere by hand, or let its job touch a stamp "
                    "file: see lastgood.toml(5).");
    for (const SuggestedBackup& suggestion : discovery.suggestions) add_backup(text, suggestion);
    return text;
}

int run_discover(const Config& config, const std::string& root) {
    const Host host(root);
    const auto topology = Topology::read(host);
    if (!topology) {
        print_error(fmt::format("lastgood: {}", topology.error().message));
        return 3;
    }
    return print_text(to_toml(discover_backups(host, *topology, config))) ? 0 : 3;
}

}  // namespace lastgood
