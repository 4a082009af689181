#include "collectors/data/parse/vzdump_volumes.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace lastgood {

namespace {

constexpr size_t most_volumes = 1000;

// What vzdump itself says; not what a hook or the guest prints.
std::string_view message_of(std::string_view line) {
    constexpr std::string_view mark = "INFO: ";
    const size_t start = line.find(mark);
    return start == line.npos ? std::string_view() : line.substr(start + mark.size());
}

// "'scsi0' 'local:…" and "'efidisk0' (…)": the name in quotes.
std::string_view quoted(std::string_view text) {
    if (!text.starts_with('\'')) return {};
    text.remove_prefix(1);
    return text.substr(0, std::min(text.find('\''), text.size()));
}

// "mp0 ('/data') in backup", behind "volume mount point".
std::string_view mount_point(std::string_view text) {
    constexpr std::string_view mark = "mount point ";
    const size_t start = text.find(mark);
    if (start == text.npos) return {};
    text.remove_prefix(start + mark.size());
    return text.substr(0, std::min(text.find(' '), text.size()));
}

void add(std::set<std::string>& volumes, std::string_view name) {
    if (!name.empty() && volumes.size() < most_volumes) volumes.emplace(name);
}

}  // namespace

VzdumpVolumes parse_vzdump_volumes(std::string_view log) {
    VzdumpVolumes volumes;
    while (!log.empty()) {
        std::string_view line = message_of(trim_end(take_line(log)));
        if (line.starts_with("Finished Backup of VM ")) volumes.finished = true;
        const std::string_view verb = take_until(line, ' ');
        if (verb == "include" && line.starts_with("disk "))
            add(volumes.included, quoted(line.substr(5)));
        else if (verb == "exclude" && line.starts_with("disk "))
            add(volumes.excluded, quoted(line.substr(5)));
        else if (verb == "including")
            add(volumes.included, mount_point(line));
        else if (verb == "excluding")
            add(volumes.excluded, line.starts_with('\'') ? quoted(line) : mount_point(line));
    }
    return volumes;
}

}  // namespace lastgood
