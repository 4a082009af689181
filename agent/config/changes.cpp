#include "agent/config/changes.hpp"

#include <fmt/core.h>

namespace lastgood {

ConfigChanges compare_configs(const Config& running, const Config& read, bool runs_listener,
                              const std::string& restart) {
    ConfigChanges changes;
    const Settings &before = running, &after = read;
    for (const SettingMember& any : all_settings())
        std::visit(
            [&](auto member) {
                if ((before.*member).section == "serve" &&
                    (before.*member).value != (after.*member).value)
                    changes.of_listener = true;
            },
            any);
    if (changes.of_listener && !runs_listener)
        changes.notes.emplace_back(
            "[serve] has changed, which the listener reads when it starts: systemctl restart "
            "lastgood-exporter");
    // Its certificate, key and passwords may have changed, and only root may be able to read them.
    if (runs_listener && protects_listener(read)) changes.of_listener = true;
    for (const auto member : {&Settings::state_directory, &Settings::runtime_directory})
        if ((before.*member).value != (after.*member).value)
            changes.notes.push_back(fmt::format("{} stays {} until the agent is started again: {}",
                                                (before.*member).key, (before.*member).value,
                                                restart));
    const std::string& textfile = running.textfile_path.value;
    if (!textfile.empty() && textfile != read.textfile_path.value)
        changes.notes.push_back(fmt::format(
            "{0} is written no more, but node_exporter reads it while it is there: rm {0}",
            textfile));
    return changes;
}

}  // namespace lastgood
